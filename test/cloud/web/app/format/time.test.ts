import { describe, expect, test } from 'vitest';
import {
  clockTime,
  dayHeading,
  durationText,
  relativeTime,
  timeSince,
} from '../../../../../cloud/web/app/format/time.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
/** Noon in the zone of the machine, so that the tests hold in every zone. */
const now = new Date(2026, 2, 18, 12, 0, 0).getTime();

describe('relative times', () => {
  test.each([
    [0, 'just now'],
    [-9 * second, 'just now'],
    [-10 * second, '10 seconds ago'],
    [-59_999, '59 seconds ago'],
    [-minute, '1 minute ago'],
    [-12.9 * minute, '12 minutes ago'],
    [-hour, '1 hour ago'],
    [-23.9 * hour, '23 hours ago'],
    [-day, '1 day ago'],
    [-6.9 * day, '6 days ago'],
    [5 * second, 'in a moment'],
    [30 * minute, 'in 30 minutes'],
    [3 * hour, 'in 3 hours'],
  ])('an offset of %i ms is "%s"', (offsetMs, text) => {
    expect(relativeTime(now + offsetMs, now, 'en-GB')).toBe(text);
  });

  test('beyond a week the date stands instead', () => {
    expect(relativeTime(now - 8 * day, now, 'en-GB')).toBe('10 Mar 2026');
  });

  test('what has happened is never in the future, even when a clock runs ahead', () => {
    expect(timeSince(now + 4 * minute, now)).toBe('just now');
  });
});

test('clock times follow the locale', () => {
  expect(clockTime(new Date(2026, 0, 2, 14, 3, 22).getTime(), 'de')).toBe('14:03:22');
  expect(clockTime(new Date(2026, 0, 2, 14, 3, 22).getTime(), 'en-US', false)).toMatch(/^2:03\sPM$/);
});

test('days have names near today and a date further away, by calendar and not by 24 hours', () => {
  const earlyToday = new Date(2026, 2, 18, 0, 0, 0).getTime();
  expect(dayHeading(earlyToday, now)).toBe('Today');
  expect(dayHeading(earlyToday - 1, now)).toBe('Yesterday');
  expect(dayHeading(now - 3 * day, now, 'en-GB')).toMatch(/^Sunday,? 15 March$/);
});

test.each([
  [0, '0 ms'],
  [84.4, '84 ms'],
  [1_349, '1.3 s'],
  [59_999, '59.9 s'],
  [60_000, '1 min'],
  [250_000, '4 min 10 s'],
  [2 * hour + 5 * minute, '2 h 5 min'],
])('a duration of %d ms is "%s"', (durationMs, text) => {
  expect(durationText(durationMs, 'en')).toBe(text);
});
