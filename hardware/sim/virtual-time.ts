/**
 * A clock for simulations: time stands still while anything computes and jumps to the next timer
 * when all wait. Hours pass as fast as the processor allows, the same way every time.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, Timer } from '../../core/clock.js';

interface Entry {
  readonly dueMs: number;
  readonly task: () => void;
}

export class VirtualTime implements Clock {
  readonly #startMs: number;
  /** Few at a time: a sorted list is faster than a heap. */
  readonly #entries: Entry[] = [];
  #elapsedMs = 0;

  /** `startMs`: what the wall clock says at the beginning, milliseconds since 1970. */
  constructor(startMs = Date.UTC(2026, 0, 2, 12)) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, task: () => void): Timer {
    const entry: Entry = { dueMs: this.#elapsedMs + Math.max(0, delayMs), task };
    const later = this.#entries.findIndex(({ dueMs }) => dueMs > entry.dueMs);
    this.#entries.splice(later < 0 ? this.#entries.length : later, 0, entry);
    return {
      cancel: () => {
        const at = this.#entries.indexOf(entry);
        if (at >= 0) this.#entries.splice(at, 1);
      },
    };
  }

  /**
   * Lets time pass until `work` settles, and settles as it does.
   * `pace` is awaited before every jump, for those who want to watch.
   */
  async run<T>(work: Promise<T>, pace?: (aheadMs: number) => Promise<void>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    work.then(done, done);
    for (;;) {
      await turn();
      if (settled) return work;
      const entry = this.#entries[0];
      if (entry === undefined) continue;
      if (pace !== undefined && entry.dueMs > this.#elapsedMs) await pace(entry.dueMs - this.#elapsedMs);
      if (this.#entries[0] !== entry) continue;
      this.#entries.shift();
      this.#elapsedMs = entry.dueMs;
      entry.task();
    }
  }
}
