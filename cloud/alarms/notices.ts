/**
 * Stores changes of alarms with what they set off: the change, its line in the history and the runs that
 * tell of it are one transaction, and a run's id follows from the alarm and the number of its change. So a
 * change is told once, also when the backend dies in between.
 */
import { type Clock, sleep } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { AlarmRule, AlarmState } from '../../core/wire/alarms.js';
import type { Dispatcher } from '../actions/dispatcher.js';
import type { Submit } from '../actions/run-intake.js';
import { GroupCommit } from '../db/group-commit.js';
import { type NewChange, writeChange } from './alarm-store.js';
import { adviceFor } from './reasons.js';

/** What an event says of the thing, in the members that the event of a press has. */
export interface ThingInfo {
  readonly deviceInfo: object;
  /** Absent when the thing has no placement. */
  readonly placementInfo?: object;
}

export interface Notice extends NewChange {
  readonly rule: AlarmRule;
  /** Undefined for an alarm of an action. */
  readonly thing: string | undefined;
  /** For what was withheld before. */
  readonly summary?: { readonly changes: number; readonly sinceMs: number };
}

export interface NoticesOptions {
  readonly dispatcher: Pick<Dispatcher, 'transact'>;
  readonly thingInfo: (thing: string) => Promise<ThingInfo | undefined>;
  readonly clock: Clock;
  readonly log: Logger;
}

const retryMs = 5_000;

export class Notices implements Closeable {
  readonly #options: NoticesOptions;
  readonly #stop = new AbortController();
  readonly #commits: GroupCommit<Notice, undefined>;
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: NoticesOptions) {
    this.#options = options;
    this.#commits = new GroupCommit((notices: readonly Notice[]) => this.#commit(notices));
  }

  /** Stored, and told, as soon as it can be; a full disk is waited for. */
  add(notice: Notice): void {
    const work = this.#store(notice).finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }

  /** Resolves when all that was added is stored. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.settled();
    await this.#commits.close();
  }

  async #store(notice: Notice): Promise<void> {
    for (;;) {
      try {
        await this.#commits.add(notice);
        return;
      } catch (error) {
        this.#options.log.error('cannot store the change of an alarm', { rule: notice.rule.name, error });
      }
      try {
        await sleep(this.#options.clock, retryMs, this.#stop.signal);
      } catch {
        return;
      }
    }
  }

  async #commit(notices: readonly Notice[]): Promise<undefined[]> {
    const infos = new Map<string, ThingInfo | undefined>();
    for (const { thing, notified } of notices) {
      if (thing === undefined || !notified || infos.has(thing)) continue;
      infos.set(thing, await this.#options.thingInfo(thing));
    }
    await this.#options.dispatcher.transact(async (tx, submit) => {
      for (const notice of notices) {
        await writeChange(tx, notice);
        if (notice.notified) await tell(submit, notice, infos.get(notice.thing ?? ''));
      }
    });
    return notices.map(() => undefined);
  }
}

async function tell(submit: Submit, notice: Notice, info: ThingInfo | undefined): Promise<void> {
  const { rule, alarm, thing } = notice;
  const event = JSON.stringify(eventOf(notice, info));
  const id = `${alarm.rule}/${alarm.subject}/${alarm.changes}`;
  const source = { kind: 'alarm', id } as const;
  await submit(rule.actions.map((target) => ({ source, thing: thing ?? null, target, event })));
}

/** What the action gets; documented in docs/alarms.md. */
function eventOf(notice: Notice, info: ThingInfo | undefined): object {
  const { rule, alarm, from, atMs, summary } = notice;
  const state: AlarmState = alarm.state;
  return {
    version: 1,
    time: new Date(atMs).toISOString(),
    alarm: {
      rule: alarm.rule,
      kind: rule.when.kind,
      subject: alarm.subject,
      state,
      previousState: from,
      since: new Date(alarm.sinceMs).toISOString(),
      reason: alarm.reason,
      advice: adviceFor(rule.when, state),
      ...(summary && {
        summary: { changes: summary.changes, since: new Date(summary.sinceMs).toISOString() },
      }),
    },
    ...info,
  };
}
