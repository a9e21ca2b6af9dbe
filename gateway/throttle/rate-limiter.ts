/**
 * One pace for all connections: every grain of bytes waits its turn, first come first served, and
 * turns are spread evenly over time. Knows nothing of sockets or files.
 */
import type { Clock, Timer } from '../../core/clock.js';
import { interrupted } from '../../core/errors.js';

const largestGrainBytes = 16 * 1024;
const grainMs = 50;
/** Turns missed because the process was busy are made up for, but never more than this much. */
const catchUpMs = 50;

interface Waiter {
  readonly sizeBytes: number;
  readonly go: () => void;
}

export interface RateLimiterOptions {
  readonly clock: Clock;
}

export class RateLimiter {
  readonly bytesPerSecond: number;
  /** The most that may be asked for at once: 50 ms worth, and never above 16 KiB. */
  readonly grainBytes: number;
  readonly #clock: Clock;
  readonly #queue: Waiter[] = [];
  #nextTurnMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;

  /** `bytesPerSecond` is above zero. */
  constructor(bytesPerSecond: number, options: RateLimiterOptions) {
    this.bytesPerSecond = bytesPerSecond;
    this.grainBytes = Math.max(1, Math.min(largestGrainBytes, Math.floor((bytesPerSecond * grainMs) / 1000)));
    this.#clock = options.clock;
  }

  /**
   * Resolves when `sizeBytes` (at most `grainBytes`) may go. A waiter that leaves costs no time.
   * @throws INTERRUPTED when `signal` aborts first.
   */
  take(sizeBytes: number, signal?: AbortSignal): Promise<void> {
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

  /** Time in which nobody asked earns nothing; a short gap is a reader between two grains. */
  #forgetIdleTime(): void {
    const now = this.#clock.monotonicMs();
    if (now - this.#nextTurnMs > catchUpMs) this.#nextTurnMs = now;
  }

  #serve(): void {
    this.#timer = undefined;
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const now = this.#clock.monotonicMs();
      this.#nextTurnMs = Math.max(this.#nextTurnMs, now - catchUpMs);
      if (this.#nextTurnMs > now) {
        this.#timer = this.#clock.after(this.#nextTurnMs - now, () => this.#serve());
        return;
      }
      this.#queue.shift();
      this.#nextTurnMs += (head.sizeBytes / this.bytesPerSecond) * 1000;
      head.go();
    }
  }

  #remove(waiter: Waiter): void {
    const at = this.#queue.indexOf(waiter);
    if (at >= 0) this.#queue.splice(at, 1);
    if (this.#queue.length > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
