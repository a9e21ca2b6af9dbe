/** Which alarms look at which thing, series and action, so that a message finds them at once. */
import type { AlarmRule } from '../../core/wire/alarms.js';
import type { Alarm } from './alarm.js';
import { type ActionWatch, concernsSeries, newThingWatch, type ThingWatch } from './watches.js';

export interface WatchedThing {
  readonly watch: ThingWatch;
  /** Undefined until the registry was asked. */
  type: string | undefined;
  readonly alarms: Alarm[];
  /** Those that a message of any kind may change. */
  heard: Alarm[];
  connection: Alarm[];
  life: Alarm[];
  /** By series, filled as series are heard. */
  readonly bySeries: Map<string, Alarm[]>;
}

export interface WatchedAction {
  readonly watch: ActionWatch;
  readonly alarms: Alarm[];
}

export class WatchBook {
  readonly #things = new Map<string, WatchedThing>();
  readonly #actions = new Map<string, WatchedAction>();

  get things(): ReadonlyMap<string, WatchedThing> {
    return this.#things;
  }

  thing(name: string): WatchedThing | undefined {
    return this.#things.get(name);
  }

  addThing(name: string, nowMs: number): WatchedThing {
    const known = this.#things.get(name);
    if (known !== undefined) return known;
    const watch = newThingWatch(name, nowMs);
    const made = {
      watch,
      type: undefined,
      alarms: [],
      heard: [],
      connection: [],
      life: [],
      bySeries: new Map(),
    };
    this.#things.set(name, made);
    return made;
  }

  action(name: string): WatchedAction | undefined {
    return this.#actions.get(name);
  }

  addAction(name: string): WatchedAction {
    const known = this.#actions.get(name);
    if (known !== undefined) return known;
    const made: WatchedAction = { watch: { inRow: 0, failedMs: [] }, alarms: [] };
    this.#actions.set(name, made);
    return made;
  }

  add(alarm: Alarm): void {
    if (alarm.thing === undefined) {
      this.addAction(alarm.subject).alarms.push(alarm);
      return;
    }
    const thing = this.#things.get(alarm.subject);
    thing?.alarms.push(alarm);
    if (thing !== undefined) sort(thing);
  }

  /** Takes the alarms of a rule out and hands them back. */
  remove(rule: AlarmRule): Alarm[] {
    const taken: Alarm[] = [];
    for (const watched of [...this.#things.values(), ...this.#actions.values()]) {
      for (let at = watched.alarms.length - 1; at >= 0; at--) {
        if (watched.alarms[at]?.rule === rule) taken.push(...watched.alarms.splice(at, 1));
      }
      if ('heard' in watched) sort(watched);
    }
    return taken;
  }

  *alarms(): Generator<Alarm> {
    for (const { alarms } of this.#things.values()) yield* alarms;
    for (const { alarms } of this.#actions.values()) yield* alarms;
  }

  ofSeries(thing: WatchedThing, series: string): readonly Alarm[] {
    const known = thing.bySeries.get(series);
    if (known !== undefined) return known;
    const found = thing.alarms.filter(({ rule }) => concernsSeries(rule.when, series));
    thing.bySeries.set(series, found);
    return found;
  }
}

function sort(thing: WatchedThing): void {
  const of = (kind: Alarm['rule']['when']['kind']) =>
    thing.alarms.filter(({ rule }) => rule.when.kind === kind);
  thing.heard = of('silent').filter(
    ({ rule }) => rule.when.kind === 'silent' && rule.when.series === undefined,
  );
  thing.connection = of('offline');
  thing.life = of('life');
  thing.bySeries.clear();
}

/** Whether a rule about things watches this one. */
export function applies(rule: AlarmRule, watched: WatchedThing): boolean {
  if (rule.thing !== undefined) return rule.thing === watched.watch.thing;
  return watched.type !== undefined && (rule.type === undefined || rule.type === watched.type);
}
