/**
 * The calendar as a snapshot's own clock showed it: the hour, day, ISO week, month and year of the
 * stored time in the zone that it was stored with, whatever zone this machine is in.
 */
import type { KeepDuration, Period } from './policy.js';

export interface ZonedTime {
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint;
  /** What the zone is ahead of UTC; absent for UTC. */
  readonly zoneSeconds?: number;
}

const nanosPerMs = 1_000_000n;
const dayMs = 86_400_000;

/** A number per hour, day, week, month or year: two times have the same when they share it. */
export function periodNumber(period: Period, time: ZonedTime): number {
  const clock = wallClock(time);
  const year = clock.getUTCFullYear();
  const month = year * 100 + clock.getUTCMonth() + 1;
  switch (period) {
    case 'yearly':
      return year;
    case 'monthly':
      return month;
    case 'weekly':
      return isoWeek(clock);
    case 'daily':
      return month * 100 + clock.getUTCDate();
    case 'hourly':
      return (month * 100 + clock.getUTCDate()) * 100 + clock.getUTCHours();
  }
}

/**
 * `duration` before `time`, nanoseconds since 1970. A day that the month lacks runs over into the
 * next month, as in Go: one month before 31 March is 3 March, or 2 March in a leap year.
 */
export function timeBefore(time: ZonedTime, { years, months, days, hours }: KeepDuration): bigint {
  const clock = wallClock(time);
  const shifted = new Date(clock);
  shifted.setUTCFullYear(
    clock.getUTCFullYear() - years,
    clock.getUTCMonth() - months,
    clock.getUTCDate() - days,
  );
  // Far enough back the calendar ends; nothing is older than that.
  if (Number.isNaN(shifted.getTime())) return -(2n ** 63n);
  const movedMs = BigInt(shifted.getTime() - clock.getTime() - hours * 3_600_000);
  return time.timeNs + movedMs * nanosPerMs;
}

/** A date whose UTC fields show the stored zone's clock. */
function wallClock({ timeNs, zoneSeconds = 0 }: ZonedTime): Date {
  return new Date(floorMs(timeNs) + zoneSeconds * 1000);
}

function floorMs(ns: bigint): number {
  const ms = ns / nanosPerMs;
  return Number(ns < 0n && ms * nanosPerMs !== ns ? ms - 1n : ms);
}

/** Year × 100 + week of ISO 8601: weeks begin on Monday and belong to the year of their Thursday. */
function isoWeek(clock: Date): number {
  const weekday = (clock.getUTCDay() + 6) % 7;
  const thursday = new Date(clock.getTime() + (3 - weekday) * dayMs);
  const year = thursday.getUTCFullYear();
  const first = new Date(0);
  first.setUTCFullYear(year, 0, 1);
  return year * 100 + Math.floor((thursday.getTime() - first.getTime()) / (7 * dayMs)) + 1;
}
