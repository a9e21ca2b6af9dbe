/**
 * What the contact of a real push button does to its line: it chatters for 2 to 3 ms when it closes
 * and when it opens, in pulses of a few hundred microseconds. The same seed gives the same signal.
 */
import type { Level } from '../ports.js';
import type { Pattern, PatternStep } from './simulated-chip.js';

export interface PressOptions {
  /** True, the usual wiring, when the pressed button pulls the line low. */
  readonly activeLow?: boolean;
  readonly seed?: number;
}

const shortPressMs = 80;
const doubleGapMs = 120;

/** One short press of about 80 ms; ends released. */
export function singlePress(options: PressOptions = {}): Pattern {
  return new Contact(options).press(0, shortPressMs).pattern;
}

/** Two short presses with about 120 ms between release and press; ends released. */
export function doublePress(options: PressOptions = {}): Pattern {
  return new Contact(options).press(0, shortPressMs).press(doubleGapMs, shortPressMs).pattern;
}

/** One press held for `holdMs`, bounces included; ends released. `holdMs` is at least 10. */
export function longPress(holdMs: number, options: PressOptions = {}): Pattern {
  return new Contact(options).press(0, holdMs).pattern;
}

class Contact {
  readonly pattern: PatternStep[] = [];
  readonly #pressed: Level;
  readonly #random: () => number;

  constructor({ activeLow = true, seed = 1 }: PressOptions) {
    this.#pressed = activeLow ? 0 : 1;
    this.#random = randomNumbers(seed);
  }

  press(pauseMs: number, holdMs: number): this {
    const bouncedMs = this.#settle(pauseMs, this.#pressed);
    this.#settle(Math.max(0, holdMs - bouncedMs), this.#pressed === 1 ? 0 : 1);
    return this;
  }

  /** After `delayMs` goes to `level`, with bounces; returns how long the bouncing lasted. */
  #settle(delayMs: number, level: Level): number {
    const other: Level = level === 1 ? 0 : 1;
    const limitMs = 2 + this.#random();
    this.pattern.push({ afterMs: delayMs, level });
    let spentMs = 0;
    for (;;) {
      const openMs = 0.1 + 0.4 * this.#random();
      const closedMs = 0.1 + 0.4 * this.#random();
      if (spentMs + openMs + closedMs > limitMs) return spentMs;
      this.pattern.push({ afterMs: openMs, level: other }, { afterMs: closedMs, level });
      spentMs += openMs + closedMs;
    }
  }
}

/** Numbers from 0 to below 1 by a linear congruence modulo 2^32; evenly spread is all that is asked. */
function randomNumbers(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
