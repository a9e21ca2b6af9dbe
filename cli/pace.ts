/** Lets progress through ten times a second, so that showing it costs nothing. */
import type { Clock } from '../core/clock.js';

const intervalMs = 100;

export class Pace {
  readonly #clock: Clock;
  readonly #startMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
  }

  due(): boolean {
    const now = this.#clock.monotonicMs();
    if (now - this.#lastMs < intervalMs) return false;
    this.#lastMs = now;
    return true;
  }

  elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#startMs;
  }
}
