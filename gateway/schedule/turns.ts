/**
 * When a job's turns come. Intervals keep a beat; calendar patterns follow the wall clock of a time
 * zone: an hour that daylight saving leaves out runs right after the gap, one that it repeats runs
 * once. Computes times only; `schedule.ts` waits for them.
 */
import { Cron } from 'croner';
import type { FieldValues } from './fields.js';

/** What `next` answers when no turn will ever come: the last instant that a Date can hold. */
export const neverMs = 8.64e15;

export interface Turns {
  /**
   * The first turn after `nowMs`; `neverMs` when there is none. Intervals keep the beat of `previousMs`,
   * the turn before, and begin at once without one. Times are milliseconds since the epoch.
   */
  next(nowMs: number, previousMs: number | undefined): number;
}

export interface CalendarPattern {
  readonly second: number;
  readonly minute: FieldValues;
  readonly hour: FieldValues;
  /** `last` is the last day of the month. */
  readonly day: FieldValues | 'last';
  readonly month: FieldValues;
  /** Sunday is 0. */
  readonly weekday: FieldValues;
  readonly year: FieldValues;
  /** Day and weekday, when both are given, are alternatives (cron) instead of conditions (systemd). */
  readonly daysAreAlternatives: boolean;
  /** As the schedule's text names it. */
  readonly timeZone?: string;
}

export function intervalTurns(intervalMs: number): Turns {
  return {
    next(nowMs, previousMs) {
      if (previousMs === undefined) return nowMs;
      const missed = Math.max(0, Math.floor((nowMs - previousMs) / intervalMs));
      // A previous turn in the future means that the clock was set back: the beat starts anew.
      return previousMs > nowMs ? nowMs + intervalMs : previousMs + (missed + 1) * intervalMs;
    },
  };
}

/** @param timeZone for patterns that name none, `Europe/Berlin`; the machine's unless told. */
export function calendarTurns(pattern: CalendarPattern, timeZone: string | undefined): Turns {
  const zone = pattern.timeZone ?? timeZone;
  const rule = new Cron(cronText(pattern), {
    paused: true,
    domAndDow: !pattern.daysAreAlternatives,
    ...(zone === undefined ? {} : { timezone: zone }),
  });
  return { next: (nowMs) => rule.nextRun(new Date(nowMs))?.getTime() ?? neverMs };
}

/** For jobs that are run by hand only. */
export const noTurns: Turns = { next: () => neverMs };

/** The same turns, each `delayMs` later; the first turn of an interval still comes at once. */
export function delayed(turns: Turns, delayMs: number): Turns {
  return {
    next(nowMs, previousMs) {
      const before = previousMs === undefined ? undefined : previousMs - delayMs;
      return Math.min(neverMs, turns.next(nowMs - delayMs, before) + delayMs);
    },
  };
}

function cronText(pattern: CalendarPattern): string {
  const fields = [pattern.minute, pattern.hour, pattern.day, pattern.month, pattern.weekday, pattern.year];
  const texts = fields.map((values) => (values === 'last' ? 'L' : (values?.join(',') ?? '*')));
  return [pattern.second, ...texts].join(' ');
}
