/** Joins partial sums of buckets that several slices of a query returned. */
import type { TelemetryView } from '../../core/wire/api.js';

export interface PartialBucket {
  /** Number of the bucket, counted from the start of the range. */
  readonly bucket: number;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** `partial` is in ascending order; the same bucket may stand at the end of one slice and the start of the next. */
export function mergeBuckets(
  partial: readonly PartialBucket[],
  fromMs: number,
  bucketMs: number,
): TelemetryView['points'] {
  const merged: PartialBucket[] = [];
  for (const next of partial) {
    const last = merged.at(-1);
    if (last?.bucket === next.bucket) merged[merged.length - 1] = join(last, next);
    else merged.push(next);
  }
  return merged.map(({ bucket, sum, count, min, max }) => [
    fromMs + bucket * bucketMs,
    // A mean may leave the range of its values by rounding; it must not look so in a chart.
    Math.min(max, Math.max(min, sum / count)),
    min,
    max,
  ]);
}

function join(a: PartialBucket, b: PartialBucket): PartialBucket {
  return {
    bucket: a.bucket,
    count: a.count + b.count,
    sum: a.sum + b.sum,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}
