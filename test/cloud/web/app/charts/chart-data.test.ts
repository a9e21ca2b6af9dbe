import { expect, test } from 'vitest';
import { extremes, toColumns, verticalRange } from '../../../../../cloud/web/app/charts/chart-data.js';
import { displayUnit } from '../../../../../cloud/web/app/format/units.js';
import type { Point } from '../../../../../cloud/web/app/state/live-readings.js';

const pascal = displayUnit('Pa');

function at(...seconds: number[]): Point[] {
  return seconds.map((second) => [second * 1_000, 100_000, 99_000, 101_000]);
}

test('columns hold seconds and displayed units', () => {
  expect(toColumns(at(10), 1_000, pascal)).toEqual([[10], [1_000], [990], [1_010]]);
});

test('a missing stretch becomes one row of nulls in its middle', () => {
  const [times, means] = toColumns(at(1, 2, 3, 9, 10), 1_000, pascal);
  expect(times).toEqual([1, 2, 3, 6, 9, 10]);
  expect(means[3]).toBeNull();
});

test('a sensor that measures once a minute has no gaps although the buckets are seconds', () => {
  const [times] = toColumns(at(0, 60, 120, 181), 1_000, pascal);
  expect(times).toHaveLength(4);
});

test('a bucket that is missing once in a while is a gap only beyond two and a half buckets', () => {
  expect(toColumns(at(0, 300, 900), 300_000, pascal)[0]).toHaveLength(3);
  expect(toColumns(at(0, 300, 1_200), 300_000, pascal)[0]).toHaveLength(4);
});

test('extremes are those of minimum and maximum, not of the mean', () => {
  expect(extremes(at(1, 2))).toEqual({ low: 99_000, high: 101_000 });
  expect(extremes([])).toBeUndefined();
});

test('the range has air around the values and never zooms into noise', () => {
  expect(verticalRange(10, 20, 2)).toEqual([9, 21]);
  expect(verticalRange(21.4, 21.4, 2)).toEqual([20.4, 22.4]);
  expect(verticalRange(null, null, 2)).toEqual([0, 2]);
});
