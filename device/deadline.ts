/** One wait that may be asked for many times: it falls due once, `delayMs` after it was first asked for. */
import type { Clock, Timer } from '../core/clock.js';

export class Deadline {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #timer: Timer | undefined;
  #due = false;

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** True from its end until `clear`. */
  get due(): boolean {
    return this.#due;
  }

  arm(delayMs: number): void {
    this.#timer ??= this.#clock.after(delayMs, () => this.now(), { background: true });
  }

  /** Ends the wait at once. */
  now(): void {
    this.clear();
    this.#due = true;
    this.#onDue();
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#due = false;
  }
}
