import { describe, expect, test } from 'vitest';
import { parseRate } from '../../../gateway/throttle/rate.js';

describe('a transfer rate', () => {
  test.each([
    ['500', 512_000],
    ['1', 1_024],
    ['300k', 307_200],
    ['2M', 2_097_152],
    ['1.5m', 1_572_864],
    ['1G', 1_073_741_824],
    [' 64K ', 65_536],
  ])('"%s" is %i bytes per second', (text, bytesPerSecond) => {
    expect(parseRate(text)).toBe(bytesPerSecond);
  });

  test.each(['', '0', '0k', '-1', 'fast', '2MB', '1e3', '0.0001', '9999999999999G', '2 M'])(
    '"%s" is refused',
    (text) => {
      expect(() => parseRate(text)).toThrow(
        expect.objectContaining({ code: 'RATE_MALFORMED', hint: expect.stringContaining('300k') }),
      );
    },
  );
});
