/**
 * Motors that stop by themselves: whoever wants them to turn must say so again in time. A loop that
 * hangs in a read, or that ended in a way nobody thought of, leaves them standing.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Motors } from '../../hardware/rover/ports.js';

/** Four turns of the control loop. */
export const deadManMs = 200;

export class DeadMan {
  readonly #motors: Motors;
  readonly #clock: Clock;
  readonly #onExpired: (error?: unknown) => void;
  #timer: Timer | undefined;
  #stopped = false;

  /** `onExpired` is called when nobody spoke in time; the motors have been told to stop then. */
  constructor(motors: Motors, clock: Clock, onExpired: (error?: unknown) => void) {
    this.#motors = motors;
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** After `stop` nothing turns any more, whatever is asked. @throws the motors' errors. */
  async set(left: number, right: number): Promise<void> {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(deadManMs, () => {
      this.#onExpired();
      this.stop().catch(this.#onExpired);
    });
    await this.#motors.set(left, right);
  }

  /** For good. Tried twice, because nothing is worth more. @throws the motors' errors. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    try {
      await this.#motors.set(0, 0);
    } catch {
      await this.#motors.set(0, 0);
    }
  }
}
