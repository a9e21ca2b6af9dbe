/** Alarms on a real database with a real dispatcher, an action that keeps what it was told, and a clock moved by hand. */
import { onTestFinished } from 'vitest';
import type { Action, Invocation } from '../../cloud/actions/action.js';
import { ActionCatalog } from '../../cloud/actions/catalog.js';
import { Dispatcher } from '../../cloud/actions/dispatcher.js';
import { AlarmDesk } from '../../cloud/alarms/alarm-desk.js';
import type { ThingFacts } from '../../cloud/alarms/engine-options.js';
import type { Database } from '../../core/db/database.js';
import { silentLogger } from '../../core/log.js';
import { type AlarmView, alarmRule } from '../../core/wire/alarms.js';
import type { FakeClock } from './fake-clock.js';

interface Told {
  readonly id: string;
  readonly rule: string;
  readonly subject: string;
  readonly state: string;
  readonly reason: string;
  readonly summary?: { readonly changes: number };
}

export class AlarmBench {
  readonly told: readonly Told[];
  readonly changes: readonly AlarmView[];
  readonly clock: FakeClock;
  readonly desk: AlarmDesk;
  readonly #dispatcher: Dispatcher;

  private constructor(
    told: Told[],
    changes: AlarmView[],
    clock: FakeClock,
    dispatcher: Dispatcher,
    desk: AlarmDesk,
  ) {
    this.told = told;
    this.changes = changes;
    this.clock = clock;
    this.#dispatcher = dispatcher;
    this.desk = desk;
  }

  static async open(
    database: Database,
    clock: FakeClock,
    options: { readonly things?: readonly ThingFacts[]; readonly configured?: readonly object[] } = {},
  ): Promise<AlarmBench> {
    const things = options.things ?? [{ thing: 'porch', type: 'sensor', life: null }];
    const told: Told[] = [];
    const action: Action = {
      concurrency: 100,
      invoke: async ({ runId, event }: Invocation) => {
        told.push({ id: runId, ...JSON.parse(event).alarm });
        return { ok: true, log: '' };
      },
      close: async () => {},
    };
    const common = { database, clock, log: silentLogger };
    const dispatcher = await Dispatcher.open({
      ...common,
      actions: new ActionCatalog({ functions: new Map([['tell', action]]), aws: undefined, clock }),
      maxConcurrent: 100,
      retryDelaysMs: [],
      onRun: () => {},
      onSettled: () => {},
    });
    const changes: AlarmView[] = [];
    const desk = await AlarmDesk.open(
      {
        ...common,
        dispatcher,
        factsOf: async (thing) => things.find((one) => one.thing === thing),
        allFacts: async () => [...things],
        thingInfo: async (thing) => ({ deviceInfo: { deviceId: thing } }),
        onAlarm: (alarm) => changes.push(alarm),
      },
      (options.configured ?? []).map((rule) => alarmRule.parse(rule)),
    );
    const bench = new AlarmBench(told, changes, clock, dispatcher, desk);
    onTestFinished(() => bench.close());
    return bench;
  }

  rule(more: object): Promise<unknown> {
    return this.desk.createRule(alarmRule.parse({ name: 'watch', actions: ['tell'], ...more }));
  }

  state(subject = 'porch', rule = 'watch'): string | undefined {
    return this.desk.alarms().find((alarm) => alarm.subject === subject && alarm.rule === rule)?.state;
  }

  /** Moves time on and waits until what it set off is stored and told. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settled();
  }

  async settled(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) {
      await this.desk.engine.settled();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async close(): Promise<void> {
    await this.desk.close();
    await this.#dispatcher.close();
  }
}
