import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { nextChangeMs, parseOneWay, parseTimetable, ratesAt } from '../../../gateway/throttle/timetable.js';

const kibi = 1024;
/** Local time; Monday is 2026-01-05. */
const at = (text: string) => new Date(text).getTime();

describe('a timetable of rates', () => {
  test('may be one rate, off, or a pair, which always holds', () => {
    expect(ratesAt(parseTimetable('300k'), 0)).toEqual({ upload: 300 * kibi });
    expect(ratesAt(parseTimetable('off'), 0)).toEqual({ upload: undefined });
    expect(ratesAt(parseTimetable('10M:1M'), 0)).toEqual({ upload: 10 * kibi ** 2, download: kibi ** 2 });
    expect(ratesAt(parseTimetable('off:64k'), 0)).toEqual({ upload: undefined, download: 64 * kibi });
    expect(nextChangeMs(parseTimetable('300k'), 0)).toBeUndefined();
  });

  test('by hour holds every day, and the evening before the first slot of the morning', () => {
    const table = parseTimetable('08:00,512k 19:00,10M 23:00,off');
    expect(ratesAt(table, at('2026-01-05T07:59:59'))).toEqual({ upload: undefined });
    expect(ratesAt(table, at('2026-01-05T08:00'))).toEqual({ upload: 512 * kibi });
    expect(ratesAt(table, at('2026-01-07T22:59'))).toEqual({ upload: 10 * kibi ** 2 });
    expect(nextChangeMs(table, at('2026-01-05T08:00:30'))).toBe(at('2026-01-05T19:00'));
  });

  test('by weekday holds until the next slot of the week', () => {
    const table = parseTimetable('Mon-08:00,300k Saturday-00:00,off');
    expect(ratesAt(table, at('2026-01-05T07:59'))).toEqual({ upload: undefined });
    expect(ratesAt(table, at('2026-01-09T23:59'))).toEqual({ upload: 300 * kibi });
    expect(ratesAt(table, at('2026-01-11T12:00'))).toEqual({ upload: undefined });
    expect(nextChangeMs(table, at('2026-01-10T00:00'))).toBe(at('2026-01-12T08:00'));
  });

  test('lets a slot of one day win over the same time of all days', () => {
    const table = parseTimetable('Sun-08:00,off 08:00,100k');
    expect(ratesAt(table, at('2026-01-11T09:00'))).toEqual({ upload: undefined });
    expect(ratesAt(table, at('2026-01-12T09:00'))).toEqual({ upload: 100 * kibi });
  });

  test('follows the clock on the wall over both changes of the year', () => {
    const program = `
      import { nextChangeMs, parseTimetable, ratesAt } from './dist/gateway/throttle/timetable.js';
      const table = parseTimetable('02:30,1k 04:00,2k');
      const spring = Date.UTC(2026, 2, 29, 0, 50), autumn = Date.UTC(2026, 9, 25, 0, 0);
      const show = (ms) => new Date(ms).toISOString();
      console.log(JSON.stringify([show(nextChangeMs(table, spring)), ratesAt(table, Date.UTC(2026, 2, 29, 1, 0)).upload,
        show(nextChangeMs(table, autumn)), ratesAt(table, Date.UTC(2026, 9, 25, 1, 40)).upload]));`;
    const env = { ...process.env, TZ: 'Europe/Berlin' };
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { env });
    // In spring 02:30 is skipped: what it says begins at 03:00. In autumn the first 02:30 counts.
    expect(JSON.parse(String(out))).toEqual([
      '2026-03-29T01:00:00.000Z',
      1024,
      '2026-10-25T00:30:00.000Z',
      1024,
    ]);
  });

  test.each([
    ['', '"" is not a transfer rate.'],
    ['fast', '"fast" is not a transfer rate.'],
    ['10M:', '"" at character 5 of "10M:" is not a transfer rate.'],
    ['08:00,512k 25:00,1M', '"25:00" at character 12 of "08:00,512k 25:00,1M" is not a time such as'],
    ['08:00,512k 19:00', '"19:00" at character 12 of "08:00,512k 19:00" is not a time, a comma and a rate.'],
    ['Mom-08:00,1M', '"Mom-08:00" at character 1 of'],
    ['08:00,1M 09:00,zwei', '"zwei" at character 16 of'],
  ])('"%s" is refused where it is wrong', (text, message) => {
    expect(() => parseTimetable(text)).toThrow(
      expect.objectContaining({ code: 'RATE_MALFORMED', message: expect.stringContaining(message) }),
    );
  });

  test('for one direction refuses a pair', () => {
    expect(() => parseOneWay('08:00,1M:2M')).toThrow(/one direction/);
    expect(ratesAt(parseOneWay('08:00,1M'), 0).upload).toBe(kibi ** 2);
  });
});
