/**
 * One pace for all connections: every grain of bytes waits its turn, first come first served, and
 * turns are spread evenly over time. The rate may change, stop and go on at any moment. Knows
 * nothing of sockets or files.
 */
import type { Clock, Timer } from '../../core/clock.js';
import { interrupted } from '../../core/errors.js';

const largestGrainBytes = 16 * 1024;
const smallestGrainBytes = 512;
const grainMs = 15;
/**
 * Turns missed because the process was busy are made up for: at once, but never more than this much,
 * the turn itself included,
 */
const burstMs = 30;
/** and beyond that slowly, at this much above the rate, */
const overspeed = 1.015;
/** for turns of the last second. Any second has at most 105 %, any five 102.2 %. */
const owedAtMostMs = 1_000;
/** A shorter gap is a reader between two grains; a longer one is idleness, which earns nothing. */
const idleAfterMs = 50;

interface Waiter {
  readonly sizeBytes: number;
  readonly go: () => void;
}

export interface RateLimiterOptions {
  readonly clock: Clock;
  /** Its turn is waited for too, after the own one; its pause is a pause here. */
  readonly parent?: RateLimiter | undefined;
}

export class RateLimiter {
  readonly #clock: Clock;
  readonly #parent: RateLimiter | undefined;
  readonly #queue: Waiter[] = [];
  readonly #listeners = new Set<() => void>();
  #rate: number | undefined;
  #ceiling: number | undefined;
  #paused = false;
  #pauses = 0;
  /** When the next grain may go by the rate, and by the slightly higher one that bounds catching up. */
  #nextTurnMs = Number.NEGATIVE_INFINITY;
  #nextPeakMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  /** `bytesPerSecond` is above zero; undefined is no limit. */
  constructor(bytesPerSecond: number | undefined, options: RateLimiterOptions) {
    this.#rate = bytesPerSecond;
    this.#clock = options.clock;
    this.#parent = options.parent;
  }

  /** What is in force here or further up, bytes per second; undefined without a limit. */
  get bytesPerSecond(): number | undefined {
    return lower(this.#ownRate, this.#parent?.bytesPerSecond);
  }

  get isPaused(): boolean {
    return this.#paused || this.#parent?.isPaused === true;
  }

  /** Grows with every pause, so that a caller can tell whether there was one meanwhile. */
  get pauseCount(): number {
    return this.#pauses + (this.#parent?.pauseCount ?? 0);
  }

  /** No limit and no pause: bytes need not ask. */
  get isOpen(): boolean {
    return !this.isPaused && this.bytesPerSecond === undefined;
  }

  /** The most that is asked for at once: 15 ms worth, from 512 bytes to 16 KiB. */
  get grainBytes(): number {
    const rate = this.bytesPerSecond;
    if (rate === undefined) return largestGrainBytes;
    return Math.max(smallestGrainBytes, Math.min(largestGrainBytes, Math.floor((rate * grainMs) / 1000)));
  }

  get #ownRate(): number | undefined {
    return lower(this.#rate, this.#ceiling);
  }

  /** Takes effect at once, also for those who wait. Undefined is no limit. */
  setRate(bytesPerSecond: number | undefined): void {
    if (bytesPerSecond === this.#rate) return;
    this.#rate = bytesPerSecond;
    this.#changed();
  }

  /** A second limit beside the rate, for whoever yields to others; the lower one counts. */
  setCeiling(bytesPerSecond: number | undefined): void {
    const before = this.#ownRate;
    this.#ceiling = bytesPerSecond;
    if (this.#ownRate !== before) this.#changed();
  }

  /** No byte goes until `resume`. */
  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#pauses += 1;
    this.#changed();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#changed();
  }

  /** Calls `listener` after every change of rate, ceiling or pause. @returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    const stop = this.#parent?.onChange(listener);
    return () => {
      this.#listeners.delete(listener);
      stop?.();
    };
  }

  /** Resolves when there is no pause. @throws INTERRUPTED when `signal` aborts first. */
  running(signal?: AbortSignal): Promise<void> {
    if (!this.isPaused) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(interrupted(signal.reason));
      const done = () => {
        stop();
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        done();
        reject(interrupted(signal?.reason));
      };
      const stop = this.onChange(() => {
        if (this.isPaused) return;
        done();
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /**
   * Resolves when `sizeBytes` (about `grainBytes` at most) may go. A waiter that leaves costs no time.
   * @throws INTERRUPTED when `signal` aborts first.
   */
  async take(sizeBytes: number, signal?: AbortSignal): Promise<void> {
    if (this.#paused || this.#ownRate !== undefined) await this.#turn(sizeBytes, signal);
    await this.#parent?.take(sizeBytes, signal);
  }

  /** Gives back what was taken and not used: whoever waits goes earlier by that much. */
  refund(sizeBytes: number): void {
    const rate = this.#ownRate;
    if (rate !== undefined) {
      const ms = (sizeBytes / rate) * 1000;
      this.#nextTurnMs -= ms;
      this.#nextPeakMs -= ms / overspeed;
      this.#reschedule();
    }
    this.#parent?.refund(sizeBytes);
  }

  #turn(sizeBytes: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(interrupted(signal.reason));
      const onAbort = () => {
        this.#remove(waiter);
        reject(interrupted(signal?.reason));
      };
      const waiter: Waiter = {
        sizeBytes,
        go: () => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      if (this.#queue.length === 0) this.#forgetIdleTime();
      this.#queue.push(waiter);
      if (this.#timer === undefined) this.#serve();
    });
  }

  #forgetIdleTime(): void {
    const now = this.#clock.monotonicMs();
    if (now - this.#nextTurnMs > idleAfterMs && now - this.#nextPeakMs > idleAfterMs) this.#nextTurnMs = now;
  }

  #serve(): void {
    this.#timer = undefined;
    for (let head = this.#queue[0]; head !== undefined && !this.#paused; head = this.#queue[0]) {
      if (!this.#mayGo(head.sizeBytes)) return;
      this.#queue.shift();
      head.go();
    }
  }

  /** Books the turn, or sets the timer for it. */
  #mayGo(sizeBytes: number): boolean {
    const rate = this.#ownRate;
    if (rate === undefined) return true;
    const now = this.#clock.monotonicMs();
    this.#nextTurnMs = Math.max(this.#nextTurnMs, now - owedAtMostMs);
    const ms = (sizeBytes / rate) * 1000;
    this.#nextPeakMs = Math.max(this.#nextPeakMs, now - Math.max(0, burstMs - ms));
    const waitMs = Math.max(this.#nextTurnMs, this.#nextPeakMs) - now;
    if (waitMs > 0) {
      this.#timer = this.#clock.after(waitMs, () => this.#serve());
      return false;
    }
    this.#nextTurnMs += ms;
    this.#nextPeakMs += ms / overspeed;
    return true;
  }

  #changed(): void {
    const now = this.#clock.monotonicMs();
    this.#nextTurnMs = now;
    this.#nextPeakMs = now;
    this.#reschedule();
    for (const listener of [...this.#listeners]) listener();
  }

  #reschedule(): void {
    this.#timer?.cancel();
    this.#serve();
  }

  #remove(waiter: Waiter): void {
    const at = this.#queue.indexOf(waiter);
    if (at >= 0) this.#queue.splice(at, 1);
    if (this.#queue.length > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

function lower(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}
