import { describe, expect, test } from 'vitest';
import { parseEvery } from '../../../gateway/schedule/every.js';

const minute = 60_000;

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
});
