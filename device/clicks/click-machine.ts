/**
 * Turns the edges of one button into SINGLE, DOUBLE and LONG: a pure state machine that neither
 * reads a clock nor sets a timer. Times are milliseconds on one monotonic scale. An edge that is told late,
 * with a time before one that was decided by already, counts as of now: it must not be lost.
 *
 * Debouncing costs no latency: a change is accepted at its first edge, then the line is locked out
 * for `debounceMs` and looked at again. A press that did not last is a glitch and leaves no trace;
 * a release that did not last continues the same click. An accepted release is therefore always
 * that of a press which lasted, and one push never counts twice.
 *
 * Three short pushes are DOUBLE, then SINGLE; a short push followed by a hold is SINGLE, then LONG.
 */
import type { ClickType } from '../../core/wire/messages.js';

export interface ClickOptions {
  /** Lock-out after an accepted change, milliseconds. */
  readonly debounceMs: number;
  /** How long after a release a second press still makes a DOUBLE, milliseconds. */
  readonly doubleMs: number;
  /** How long a press is held until it is a LONG, milliseconds. */
  readonly longMs: number;
  /** False: SINGLE at the release edge itself, never a DOUBLE. */
  readonly double: boolean;
  /** False: however long it is held, it is a SINGLE. */
  readonly long: boolean;
}

export const clickDefaults: ClickOptions = {
  debounceMs: 10,
  doubleMs: 300,
  longMs: 1500,
  double: true,
  long: true,
};

export interface Click {
  readonly clickType: ClickType;
  /** When it was decided, milliseconds on the scale of the edges. */
  readonly atMs: number;
}

interface Press {
  readonly atMs: number;
  /** It has had its click already (LONG fired, or SINGLE at a release that then bounced back). */
  counted: boolean;
}

export class ClickMachine {
  readonly #options: ClickOptions;
  /** Level as last seen, and level as accepted. */
  #seen: 0 | 1 = 0;
  #accepted: 0 | 1 = 0;
  #acceptedAtMs = Number.NEGATIVE_INFINITY;
  /** The latest time told; what is decided by then stays decided. */
  #nowMs = Number.NEGATIVE_INFINITY;
  #lockedUntilMs: number | undefined;
  /** The push under way, kept through the lock-out after its release in case that bounces back. */
  #press: Press | undefined;
  /** A first short push waits until then for a second one. */
  #singleDueMs: number | undefined;
  /** Puts the push back that an accepted release ended, should that release not last. */
  #undoRelease: (() => void) | undefined;
  #clicks: Click[] = [];

  constructor(options: ClickOptions) {
    // Nothing may be decided before the lock-out has shown whether the change lasted.
    const doubleMs = Math.max(options.doubleMs, options.debounceMs);
    const longMs = Math.max(options.longMs, options.debounceMs);
    this.#options = { ...options, doubleMs, longMs };
  }

  /** Takes an edge and returns the clicks decided up to and at it, oldest first. */
  edge(level: 0 | 1, toldMs: number): readonly Click[] {
    const atMs = Math.max(toldMs, this.#nowMs);
    this.#runDue(atMs);
    this.#seen = level;
    if (level !== this.#accepted && atMs - this.#acceptedAtMs >= this.#options.debounceMs) {
      this.#accept(level, atMs);
    }
    return this.#take();
  }

  /** Lets time pass and returns the clicks decided by it. */
  advance(nowMs: number): readonly Click[] {
    this.#runDue(nowMs);
    return this.#take();
  }

  /** When `advance` has something to do next; undefined when only an edge can change anything. */
  get nextDueMs(): number | undefined {
    const due = [this.#lockedUntilMs, this.#longDueMs(), this.#pendingSingleDueMs()];
    const set = due.filter((value) => value !== undefined);
    return set.length === 0 ? undefined : Math.min(...set);
  }

  #runDue(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    for (let due = this.nextDueMs; due !== undefined && due <= nowMs; due = this.nextDueMs) {
      if (due === this.#lockedUntilMs) this.#lookAgain(due);
      else if (due === this.#longDueMs()) this.#fireLong(due);
      else this.#fireSingle(due);
    }
  }

  #accept(level: 0 | 1, atMs: number): void {
    this.#accepted = level;
    this.#acceptedAtMs = atMs;
    this.#lockedUntilMs = atMs + this.#options.debounceMs;
    if (level === 1) this.#press = { atMs, counted: false };
    else this.#release(atMs);
  }

  /** The lock-out is over: a change that did not last is taken back. */
  #lookAgain(atMs: number): void {
    this.#lockedUntilMs = undefined;
    const undoRelease = this.#undoRelease;
    this.#undoRelease = undefined;
    if (this.#seen === this.#accepted) return;
    this.#accepted = this.#seen;
    if (this.#accepted === 1) undoRelease?.();
    else this.#dropGlitch(atMs);
  }

  #dropGlitch(atMs: number): void {
    this.#press = undefined;
    // The wait for a second press may have run out while this one still looked like it.
    if (this.#singleDueMs !== undefined && this.#singleDueMs <= atMs) this.#fireSingle(atMs);
  }

  #release(atMs: number): void {
    const press = this.#press;
    this.#press = undefined;
    if (press === undefined) return;
    const singleDueMs = this.#singleDueMs;
    if (!press.counted) this.#countShort(press, atMs);
    this.#undoRelease = () => {
      this.#press = press;
      // Nothing fired yet: the first push goes on, so the wait for a second has not begun.
      if (!press.counted) this.#singleDueMs = singleDueMs;
    };
  }

  #countShort(press: Press, atMs: number): void {
    if (this.#options.double && this.#singleDueMs === undefined) {
      this.#singleDueMs = atMs + this.#options.doubleMs;
      return;
    }
    this.#emit(this.#singleDueMs === undefined ? 'SINGLE' : 'DOUBLE', atMs);
    this.#singleDueMs = undefined;
    press.counted = true;
  }

  #fireLong(atMs: number): void {
    if (this.#singleDueMs !== undefined) this.#fireSingle(atMs);
    this.#emit('LONG', atMs);
    if (this.#press !== undefined) this.#press.counted = true;
  }

  #fireSingle(atMs: number): void {
    this.#singleDueMs = undefined;
    this.#emit('SINGLE', atMs);
  }

  #longDueMs(): number | undefined {
    const press = this.#press;
    if (!this.#options.long || press === undefined || press.counted) return undefined;
    return press.atMs + this.#options.longMs;
  }

  /** While a second press is down its release, its length or its being a glitch decides instead. */
  #pendingSingleDueMs(): number | undefined {
    return this.#press === undefined ? this.#singleDueMs : undefined;
  }

  #emit(clickType: ClickType, atMs: number): void {
    this.#clicks.push({ clickType, atMs });
  }

  #take(): readonly Click[] {
    const clicks = this.#clicks;
    this.#clicks = [];
    return clicks;
  }
}
