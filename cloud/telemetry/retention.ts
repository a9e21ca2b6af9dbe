/** Deletes what is too old, a little at a time, so that clicks never wait for it. */
import { type Clock, sleep } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';

export interface RetentionOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxAgeMs: number;
  /** Each deletes up to `limit` rows older than `beforeMs` and tells how many went. */
  readonly sweepers: readonly ((beforeMs: number, limit: number) => Promise<number>)[];
}

const everyMs = 600_000;
const batchRows = 500;
const betweenBatchesMs = 50;

export class Retention implements Closeable {
  readonly #options: RetentionOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Sweeps now and then every ten minutes. */
  static start(options: RetentionOptions): Retention {
    const self = new Retention(options);
    self.#running = self.#run();
    return self;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#sweep(signal);
      } catch (error) {
        if (!signal.aborted) log.warn('old data cannot be deleted now', { error });
      }
      await sleep(clock, everyMs, signal).catch(() => {});
    }
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const beforeMs = this.#options.clock.now() - this.#options.maxAgeMs;
    for (const sweeper of this.#options.sweepers) {
      while ((await sweeper(beforeMs, batchRows)) >= batchRows) {
        await sleep(this.#options.clock, betweenBatchesMs, signal);
      }
    }
  }
}
