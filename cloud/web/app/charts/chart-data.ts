/**
 * Points as the chart wants them: columns in display units, with a row of nulls wherever
 * measurements are missing, so that a gap is drawn as a gap.
 */
import type { DisplayUnit } from '../format/units.js';
import type { Point } from '../state/live-readings.js';

/** Seconds since the epoch, mean, minimum, maximum. */
export type Columns = [number[], (number | null)[], (number | null)[], (number | null)[]];

/** A step this many times the usual one is a gap. */
const gapFactor = 2.5;

export function toColumns(points: readonly Point[], bucketMs: number, unit: DisplayUnit): Columns {
  const columns: Columns = [[], [], [], []];
  const gapMs = Math.max(bucketMs, medianStepMs(points)) * gapFactor;
  let previousMs = Number.POSITIVE_INFINITY;
  for (const [ms, mean, minimum, maximum] of points) {
    if (ms - previousMs > gapMs) pushRow(columns, (ms + previousMs) / 2, null, null, null);
    pushRow(columns, ms, mean * unit.factor, minimum * unit.factor, maximum * unit.factor);
    previousMs = ms;
  }
  return columns;
}

function pushRow(
  columns: Columns,
  ms: number,
  mean: number | null,
  minimum: number | null,
  maximum: number | null,
): void {
  columns[0].push(ms / 1_000);
  columns[1].push(mean);
  columns[2].push(minimum);
  columns[3].push(maximum);
}

function medianStepMs(points: readonly Point[]): number {
  const steps = points.slice(1).map(([ms], at) => ms - (points[at]?.[0] ?? ms));
  steps.sort((a, b) => a - b);
  return steps[Math.floor((steps.length - 1) / 2)] ?? 0;
}

/** Lowest and highest value in the series' own unit; undefined without points. */
export function extremes(points: readonly Point[]): { low: number; high: number } | undefined {
  if (points.length === 0) return undefined;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [, , minimum, maximum] of points) {
    low = Math.min(low, minimum);
    high = Math.max(high, maximum);
  }
  return { low, high };
}

/** The vertical range in display units: a tenth of air on both sides, never narrower than the unit's span. */
export function verticalRange(
  low: number | null,
  high: number | null,
  minimumSpan: number,
): [number, number] {
  if (low === null || high === null) return [0, minimumSpan];
  const span = Math.max((high - low) * 1.2, minimumSpan);
  const middle = (high + low) / 2;
  return [middle - span / 2, middle + span / 2];
}
