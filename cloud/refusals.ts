/**
 * What was refused, counted by where and why, so that nothing that is turned away goes unnoticed; and how
 * often that may be logged, so that whoever sends nonsense cannot fill the disk with our complaints.
 */
import type { Clock } from '../core/clock.js';

export type RefusalPlace = 'click' | 'telemetry' | 'status' | 'mqtt' | 'http';

export interface RefusalCount {
  readonly place: RefusalPlace;
  readonly reason: string;
  readonly count: number;
  readonly lastAt: string;
}

interface Tally {
  readonly place: RefusalPlace;
  readonly reason: string;
  count: number;
  lastMs: number;
  minuteMs: number;
  inMinute: number;
}

/** Reasons are our own words; should one hold a device's, the rest goes under this. */
const maxReasons = 200;
const other = 'another reason';
const loggedPerMinute = 10;
const minuteMs = 60_000;

export class Refusals {
  readonly #clock: Clock;
  readonly #tallies = new Map<string, Tally>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True when it is worth a line in the log: ten times a minute for each reason. */
  count(place: RefusalPlace, reason: string): boolean {
    const tally = this.#tallyOf(place, reason);
    const nowMs = this.#clock.monotonicMs();
    tally.count++;
    tally.lastMs = this.#clock.now();
    if (nowMs - tally.minuteMs >= minuteMs) {
      tally.minuteMs = nowMs;
      tally.inMinute = 0;
    }
    return ++tally.inMinute <= loggedPerMinute;
  }

  /** Most frequent first. */
  list(): RefusalCount[] {
    return [...this.#tallies.values()]
      .sort((a, b) => b.count - a.count)
      .map(({ place, reason, count, lastMs }) => ({
        place,
        reason,
        count,
        lastAt: new Date(lastMs).toISOString(),
      }));
  }

  #tallyOf(place: RefusalPlace, reason: string): Tally {
    const key = `${place}/${reason}`;
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    if (this.#tallies.size >= maxReasons && reason !== other) return this.#tallyOf(place, other);
    const made = { place, reason, count: 0, lastMs: 0, minuteMs: this.#clock.monotonicMs(), inMinute: 0 };
    this.#tallies.set(key, made);
    return made;
  }
}
