/**
 * How long and how often failed calls to one bucket are repeated. Waits grow twofold with full
 * jitter, and are never shorter than the server asked for. Until the bucket has answered once the
 * patience is short, so that a mistyped endpoint shows at once; after that an outage of minutes is
 * sat out. All calls share a store of tokens, one per repetition, so that many workers together do
 * not hammer a bucket that fails.
 */
import { type Clock, sleep } from '../../core/clock.js';
import { GatehouseError } from '../../core/errors.js';
import { type Logger, silentLogger } from '../../core/log.js';

export interface RetryOptions {
  readonly clock: Clock;
  readonly log?: Logger;
  /** Upper bound of the first wait. */
  readonly baseDelayMs?: number;
  /** Upper bound of every wait that the server does not ask for. */
  readonly maxDelayMs?: number;
  /** Once the bucket has answered: the most that one call waits between its attempts, all in all. */
  readonly budgetMs?: number;
  /** Before it has: no attempt begins so long after the first one. */
  readonly firstBudgetMs?: number;
  /** From 0 up to 1. */
  readonly random?: () => number;
}

/** Repetitions that may follow at once; then one per `tokenMs`, and one for every few successes. */
const mostTokens = 10;
const tokenMs = 1_000;
const tokensPerSuccess = 0.2;

/** `orThrow` waits before the next attempt, or throws the error when there shall be none. */
export interface Attempts {
  orThrow(error: unknown): Promise<void>;
  /** Something was achieved: patience begins anew. */
  progress(): void;
}

export class RetryBudget {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #options: Required<Omit<RetryOptions, 'clock' | 'log'>>;
  /** Errors on which patience was spent already, by a request inside of the call. */
  readonly #spent = new WeakSet<Error>();
  #answered = false;
  #tokens = mostTokens;
  #tokensAtMs: number;

  constructor(options: RetryOptions) {
    this.#clock = options.clock;
    this.#log = options.log ?? silentLogger;
    this.#options = {
      baseDelayMs: options.baseDelayMs ?? 500,
      maxDelayMs: options.maxDelayMs ?? 30_000,
      budgetMs: options.budgetMs ?? 15 * 60_000,
      firstBudgetMs: options.firstBudgetMs ?? 10_000,
      random: options.random ?? Math.random,
    };
    this.#tokensAtMs = options.clock.monotonicMs();
  }

  /** The bucket has done what was asked. */
  answered(): void {
    this.#answered = true;
    this.#tokens = Math.min(mostTokens, this.#tokens + tokensPerSuccess);
  }

  async retry<T>(call: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const attempts = this.attempts(call, signal);
    for (;;) {
      try {
        const result = await work();
        this.answered();
        return result;
      } catch (error) {
        await attempts.orThrow(error);
      }
    }
  }

  attempts(call: string, signal: AbortSignal | undefined): Attempts {
    const { budgetMs, firstBudgetMs } = this.#options;
    const startedMs = this.#clock.monotonicMs();
    let failures = 0;
    let waitedMs = 0;
    return {
      orThrow: async (error) => {
        if (!(error instanceof GatehouseError) || !error.retryable || this.#spent.has(error)) throw error;
        const delayMs = Math.max(this.#delayMs(failures, error), this.#takeToken());
        const elapsedMs = this.#clock.monotonicMs() - startedMs;
        // A pack on a slow line takes long by itself; only waiting counts then.
        const isSpent = this.#answered ? waitedMs + delayMs > budgetMs : elapsedMs + delayMs > firstBudgetMs;
        if (isSpent) {
          this.#spent.add(error);
          throw error;
        }
        failures += 1;
        waitedMs += delayMs;
        const details = { call, failures, delayMs: Math.round(delayMs), error };
        this.#log.warn('bucket failed, trying again', details);
        await sleep(this.#clock, delayMs, signal);
      },
      progress: () => {
        failures = 0;
        waitedMs = 0;
      },
    };
  }

  #delayMs(failures: number, error: GatehouseError): number {
    const { baseDelayMs, maxDelayMs, random } = this.#options;
    const { retryAfterMs } = error.context;
    const jitterMs = random() * Math.min(maxDelayMs, baseDelayMs * 2 ** failures);
    // Spread also what the server set, or all who were refused at once come back at once.
    return typeof retryAfterMs === 'number' ? retryAfterMs + random() * baseDelayMs : jitterMs;
  }

  /** Takes a token, on credit if need be. @returns the wait until it is there. */
  #takeToken(): number {
    const now = this.#clock.monotonicMs();
    this.#tokens = Math.min(mostTokens, this.#tokens + (now - this.#tokensAtMs) / tokenMs);
    this.#tokensAtMs = now;
    this.#tokens -= 1;
    return Math.max(0, -this.#tokens * tokenMs);
  }
}
