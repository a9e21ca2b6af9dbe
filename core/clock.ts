/**
 * Time, injected. Only this file reads clocks or sets timers; everything else takes a `Clock`,
 * so that tests can move time by hand.
 */
import { interrupted } from './errors.js';

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall-clock time, milliseconds since the Unix epoch. May jump when the clock is set. */
  now(): number;
  /** Milliseconds with sub-millisecond fraction from an arbitrary start; never goes backwards. */
  monotonicMs(): number;
  /** Runs `task` once after `delayMs`. The timer does not keep the process alive if `background`. */
  after(delayMs: number, task: () => void, options?: { background?: boolean }): Timer;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, task, options) {
    const handle = setTimeout(task, delayMs);
    if (options?.background) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/**
 * Resolves after `delayMs` by `clock`.
 * @throws INTERRUPTED when `signal` aborts first.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(interrupted(signal.reason));
    const onAbort = () => {
      timer.cancel();
      reject(interrupted(signal?.reason));
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Resolves as `work` does, or with `onTimeout()` after `limitMs`. `work` itself is not stopped.
 * @throws whatever `work` or `onTimeout` throws.
 */
export async function withTimeout<T>(
  clock: Clock,
  limitMs: number,
  work: Promise<T>,
  onTimeout: () => T,
): Promise<T> {
  let timer: Timer | undefined;
  const limit = new Promise<T>((resolve, reject) => {
    timer = clock.after(limitMs, () => {
      try {
        resolve(onTimeout());
      } catch (error) {
        reject(error);
      }
    });
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    timer?.cancel();
  }
}

interface Limited {
  readonly dueMs: number;
  readonly expire: () => void;
}

/** `withTimeout` for many waits of the same length at once: one timer for all of them. */
export class SharedTimeout {
  readonly #clock: Clock;
  readonly #limitMs: number;
  /** In the order in which they fall due. */
  readonly #waiting = new Set<Limited>();
  #timer: Timer | undefined;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** Settles as `work` does, or rejects with `fault()` when the limit is over. `work` itself is not stopped. */
  race<T>(work: Promise<T>, fault: () => Error): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const expire = () => reject(fault());
      const limited: Limited = { dueMs: this.#clock.monotonicMs() + this.#limitMs, expire };
      this.#waiting.add(limited);
      this.#timer ??= this.#watch(this.#limitMs);
      work.then(
        (value) => {
          this.#waiting.delete(limited);
          resolve(value);
        },
        (error: unknown) => {
          this.#waiting.delete(limited);
          reject(error);
        },
      );
    });
  }

  #watch(delayMs: number): Timer {
    return this.#clock.after(delayMs, () => this.#expire(), { background: true });
  }

  #expire(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (const limited of this.#waiting) {
      if (limited.dueMs > nowMs) {
        this.#timer = this.#watch(limited.dueMs - nowMs);
        return;
      }
      this.#waiting.delete(limited);
      limited.expire();
    }
  }
}
