import { describe, expect, test } from 'vitest';
import { nextTurn, parseEvery } from '../../../gateway/schedule/every.js';

const minute = 60_000;
const at = (text: string) => new Date(text).getTime();

describe('how often', () => {
  test('is an interval or a time of day', () => {
    expect(parseEvery('15m')).toEqual({ kind: 'interval', intervalMs: 15 * minute });
    expect(parseEvery('1h')).toEqual({ kind: 'interval', intervalMs: 60 * minute });
    expect(parseEvery(' 2d ')).toEqual({ kind: 'interval', intervalMs: 48 * 60 * minute });
    expect(parseEvery('daily 02:30')).toEqual({ kind: 'daily', hour: 2, minute: 30 });
    expect(parseEvery('daily 2:05')).toEqual({ kind: 'daily', hour: 2, minute: 5 });
  });

  test.each(['', '0m', '15', '15s', '1.5h', '400d', 'daily', 'daily 24:00', 'daily 12:60', 'weekly'])(
    '"%s" is refused',
    (text) => {
      expect(() => parseEvery(text)).toThrow(expect.objectContaining({ code: 'EVERY_MALFORMED' }));
    },
  );

  test('an interval begins at once, keeps its beat and leaves missed turns out', () => {
    const every = parseEvery('15m');
    expect(nextTurn(every, 1_000, undefined)).toBe(1_000);
    expect(nextTurn(every, 1_000, 1_000)).toBe(1_000 + 15 * minute);
    expect(nextTurn(every, 1_000 + 40 * minute, 1_000)).toBe(1_000 + 45 * minute);
    expect(nextTurn(every, 1_000, 900 * minute)).toBe(1_000 + 15 * minute);
  });

  test('a time of day comes today or tomorrow, never now', () => {
    const every = parseEvery('daily 02:30');
    expect(nextTurn(every, at('2026-01-02T01:00:00'), undefined)).toBe(at('2026-01-02T02:30:00'));
    expect(nextTurn(every, at('2026-01-02T02:30:00'), undefined)).toBe(at('2026-01-03T02:30:00'));
    expect(nextTurn(every, at('2026-01-31T12:00:00'), undefined)).toBe(at('2026-02-01T02:30:00'));
  });
});
