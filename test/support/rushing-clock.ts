/** A fake clock that runs ahead by itself to the next timer, so that waits end at once but take their time on the clock. */
import type { Timer } from '../../core/clock.js';
import { FakeClock } from './fake-clock.js';

export class RushingClock extends FakeClock {
  override after(delayMs: number, task: () => void): Timer {
    const dueMs = this.monotonicMs() + delayMs;
    const timer = super.after(delayMs, task);
    setImmediate(() => this.advance(Math.max(0, dueMs - this.monotonicMs())));
    return timer;
  }
}
