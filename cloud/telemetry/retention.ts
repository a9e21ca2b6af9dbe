/**
 * Deletes what is too old or too much, a little at a time, so that clicks never wait for it, and hands the
 * room back to the disk. Readings go first, then sums per minute; the sums per hour only by their own age.
 */
import { type Clock, sleep } from '../../core/clock.js';
import type { Database } from '../../core/db/database.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import { freeRoom, spaceOf } from './disk-space.js';
import type { TelemetryStore } from './telemetry-store.js';
import type { TierName } from './tiers.js';

/** How long each grain is kept, and how much the database may hold; undefined for no limit. */
export interface RetentionLimits {
  readonly maxAgeMs: Readonly<Record<TierName, number>>;
  readonly maxBytes: number | undefined;
}

/** Deletes up to `limit` rows older than `beforeMs` and tells how many went. */
export type Sweeper = (beforeMs: number, limit: number) => Promise<number>;

/** Data that is no telemetry and goes by its age. */
export interface OtherData {
  /** As the report calls it. */
  readonly name: string;
  /** How long it is kept; as long as readings unless told. */
  readonly maxAgeMs?: number;
  readonly sweep: Sweeper;
}

export interface RetentionOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly database: Database;
  readonly telemetry: TelemetryStore;
  readonly limits: RetentionLimits;
  /** In the order in which they are swept. */
  readonly others: readonly OtherData[];
}

export interface PruneReport {
  /** Rows that went, by grain. */
  readonly deleted: Readonly<Record<TierName, number>>;
  /** Rows that went, by name. */
  readonly deletedOthers: Readonly<Record<string, number>>;
  /** By which the file on disk is smaller. */
  readonly bytesFreed: number;
}

const everyMs = 600_000;
const batchRows = 1_000;
const betweenBatchesMs = 20;
/** To get below a size, the oldest part of what is there goes, again and again. */
const partOfSpan = 20;

/** For a sweeper that leaves nothing behind: what one sweep has been through, the next need not look at. */
export function onwards(
  sweep: (range: readonly [fromMs: number, beforeMs: number], limit: number) => Promise<number>,
): Sweeper {
  let fromMs = Number.MIN_SAFE_INTEGER;
  return async (beforeMs, limit) => {
    const deleted = await sweep([fromMs, beforeMs], limit);
    if (deleted < limit) fromMs = Math.max(fromMs, beforeMs);
    return deleted;
  };
}

export class Retention implements Closeable {
  readonly #options: RetentionOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Sweeps now and then every ten minutes. */
  static start(options: RetentionOptions): Retention {
    const self = new Retention(options);
    self.#running = self.#run();
    return self;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#last.catch(() => {});
  }

  get limits(): RetentionLimits {
    return this.#options.limits;
  }

  /** One sweep, after any that is under way. @throws INTERRUPTED, DATABASE_* */
  prune(limits: RetentionLimits = this.#options.limits): Promise<PruneReport> {
    const sweep = this.#last.catch(() => {}).then(() => this.#sweep(limits));
    this.#last = sweep;
    return sweep;
  }

  /** About how many readings a sweep would delete by age; nothing is changed. */
  async plan(limits: RetentionLimits = this.#options.limits): Promise<{ readings: number; before: string }> {
    const beforeMs = this.#options.clock.now() - limits.maxAgeMs.raw;
    const readings = await this.#options.telemetry.countBefore(beforeMs);
    return { readings, before: new Date(beforeMs).toISOString() };
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      try {
        const { deleted, deletedOthers, bytesFreed } = await this.prune();
        const counts = { ...deleted, ...deletedOthers };
        if (Object.values(counts).some((count) => count > 0)) {
          log.info('old data deleted', { ...counts, bytesFreed });
        }
      } catch (error) {
        if (!signal.aborted) log.warn('old data cannot be deleted now', { error });
      }
      await sleep(clock, everyMs, signal).catch(() => {});
    }
  }

  async #sweep(limits: RetentionLimits): Promise<PruneReport> {
    const { clock, database, telemetry, others } = this.#options;
    const nowMs = clock.now();
    const before = await spaceOf(database);
    const deleted: Record<TierName, number> = { raw: 0, minute: 0, hour: 0 };
    for (const tier of ['raw', 'minute', 'hour'] as const) {
      deleted[tier] += await this.#all(
        (beforeMs, limit) => telemetry.deleteBefore(tier, beforeMs, limit),
        nowMs - limits.maxAgeMs[tier],
      );
    }
    const deletedOthers: Record<string, number> = {};
    for (const { name, maxAgeMs = limits.maxAgeMs.raw, sweep } of others) {
      deletedOthers[name] = (deletedOthers[name] ?? 0) + (await this.#all(sweep, nowMs - maxAgeMs));
    }
    if (limits.maxBytes !== undefined) {
      for (const tier of ['raw', 'minute'] as const)
        deleted[tier] += await this.#shrink(tier, limits.maxBytes);
    }
    await freeRoom(database, () => this.#pause());
    const after = await spaceOf(database);
    return { deleted, deletedOthers, bytesFreed: Math.max(0, before.fileBytes - after.fileBytes) };
  }

  async #all(sweeper: Sweeper, beforeMs: number): Promise<number> {
    let total = 0;
    for (;;) {
      const deleted = await sweeper(beforeMs, batchRows);
      total += deleted;
      if (deleted < batchRows) return total;
      await this.#pause();
    }
  }

  /** The oldest of that grain goes until what is used fits. */
  async #shrink(tier: TierName, maxBytes: number): Promise<number> {
    const { database, telemetry } = this.#options;
    let total = 0;
    while ((await spaceOf(database)).usedBytes > maxBytes) {
      const extent = await telemetry.extentOf(tier);
      if (extent === undefined) return total;
      const beforeMs = extent.fromMs + Math.max(1, Math.ceil((extent.toMs - extent.fromMs) / partOfSpan));
      total += await this.#all((before, limit) => telemetry.deleteBefore(tier, before, limit), beforeMs);
    }
    return total;
  }

  #pause(): Promise<void> {
    return sleep(this.#options.clock, betweenBatchesMs, this.#stop.signal);
  }
}
