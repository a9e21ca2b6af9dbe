import { describe, expect, test } from 'vitest';
import { delayed, neverMs } from '../../../gateway/schedule/turns.js';
import { parseWhen } from '../../../gateway/schedule/when.js';

const minute = 60_000;
const zone = 'Europe/Berlin';

/** The turns after `from`, in local time of Berlin without seconds. */
function turns(text: string, from: string, count = 3): string[] {
  const rule = parseWhen(text, zone);
  const found: string[] = [];
  let ms = Date.parse(from);
  for (let i = 0; i < count; i++) {
    ms = rule.next(ms, ms);
    const local = new Date(ms).toLocaleString('sv-SE', { timeZone: zone });
    found.push(local.endsWith(':00') ? local.slice(0, -3) : local);
  }
  return found;
}

describe('when a job runs', () => {
  test('an interval begins at once, keeps its beat and leaves missed turns out', () => {
    const every = parseWhen('15m');
    expect(every.next(1_000, undefined)).toBe(1_000);
    expect(every.next(1_000, 1_000)).toBe(1_000 + 15 * minute);
    expect(every.next(1_000 + 40 * minute, 1_000)).toBe(1_000 + 45 * minute);
    expect(every.next(1_000, 900 * minute)).toBe(1_000 + 15 * minute);
  });

  test('a time of day comes today or tomorrow, never now', () => {
    const daily = parseWhen('daily 02:30');
    const at = (text: string) => new Date(text).getTime();
    expect(daily.next(at('2026-01-02T01:00:00'), undefined)).toBe(at('2026-01-02T02:30:00'));
    expect(daily.next(at('2026-01-02T02:30:00'), undefined)).toBe(at('2026-01-03T02:30:00'));
    expect(daily.next(at('2026-01-31T12:00:00'), undefined)).toBe(at('2026-02-01T02:30:00'));
  });

  test.each([
    ['30 2 * * *', ['2026-01-01 02:30', '2026-01-02 02:30', '2026-01-03 02:30']],
    ['0 22 * * mon-FRI', ['2026-01-01 22:00', '2026-01-02 22:00', '2026-01-05 22:00']],
    ['*/20 4-5 1 * *', ['2026-01-01 04:00', '2026-01-01 04:20', '2026-01-01 04:40']],
    ['5/20 4 * jan,Mar 7', ['2026-01-04 04:05', '2026-01-04 04:25', '2026-01-04 04:45']],
    ['0 4 13 * fri', ['2026-01-02 04:00', '2026-01-09 04:00', '2026-01-13 04:00']],
    ['@weekly', ['2026-01-04 00:00', '2026-01-11 00:00', '2026-01-18 00:00']],
    ['hourly', ['2026-01-01 02:00', '2026-01-01 03:00', '2026-01-01 04:00']],
    ['daily', ['2026-01-02 00:00', '2026-01-03 00:00', '2026-01-04 00:00']],
    ['weekly', ['2026-01-05 00:00', '2026-01-12 00:00', '2026-01-19 00:00']],
    ['quarterly', ['2026-04-01 00:00', '2026-07-01 00:00', '2026-10-01 00:00']],
    ['Mon..Fri 02:30', ['2026-01-01 02:30', '2026-01-02 02:30', '2026-01-05 02:30']],
    ['Sat,Sun 4:00', ['2026-01-03 04:00', '2026-01-04 04:00', '2026-01-10 04:00']],
    ['Fri..Mon 4:00', ['2026-01-02 04:00', '2026-01-03 04:00', '2026-01-04 04:00']],
    ['*-*-01 03:00', ['2026-01-01 03:00', '2026-02-01 03:00', '2026-03-01 03:00']],
    ['Sat *-*-1..7 04:00', ['2026-01-03 04:00', '2026-02-07 04:00', '2026-03-07 04:00']],
    ['*-*~01 23:00', ['2026-01-31 23:00', '2026-02-28 23:00', '2026-03-31 23:00']],
    ['*:0/30', ['2026-01-01 01:30', '2026-01-01 02:00', '2026-01-01 02:30']],
    ['12-24 18:00:30', ['2026-12-24 18:00:30', '2027-12-24 18:00:30', '2028-12-24 18:00:30']],
    ['Thu', ['2026-01-08 00:00', '2026-01-15 00:00', '2026-01-22 00:00']],
    ['2027-05-* 06:00 UTC', ['2027-05-01 08:00', '2027-05-02 08:00', '2027-05-03 08:00']],
  ])('%s', (text, expected) => {
    expect(turns(text, '2026-01-01T00:00:00Z')).toEqual(expected);
  });

  test.each([
    ['', 1, 'empty'],
    ['60 2 * * *', 1, 'the minute 60'],
    ['30 2 * * Mon-Foo', 14, '"Foo" is no weekday'],
    ['30 5-2 * * *', 4, 'runs backwards'],
    ['*/0 * * * *', 3, 'a step'],
    ['@reboot', 1, 'none of @hourly'],
    ['Mon..Fri 25:30', 10, 'the hour 25'],
    ['Mon..Fri 02:61', 13, 'the minute 61'],
    ['Mond 02:30', 1, '"Mond" is no weekday'],
    ['*-13-01 03:00', 3, 'the month 13'],
    ['*-*~03 03:00', 4, 'only the last day'],
    ['02:30 Mon', 7, '"Mon" is no weekday, date, time or time zone here'],
    ['02:30:*', 7, 'no single second'],
    ['sometimes', 1, '"sometimes"'],
    ['1,,2 * * * *', 3, 'a minute is missing'],
  ])('"%s" is refused at character %i', (text, at, why) => {
    expect(() => parseWhen(text)).toThrow(
      expect.objectContaining({
        code: 'SCHEDULE_MALFORMED',
        message: expect.stringMatching(new RegExp(`at character ${at}: .*${why.replace('*', '\\*')}`)),
      }),
    );
  });

  test('an hour that daylight saving leaves out runs right after the gap, one that it repeats once', () => {
    expect(turns('30 2 * * *', '2026-03-28T12:00:00Z')).toEqual([
      '2026-03-29 03:00',
      '2026-03-30 02:30',
      '2026-03-31 02:30',
    ]);
    const autumn = parseWhen('daily 02:30', zone);
    const first = autumn.next(Date.parse('2026-10-24T12:00:00Z'), undefined);
    expect(new Date(first).toISOString()).toBe('2026-10-25T00:30:00.000Z');
    expect(new Date(autumn.next(first, first)).toISOString()).toBe('2026-10-26T01:30:00.000Z');
  });

  test('a day that never comes has no turn', () => {
    expect(parseWhen('0 0 30 2 *').next(0, undefined)).toBe(neverMs);
    expect(delayed(parseWhen('2001-*-* 00:00'), minute).next(Date.UTC(2026, 0), undefined)).toBe(neverMs);
  });

  test('a delay puts every turn off, but not the first one of an interval', () => {
    const daily = delayed(parseWhen('02:30', 'UTC'), 7 * minute);
    expect(new Date(daily.next(Date.UTC(2026, 0, 1, 2, 33), undefined)).toISOString()).toBe(
      '2026-01-01T02:37:00.000Z',
    );
    expect(new Date(daily.next(Date.UTC(2026, 0, 1, 2, 37), undefined)).toISOString()).toBe(
      '2026-01-02T02:37:00.000Z',
    );
    const hourly = delayed(parseWhen('1h'), 7 * minute);
    expect(hourly.next(1_000, undefined)).toBe(1_000);
    expect(hourly.next(1_000, 1_000)).toBe(1_000 + 60 * minute);
  });
});
