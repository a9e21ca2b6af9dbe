import { expect, test } from 'vitest';
import { parseDuration } from '../../../gateway/schedule/duration.js';
import { stableDelayMs } from '../../../gateway/schedule/jitter.js';

test('a delay stays the same for a job, differs between jobs and machines, and spreads over its span', () => {
  const mostMs = parseDuration('10m');
  expect(stableDelayMs('nas', 'photos', mostMs)).toBe(stableDelayMs('nas', 'photos', mostMs));
  const delays = Array.from({ length: 200 }, (_, at) => stableDelayMs(`host-${at}`, 'photos', mostMs));
  expect(new Set(delays).size).toBeGreaterThan(190);
  expect(Math.min(...delays)).toBeLessThan(mostMs / 10);
  expect(Math.max(...delays)).toBeGreaterThan((mostMs * 9) / 10);
  expect(Math.max(...delays)).toBeLessThan(mostMs);
  expect(stableDelayMs('nas', 'photos', 0)).toBe(0);
});

test.each([
  ['90s', 90_000],
  ['2h', 7_200_000],
  ['1w', 604_800_000],
])('%s is a span of time', (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(['', '5', '0m', '1.5h', 'daily', '4000d'])('"%s" is none', (text) => {
  expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'DURATION_MALFORMED' }));
});
