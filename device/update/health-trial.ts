/**
 * A new version proves itself: connected and its outbox draining, for the stated time without a break.
 * Then it stays. If it does not get that far, the launcher takes it back.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { InstallFolder, UpdateState } from './install-folder.js';

export interface Health {
  readonly connected: boolean;
  /** Messages that wait to be sent. */
  readonly waiting: number;
}

export interface HealthTrialOptions {
  readonly folder: InstallFolder;
  readonly state: UpdateState;
  readonly health: () => Health;
  readonly clock: Clock;
  readonly log: Logger;
}

const checkMs = 1_000;
/** Messages that wait for so long without becoming fewer do not drain. */
const drainLimitMs = 30_000;

export class HealthTrial implements Closeable {
  readonly #options: HealthTrialOptions;
  readonly #settled: () => void;
  /** Resolves when it has stood the trial, or was closed. */
  readonly settled: Promise<void>;
  #timer: Timer | undefined;
  #wellSinceMs: number | undefined;
  #waiting = 0;
  #drainedAtMs: number;
  #closed = false;

  private constructor(options: HealthTrialOptions) {
    this.#options = options;
    this.#drainedAtMs = options.clock.monotonicMs();
    let settle: () => void = () => {};
    this.settled = new Promise((resolve) => {
      settle = resolve;
    });
    this.#settled = settle;
  }

  static start(options: HealthTrialOptions): HealthTrial {
    const trial = new HealthTrial(options);
    const { version, healthSeconds } = options.state;
    options.log.info('on trial', { version, healthSeconds });
    trial.#plan();
    return trial;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#settled();
  }

  #plan(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.after(checkMs, () => void this.#check(), { background: true });
  }

  /** Never rejects. */
  async #check(): Promise<void> {
    const { clock, folder, log, state } = this.#options;
    const nowMs = clock.monotonicMs();
    if (!this.#isWell(nowMs)) this.#wellSinceMs = undefined;
    else this.#wellSinceMs ??= nowMs;
    const wellForMs = this.#wellSinceMs === undefined ? 0 : nowMs - this.#wellSinceMs;
    if (wellForMs < state.healthSeconds * 1_000) {
      this.#plan();
      return;
    }
    try {
      await folder.writeState({ ...state, phase: 'committed' });
      log.info('the new version stays', { version: state.version });
      this.#settled();
      await folder.prune([state.version, state.previous]);
    } catch (error) {
      log.error('the new version cannot be kept', { error });
      this.#plan();
    }
  }

  #isWell(nowMs: number): boolean {
    const { connected, waiting } = this.#options.health();
    if (waiting === 0 || waiting < this.#waiting) this.#drainedAtMs = nowMs;
    this.#waiting = waiting;
    return connected && nowMs - this.#drainedAtMs < drainLimitMs;
  }
}
