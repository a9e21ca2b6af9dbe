/**
 * A bucket that repeats what failed, when the error says of itself that it is retryable. Waits grow
 * twofold with full jitter. Until the bucket has answered once the patience is short, so that a
 * mistyped endpoint shows at once; after that an outage of minutes is sat out.
 */
import type { Readable } from 'node:stream';
import { type Clock, sleep } from '../../core/clock.js';
import { GatehouseError } from '../../core/errors.js';
import { type Logger, silentLogger } from '../../core/log.js';
import type { Bucket, BucketEntry, CallOptions } from './bucket.js';

export interface RetryOptions {
  readonly clock: Clock;
  readonly log?: Logger;
  /** Upper bound of the first wait. */
  readonly baseDelayMs?: number;
  /** Upper bound of every wait. */
  readonly maxDelayMs?: number;
  /** Once the bucket has answered: the most that one call waits between its attempts, all in all. */
  readonly budgetMs?: number;
  /** Before it has: no attempt begins so long after the first one. */
  readonly firstBudgetMs?: number;
  /** From 0 up to 1. */
  readonly random?: () => number;
}

export class RetryingBucket implements Bucket {
  readonly #inner: Bucket;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #options: Required<Omit<RetryOptions, 'clock' | 'log'>>;
  #answered = false;

  /** Closing it closes `inner`. */
  constructor(inner: Bucket, options: RetryOptions) {
    this.#inner = inner;
    this.#clock = options.clock;
    this.#log = options.log ?? silentLogger;
    this.#options = {
      baseDelayMs: options.baseDelayMs ?? 500,
      maxDelayMs: options.maxDelayMs ?? 30_000,
      budgetMs: options.budgetMs ?? 15 * 60_000,
      firstBudgetMs: options.firstBudgetMs ?? 10_000,
      random: options.random ?? Math.random,
    };
  }

  get location(): string {
    return this.#inner.location;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  prepare(options?: CallOptions): Promise<void> {
    return this.#retry('prepare', options, () => this.#inner.prepare(options));
  }

  put(key: string, content: Uint8Array, options?: CallOptions): Promise<void> {
    return this.#retry('put', options, () => this.#inner.put(key, content, options));
  }

  putFile(key: string, filePath: string, sizeBytes: number, options?: CallOptions): Promise<void> {
    return this.#retry('put', options, () => this.#inner.putFile(key, filePath, sizeBytes, options));
  }

  get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    return this.#retry('get', options, () => this.#inner.get(key, options));
  }

  getRange(
    key: string,
    offset: number,
    length: number,
    options?: CallOptions,
  ): Promise<Uint8Array | undefined> {
    return this.#retry('get', options, () => this.#inner.getRange(key, offset, length, options));
  }

  /** Opening is repeated; a stream that breaks later fails, since its reader has had a part. */
  getStream(key: string, options?: CallOptions): Promise<Readable | undefined> {
    return this.#retry('get', options, () => this.#inner.getStream(key, options));
  }

  stat(key: string, options?: CallOptions): Promise<number | undefined> {
    return this.#retry('stat', options, () => this.#inner.stat(key, options));
  }

  delete(key: string, options?: CallOptions): Promise<void> {
    return this.#retry('delete', options, () => this.#inner.delete(key, options));
  }

  /** A listing that breaks begins anew; what was handed out already is passed over. */
  async *list(prefix: string, options?: CallOptions): AsyncGenerator<BucketEntry> {
    const given = new Set<string>();
    const attempts = this.#attempts('list', options);
    for (;;) {
      try {
        for await (const entry of this.#inner.list(prefix, options)) {
          if (given.has(entry.key)) continue;
          given.add(entry.key);
          attempts.progress();
          yield entry;
        }
        this.#answered = true;
        return;
      } catch (error) {
        await attempts.orThrow(error);
      }
    }
  }

  async #retry<T>(call: string, options: CallOptions | undefined, work: () => Promise<T>): Promise<T> {
    const attempts = this.#attempts(call, options);
    for (;;) {
      try {
        const result = await work();
        this.#answered = true;
        return result;
      } catch (error) {
        await attempts.orThrow(error);
      }
    }
  }

  /** `orThrow` waits before the next attempt, or throws the error when there shall be none. */
  #attempts(call: string, options: CallOptions | undefined) {
    const { baseDelayMs, maxDelayMs, budgetMs, firstBudgetMs, random } = this.#options;
    const startedMs = this.#clock.monotonicMs();
    let failures = 0;
    let waitedMs = 0;
    return {
      orThrow: async (error: unknown): Promise<void> => {
        if (!(error instanceof GatehouseError) || !error.retryable) throw error;
        const delayMs = random() * Math.min(maxDelayMs, baseDelayMs * 2 ** failures);
        const elapsedMs = this.#clock.monotonicMs() - startedMs;
        // A pack on a slow line takes long by itself; only waiting counts then.
        const isSpent = this.#answered ? waitedMs + delayMs > budgetMs : elapsedMs + delayMs > firstBudgetMs;
        if (isSpent) throw error;
        failures += 1;
        waitedMs += delayMs;
        this.#log.warn('bucket failed, trying again', {
          call,
          failures,
          delayMs: Math.round(delayMs),
          error,
        });
        await sleep(this.#clock, delayMs, options?.signal);
      },
      progress: (): void => {
        failures = 0;
        waitedMs = 0;
      },
    };
  }
}
