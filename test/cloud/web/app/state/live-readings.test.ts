import { expect, test } from 'vitest';
import { LiveReadings, liveWindowMs, type Point } from '../../../../../cloud/web/app/state/live-readings.js';

const stored = (ms: number): Point => [ms, 1, 1, 1];

test('readings are kept in the order of their times, whatever the order of their arrival', () => {
  const readings = new LiveReadings();
  for (const ms of [3_000, 1_000, 2_000]) readings.append('a', ms, ms);
  expect(readings.points('a').map(([ms]) => ms)).toEqual([1_000, 2_000, 3_000]);
});

test('a reading that comes twice is kept once', () => {
  const readings = new LiveReadings();
  readings.append('a', 1_000, 1);
  readings.append('a', 1_000, 1);
  expect(readings.points('a')).toEqual([[1_000, 1, 1, 1]]);
});

test('stored points take the place of older readings and newer ones continue them', () => {
  const readings = new LiveReadings();
  for (const ms of [1_000, 2_000, 3_000]) readings.append('a', ms, 9);
  readings.seed('a', [stored(500), stored(2_500)]);
  expect(readings.points('a').map(([ms]) => ms)).toEqual([500, 2_500, 3_000]);
});

test('what has left the window is forgotten', () => {
  const readings = new LiveReadings();
  readings.append('a', 0, 1);
  readings.append('a', liveWindowMs + 1, 1);
  expect(readings.points('a')).toHaveLength(1);
});

test('a listener hears of its own series until it unsubscribes', () => {
  const readings = new LiveReadings();
  let calls = 0;
  const unsubscribe = readings.subscribe('a', () => {
    calls += 1;
  });
  readings.append('a', 1, 1);
  readings.append('b', 1, 1);
  unsubscribe();
  readings.append('a', 2, 1);
  expect(calls).toBe(1);
});
