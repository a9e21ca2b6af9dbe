/**
 * A token bucket per address. Remembers a bounded number of addresses, the longest unseen goes first;
 * one that is forgotten starts with a full bucket.
 */
import type { Clock } from '../../core/clock.js';

export interface RateLimitOptions {
  readonly clock: Clock;
  /** Calls that may come at once. */
  readonly burst: number;
  /** One more call is granted after each of these. */
  readonly refillMs: number;
  readonly maxAddresses: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** 0 when the call may go on, otherwise the milliseconds to wait. */
  take(address: string): number {
    const { clock, burst, refillMs } = this.#options;
    const nowMs = clock.monotonicMs();
    const bucket = this.#buckets.get(address) ?? { tokens: burst, atMs: nowMs };
    const tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.atMs) / refillMs);
    const granted = tokens >= 1;
    this.#remember(address, { tokens: granted ? tokens - 1 : tokens, atMs: nowMs });
    return granted ? 0 : Math.ceil((1 - tokens) * refillMs);
  }

  #remember(address: string, bucket: Bucket): void {
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (this.#buckets.size <= this.#options.maxAddresses) return;
    const oldest = this.#buckets.keys().next().value;
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
