/** A clock that moves only when told. Timers that fall due run in order, each at its own time. */
import type { Clock, Timer } from '../../core/clock.js';

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly task: () => void;
}

export class FakeClock implements Clock {
  #now: number;
  #monotonic = 0;
  #order = 0;
  #pending: Pending[] = [];

  constructor(startMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#monotonic;
  }

  after(delayMs: number, task: () => void): Timer {
    const entry: Pending = { dueMs: this.#monotonic + Math.max(0, delayMs), order: this.#order++, task };
    this.#pending.push(entry);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((other) => other !== entry);
      },
    };
  }

  /** Timers waiting to run; to assert that nothing was left behind. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /** Moves both scales forward and runs what falls due, including timers set meanwhile. */
  advance(ms: number): void {
    const target = this.#monotonic + ms;
    for (;;) {
      const next = this.#pending
        .filter((entry) => entry.dueMs <= target)
        .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
      if (next === undefined) break;
      this.#pending = this.#pending.filter((entry) => entry !== next);
      this.#moveTo(next.dueMs);
      next.task();
    }
    this.#moveTo(target);
  }

  /** Sets the wall clock without time passing, as NTP does. */
  setWallClock(nowMs: number): void {
    this.#now = nowMs;
  }

  #moveTo(monotonicMs: number): void {
    const step = Math.max(0, monotonicMs - this.#monotonic);
    this.#now += step;
    this.#monotonic += step;
  }
}
