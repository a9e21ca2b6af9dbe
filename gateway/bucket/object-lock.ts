/**
 * A repository's bucket whose objects cannot be deleted for some days after they were written. The
 * repository's locks are not held: they come and go.
 */
import type { Clock } from '../../core/clock.js';
import type { Bucket, ObjectAddress, PutOptions, PutStreamOptions } from './bucket.js';
import { ForwardingBucket } from './forwarding.js';
import type { LockMode } from './versions.js';

const dayMs = 86_400_000;

export interface LockRule {
  readonly mode: LockMode;
  readonly days: number;
}

/** Keys that a lock never holds. */
export function isLockable(key: string): boolean {
  return !key.startsWith('locks/');
}

/** The time until which something is locked that is written or extended now, milliseconds since 1970. */
export function lockedUntilMs({ days }: LockRule, nowMs: number): number {
  return nowMs + days * dayMs;
}

export class ObjectLockBucket extends ForwardingBucket {
  readonly #rule: LockRule;
  readonly #clock: Clock;

  /** Closing it closes `inner`. */
  constructor(inner: Bucket, rule: LockRule, clock: Clock) {
    super(inner);
    this.#rule = rule;
    this.#clock = clock;
  }

  override put(key: string, content: Uint8Array, options?: PutOptions): Promise<void> {
    return super.put(key, content, this.#held(key, options));
  }

  override putFile(key: string, filePath: string, sizeBytes: number, options?: PutOptions): Promise<void> {
    return super.putFile(key, filePath, sizeBytes, this.#held(key, options));
  }

  override putStream(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options?: PutStreamOptions,
  ): Promise<number> {
    return super.putStream(key, content, this.#held(key, options));
  }

  override copyFrom(source: ObjectAddress, key: string, options?: PutOptions): Promise<boolean> {
    return super.copyFrom(source, key, this.#held(key, options));
  }

  #held<T extends PutOptions>(key: string, options: T | undefined): T | undefined {
    if (!isLockable(key)) return options;
    const untilMs = lockedUntilMs(this.#rule, this.#clock.now());
    return { ...options, retention: { mode: this.#rule.mode, untilMs } } as unknown as T;
  }
}
