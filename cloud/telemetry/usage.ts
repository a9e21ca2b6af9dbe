/** What telemetry takes of the disk, and which series most of it. */
import type { Database } from '../../core/db/database.js';
import type { TelemetryUsage } from '../../core/wire/api.js';
import { spaceOf } from './disk-space.js';
import type { RetentionLimits } from './retention.js';
import type { TelemetryStore } from './telemetry-store.js';
import type { TierName } from './tiers.js';

const dayMs = 86_400_000;

export async function usageOf(
  database: Database,
  telemetry: TelemetryStore,
  { maxAgeMs, maxBytes }: RetentionLimits,
): Promise<TelemetryUsage> {
  const space = await spaceOf(database);
  const oldest: Record<TierName, string | null> = { raw: null, minute: null, hour: null };
  for (const tier of ['raw', 'minute', 'hour'] as const) {
    const extent = await telemetry.extentOf(tier);
    if (extent !== undefined) oldest[tier] = new Date(extent.fromMs).toISOString();
  }
  const counts = await telemetry.countBySeries();
  return {
    fileBytes: space.fileBytes,
    usedBytes: space.usedBytes,
    givesBack: space.givesBack,
    maxBytes: maxBytes ?? null,
    keptDays: { raw: maxAgeMs.raw / dayMs, minute: maxAgeMs.minute / dayMs, hour: maxAgeMs.hour / dayMs },
    oldest,
    readings: counts.reduce((sum, { readings }) => sum + readings, 0),
    series: counts,
  };
}
