/**
 * Reads a range of one series as equal buckets, from the coarsest grain that is fine enough, in slices, so
 * that no query keeps a click waiting and a year costs no more than a day.
 */
import type { Database, SqlRow } from '../../core/db/database.js';
import { mergeBuckets, type PartialBucket } from './buckets.js';
import { bucketStart, type Tier, type TierName, tiers } from './tiers.js';

export interface RangeQuery {
  readonly seriesId: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly maxPoints: number;
}

export interface Buckets {
  readonly bucketMs: number;
  readonly points: [number, number, number, number][];
}

/** Before which time each grain was cleared; a grain that was never cleared is not in it. */
export type Cleared = ReadonlyMap<TierName, number>;

/** Buckets of minutes and hours start on full ones, so the first may begin a little before `fromMs`. */
export async function queryBuckets(
  database: Database,
  query: RangeQuery,
  cleared: Cleared,
): Promise<Buckets> {
  const { seriesId, toMs, maxPoints } = query;
  const wantedMs = Math.max(1, Math.ceil((toMs - query.fromMs) / maxPoints));
  const tier = chooseTier(wantedMs, query.fromMs, cleared);
  const bucketMs = Math.ceil(wantedMs / tier.widthMs) * tier.widthMs;
  const fromMs = bucketStart(query.fromMs, tier.widthMs);
  const extent = await extentOf(database, tier, seriesId, fromMs, toMs);
  const partial: PartialBucket[] = [];
  for (let sliceFrom = extent.fromMs; sliceFrom < extent.toMs; sliceFrom += tier.sliceMs) {
    const sliceTo = Math.min(extent.toMs, sliceFrom + tier.sliceMs);
    partial.push(...(await slice(database, tier, [fromMs, bucketMs, seriesId, sliceFrom, sliceTo])));
  }
  return { bucketMs, points: mergeBuckets(partial, fromMs, bucketMs) };
}

/** A finer grain that was cleared where the range begins is passed over: a coarse curve beats a gap. */
export function chooseTier(bucketMs: number, fromMs: number, cleared: Cleared): Tier {
  if (bucketMs >= tiers.hour.widthMs) return tiers.hour;
  const holds = (tier: Tier) => fromMs >= (cleared.get(tier.name) ?? Number.NEGATIVE_INFINITY);
  if (bucketMs < tiers.minute.widthMs && holds(tiers.raw)) return tiers.raw;
  return holds(tiers.minute) ? tiers.minute : tiers.hour;
}

/** The part of the range that holds anything, so that empty years cost nothing. */
async function extentOf(
  database: Database,
  { table, time }: Tier,
  id: number,
  fromMs: number,
  toMs: number,
): Promise<{ fromMs: number; toMs: number }> {
  const range = `FROM ${table} WHERE series_id = ? AND ${time} >= ? AND ${time} < ?`;
  const params = [id, fromMs, toMs];
  const first = await database.get<{ t: number | null }>(`SELECT MIN(${time}) AS t ${range}`, params);
  const last = await database.get<{ t: number | null }>(`SELECT MAX(${time}) AS t ${range}`, params);
  return { fromMs: first?.t ?? toMs, toMs: (last?.t ?? toMs - 1) + 1 };
}

function slice(database: Database, tier: Tier, params: readonly number[]): Promise<PartialBucket[]> {
  const parts =
    tier.name === 'raw'
      ? 'COUNT(*) AS count, SUM(value) AS sum, MIN(value) AS min, MAX(value) AS max'
      : 'SUM(count) AS count, SUM(sum) AS sum, MIN(min) AS min, MAX(max) AS max';
  return database.all<PartialBucket & SqlRow>(
    `SELECT CAST((${tier.time} - ?) / ? AS INTEGER) AS bucket, ${parts} FROM ${tier.table}
     WHERE series_id = ? AND ${tier.time} >= ? AND ${tier.time} < ? GROUP BY bucket ORDER BY bucket`,
    params,
  );
}
