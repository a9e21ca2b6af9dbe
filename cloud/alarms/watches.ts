/**
 * What is known of each thing and action, as far as alarms need it, and whether that is what a rule watches
 * for. Only what this process has seen and measured by the monotonic clock counts: a device that was not
 * heard because the backend was down was not silent, and a clock that is set changes nothing.
 */
import type { AlarmCondition, AlarmState } from '../../core/wire/alarms.js';
import type { Truth } from './standing.js';

export interface SeriesWatch {
  heardMs: number;
  /** Undefined until the first reading after a start. */
  value: number | undefined;
}

export interface ThingWatch {
  readonly thing: string;
  /** Of the last message, or of the start. */
  heardMs: number;
  /** Undefined while connected. */
  offlineSinceMs: number | undefined;
  /** Percent; undefined when not known or not counted. */
  life: number | undefined;
  readonly series: Map<string, SeriesWatch>;
}

export interface ActionWatch {
  /** Runs that failed since the last that did not. */
  inRow: number;
  /** When runs failed, oldest first; as many as the largest rule asks for. */
  readonly failedMs: number[];
}

/** A connection that is back within that time was not away. */
export const flapMs = 5_000;
/** What was about to become an alarm when the backend stopped gets so long to be heard after it starts. */
const graceMs = 60_000;

export function newThingWatch(thing: string, nowMs: number): ThingWatch {
  return { thing, heardMs: nowMs, offlineSinceMs: nowMs, life: undefined, series: new Map() };
}

export interface Finding {
  readonly truth: Truth;
  /** When to look again though nothing new was heard. */
  readonly dueMs: number | undefined;
}

export function lookAt(
  when: AlarmCondition,
  watch: { readonly thing?: ThingWatch; readonly action?: ActionWatch },
  state: AlarmState,
  nowMs: number,
): Finding {
  const { thing, action } = watch;
  switch (when.kind) {
    case 'silent': {
      const heard = when.series === undefined ? thing : thing?.series.get(when.series);
      return overdue(heard?.heardMs ?? nowMs, when.forMs / 2, when.forMs, nowMs);
    }
    case 'offline':
      if (thing?.offlineSinceMs === undefined) return found('good');
      return overdue(thing.offlineSinceMs, flapMs, Math.max(flapMs, when.forMs), nowMs);
    case 'life':
      return found(below(thing?.life, when.below, when.clearAt ?? Math.min(100, when.below + 5), state));
    case 'battery':
      return found(below(batteryOf(thing, when.series), when.below, when.clearAt ?? when.below, state));
    case 'range':
      return found(outside(thing?.series.get(when.series)?.value, when, state));
    case 'failing':
      return failures(when, action, nowMs);
  }
}

export function holdMsOf(when: AlarmCondition): number {
  return when.kind === 'range' ? when.forMs : 0;
}

/** Whether a reading of that series may change an alarm with that condition. */
export function concernsSeries(when: AlarmCondition, series: string): boolean {
  if (when.kind === 'battery') return when.series === undefined ? isBattery(series) : when.series === series;
  return (when.kind === 'range' || when.kind === 'silent') && when.series === series;
}

/** How long the cause has lasted; for keeping over a restart. */
export function elapsedOf(
  when: AlarmCondition,
  thing: ThingWatch | undefined,
  markMs: number | undefined,
  nowMs: number,
): number {
  if (when.kind === 'silent') {
    const heard = when.series === undefined ? thing : thing?.series.get(when.series);
    return Math.round(nowMs - (heard?.heardMs ?? nowMs));
  }
  if (when.kind === 'offline') return Math.round(nowMs - (thing?.offlineSinceMs ?? nowMs));
  return markMs === undefined ? 0 : Math.round(nowMs - markMs);
}

/** What a sentence about the alarm names. */
export function valuesOf(
  when: AlarmCondition,
  { thing, action }: { readonly thing?: ThingWatch; readonly action?: ActionWatch },
  nowMs: number,
): { value: number | undefined; failures: number } {
  switch (when.kind) {
    case 'life':
      return { value: thing?.life, failures: 0 };
    case 'battery':
      return { value: batteryOf(thing, when.series), failures: 0 };
    case 'range':
      return { value: thing?.series.get(when.series)?.value, failures: 0 };
    case 'failing':
      return {
        value: undefined,
        failures:
          when.withinMs === undefined ? (action?.inRow ?? 0) : recentOf(action, nowMs - when.withinMs).length,
      };
    default:
      return { value: undefined, failures: 0 };
  }
}

/** What the action did before; `outcomes` are newest first, with wall-clock times. */
export function recallRuns(
  watch: ActionWatch,
  outcomes: readonly { readonly failed: boolean; readonly endedMs: number }[],
  nowMs: number,
  wallMs: number,
): void {
  const firstGood = outcomes.findIndex(({ failed }) => !failed);
  watch.inRow = firstGood === -1 ? outcomes.length : firstGood;
  for (const { failed, endedMs } of outcomes.toReversed()) {
    if (failed) watch.failedMs.push(nowMs - Math.max(0, wallMs - endedMs));
  }
}

/** Puts a watch back to where it stood when the backend stopped. */
export function recall(
  when: AlarmCondition,
  thing: ThingWatch,
  kept: { readonly state: AlarmState; readonly elapsedMs: number },
  nowMs: number,
): void {
  if (kept.state === 'OK' || (when.kind !== 'silent' && when.kind !== 'offline')) return;
  const latest = when.forMs - Math.min(graceMs, when.forMs / 2);
  // One more, so that rounding does not take it back below where it had got to.
  const lasted = kept.state === 'ALARM' ? when.forMs : Math.min(kept.elapsedMs + 1, latest);
  if (when.kind === 'offline') {
    thing.offlineSinceMs = Math.min(thing.offlineSinceMs ?? nowMs, nowMs - lasted);
    return;
  }
  if (when.series === undefined) {
    thing.heardMs = Math.min(thing.heardMs, nowMs - lasted);
    return;
  }
  const series = seriesOf(thing, when.series, nowMs);
  series.heardMs = Math.min(series.heardMs, nowMs - lasted);
}

export function seriesOf(thing: ThingWatch, name: string, nowMs: number): SeriesWatch {
  const known = thing.series.get(name);
  if (known !== undefined) return known;
  const made: SeriesWatch = { heardMs: nowMs, value: undefined };
  thing.series.set(name, made);
  return made;
}

function found(truth: Truth): Finding {
  return { truth, dueMs: undefined };
}

function overdue(sinceMs: number, nearMs: number, badMs: number, nowMs: number): Finding {
  const lasted = nowMs - sinceMs;
  if (lasted >= badMs) return found('bad');
  if (lasted >= nearMs) return { truth: 'near', dueMs: sinceMs + badMs };
  return { truth: 'good', dueMs: sinceMs + nearMs };
}

/** Without a value (after a start) things are as they were. */
function unknownIn(state: AlarmState): Truth {
  return state === 'PENDING' ? 'bad' : 'between';
}

function below(value: number | undefined, limit: number, clearAt: number, state: AlarmState): Truth {
  if (value === undefined) return unknownIn(state);
  if (value < limit) return 'bad';
  return value >= clearAt ? 'good' : 'between';
}

function outside(
  value: number | undefined,
  {
    min,
    max,
    margin,
  }: { readonly min?: number | undefined; readonly max?: number | undefined; readonly margin: number },
  state: AlarmState,
): Truth {
  if (value === undefined) return unknownIn(state);
  const low = min ?? Number.NEGATIVE_INFINITY;
  const high = max ?? Number.POSITIVE_INFINITY;
  if (value < low || value > high) return 'bad';
  return value >= low + margin && value <= high - margin ? 'good' : 'between';
}

function batteryOf(thing: ThingWatch | undefined, series: string | undefined): number | undefined {
  if (series !== undefined) return thing?.series.get(series)?.value;
  let least: number | undefined;
  for (const [name, { value }] of thing?.series ?? []) {
    if (isBattery(name) && value !== undefined) least = Math.min(least ?? value, value);
  }
  return least;
}

function isBattery(series: string): boolean {
  return series.split('.').includes('battery');
}

function failures(
  when: Extract<AlarmCondition, { kind: 'failing' }>,
  action: ActionWatch | undefined,
  nowMs: number,
): Finding {
  if (action === undefined) return found('between');
  if (when.withinMs === undefined) {
    if (action.inRow >= when.failures) return found('bad');
    return found(action.inRow > 0 ? 'near' : 'good');
  }
  const recent = recentOf(action, nowMs - when.withinMs);
  const dueMs = recent[0] === undefined ? undefined : recent[0] + when.withinMs;
  if (recent.length >= when.failures) return { truth: 'bad', dueMs };
  return { truth: recent.length > 0 ? 'near' : 'good', dueMs };
}

function recentOf(action: ActionWatch | undefined, fromMs: number): number[] {
  return action?.failedMs.filter((atMs) => atMs > fromMs) ?? [];
}
