/** The three grains in which readings are kept: each as it came, per minute, per hour. */

export type TierName = 'raw' | 'minute' | 'hour';

export interface Tier {
  readonly name: TierName;
  readonly table: string;
  /** The column that holds the time. */
  readonly time: string;
  /** Width of a bucket; 1 for readings as they came. */
  readonly widthMs: number;
  /** So much time is read at once: at a reading per second some ten thousand rows, ten milliseconds on a Pi. */
  readonly sliceMs: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export const tiers = {
  raw: { name: 'raw', table: 'readings', time: 'time_ms', widthMs: 1, sliceMs: 3 * hourMs },
  minute: {
    name: 'minute',
    table: 'readings_minute',
    time: 'bucket_ms',
    widthMs: 60_000,
    sliceMs: 7 * dayMs,
  },
  hour: { name: 'hour', table: 'readings_hour', time: 'bucket_ms', widthMs: hourMs, sliceMs: 400 * dayMs },
} as const satisfies Record<TierName, Tier>;

/** The start of the bucket of that width in which the time lies. */
export function bucketStart(timeMs: number, widthMs: number): number {
  return Math.floor(timeMs / widthMs) * widthMs;
}
