/**
 * Says what the outbox lost or could not write: to the cloud as `reported.outbox` of the shadow, and to
 * `gatehouse doctor`, which reads the file beside a running agent.
 */
import { existsSync } from 'node:fs';
import type { Clock, Timer } from '../core/clock.js';
import { openDatabase } from '../core/db/open.js';
import type { Closeable } from '../core/lifecycle.js';
import type { Outbox } from './outbox.js';
import { type OutboxTotals, outboxMigrations, readTotals } from './outbox-store.js';
import type { DesiredState } from './shadow/desired-state.js';

const everyMs = 60_000;

export class OutboxReport implements Closeable {
  readonly #outbox: Outbox;
  readonly #state: DesiredState;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  private constructor(outbox: Outbox, state: DesiredState, clock: Clock) {
    this.#outbox = outbox;
    this.#state = state;
    this.#clock = clock;
  }

  /** Now and every minute; what has not changed is not sent. */
  static start(outbox: Outbox, state: DesiredState, clock: Clock): OutboxReport {
    const report = new OutboxReport(outbox, state, clock);
    report.#say();
    return report;
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
  }

  #say(): void {
    const { dropped, heldClicks } = this.#outbox.totals;
    this.#state.report('outbox', { dropped, heldClicks });
    this.#timer = this.#clock.after(everyMs, () => this.#say(), { background: true });
  }
}

/** What an agent's outbox holds on disk; undefined when there is none. @throws the database's errors. */
export async function inspectOutbox(filePath: string): Promise<OutboxTotals | undefined> {
  if (!existsSync(filePath)) return undefined;
  const database = await openDatabase({ filePath }, outboxMigrations);
  try {
    return await readTotals(database);
  } finally {
    await database.close();
  }
}
