/**
 * Readings by series and device time. A message that comes twice is stored once; one that comes late
 * lands at its own time, also in the sums per minute and hour.
 */
import { hash } from 'node:crypto';
import type { Database } from '../../core/db/database.js';
import type { SeriesView, TelemetryView } from '../../core/wire/api.js';
import type { Reading, TelemetryMessage } from '../../core/wire/messages.js';
import { type ReadingRow, writeReadings } from './reading-rows.js';
import { type Labels, type Series, SeriesTable } from './series-table.js';
import { queryBuckets } from './telemetry-query.js';
import { type TierName, tiers } from './tiers.js';

export interface TelemetryQuery {
  readonly thing: string;
  readonly series: string;
  /** From this time, milliseconds since the epoch ... */
  readonly fromMs: number;
  /** ... to before this one. */
  readonly toMs: number;
  readonly maxPoints: number;
}

interface ThingMessage {
  readonly thing: string;
  readonly message: TelemetryMessage;
}

export class TelemetryStore {
  readonly #database: Database;
  readonly #series: SeriesTable;
  readonly #cleared: Map<TierName, number>;

  private constructor(database: Database, series: SeriesTable, cleared: Map<TierName, number>) {
    this.#database = database;
    this.#series = series;
    this.#cleared = cleared;
  }

  static async open(database: Database): Promise<TelemetryStore> {
    const rows = await database.all<{ tier: string; cleared_ms: number }>(
      'SELECT tier, cleared_ms FROM telemetry_tiers LIMIT 10',
    );
    const cleared = new Map(rows.map((row) => [row.tier as TierName, row.cleared_ms]));
    return new TelemetryStore(database, await SeriesTable.open(database), cleared);
  }

  /**
   * Stores all messages in one transaction. For each message it returns those readings that are now
   * the newest of their series.
   */
  async insert(messages: readonly ThingMessage[]): Promise<Reading[][]> {
    await this.#series.ensure(messages);
    const rows: ReadingRow[] = [];
    for (const { thing, message } of messages) {
      const number = messageNumber(thing, message.id);
      for (const { series, value, deviceTime } of message.readings) {
        const seriesId = this.#series.get(thing, series)?.id;
        if (seriesId === undefined) throw new RangeError('a series that was just made is gone');
        rows.push({ seriesId, timeMs: Date.parse(deviceTime), message: number, value });
      }
    }
    await writeReadings(this.#database, rows);
    return messages.map(({ thing, message }) => this.#series.noteNewest(thing, message.readings));
  }

  /** By thing and name, each with its newest reading. */
  list(): SeriesView[] {
    return [...this.#series.values()]
      .sort((a, b) => compare(a.thing, b.thing) || compare(a.series, b.series))
      .map(({ thing, series, unit, labels, last }) => ({
        thing,
        series,
        unit,
        labels,
        last: last ? { time: new Date(last.timeMs).toISOString(), value: last.value } : null,
      }));
  }

  /** At most `maxPoints` buckets of equal width with mean, minimum and maximum; undefined when unknown. */
  async query(query: TelemetryQuery): Promise<TelemetryView | undefined> {
    const series = this.#series.get(query.thing, query.series);
    if (series === undefined) return undefined;
    const found = await queryBuckets(this.#database, { ...query, seriesId: series.id }, this.#cleared);
    return { thing: query.thing, series: query.series, unit: series.unit, ...found };
  }

  /** By thing and name: all, or those of a thing, of a name, with a label. */
  select(wanted: {
    readonly thing?: string | undefined;
    readonly series?: string | undefined;
    readonly label?: readonly [string, string] | undefined;
  }): Series[] {
    const { thing, series, label } = wanted;
    return [...this.#series.values()]
      .filter((one) => thing === undefined || one.thing === thing)
      .filter((one) => series === undefined || one.series === series)
      .filter((one) => label === undefined || one.labels[label[0]] === label[1])
      .sort((a, b) => compare(a.thing, b.thing) || compare(a.series, b.series));
  }

  /** From the oldest to the newest time of a grain; undefined when it is empty. */
  async extentOf(tierName: TierName): Promise<{ fromMs: number; toMs: number } | undefined> {
    const { table, time } = tiers[tierName];
    const extent = { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY };
    for (const { id } of this.#series.values()) {
      const end = (which: string) =>
        this.#database.get<{ t: number | null }>(
          `SELECT ${which}(${time}) AS t FROM ${table} WHERE series_id = ?`,
          [id],
        );
      extent.fromMs = Math.min(extent.fromMs, (await end('MIN'))?.t ?? Number.POSITIVE_INFINITY);
      extent.toMs = Math.max(extent.toMs, (await end('MAX'))?.t ?? Number.NEGATIVE_INFINITY);
    }
    return Number.isFinite(extent.fromMs) ? extent : undefined;
  }

  /** Readings from before that time which are still there; to the hour, from the sums. */
  async countBefore(beforeMs: number): Promise<number> {
    const row = await this.#database.get<{ n: number | null }>(
      `SELECT SUM(count) AS n FROM ${tiers.hour.table} WHERE bucket_ms >= ? AND bucket_ms < ?`,
      [this.#cleared.get('raw') ?? Number.MIN_SAFE_INTEGER, beforeMs],
    );
    return row?.n ?? 0;
  }

  /** Readings that are still there, the largest series first; to the hour, from the sums. */
  async countBySeries(): Promise<{ thing: string; series: string; readings: number }[]> {
    const rows = await this.#database.all<{ id: number; n: number }>(
      `SELECT series_id AS id, SUM(count) AS n FROM ${tiers.hour.table} WHERE bucket_ms >= ? GROUP BY series_id`,
      [this.#cleared.get('raw') ?? Number.MIN_SAFE_INTEGER],
    );
    const counts = new Map(rows.map(({ id, n }) => [id, n]));
    return [...this.#series.values()]
      .map(({ id, thing, series }) => ({ thing, series, readings: counts.get(id) ?? 0 }))
      .sort((a, b) => b.readings - a.readings);
  }

  /** Takes the place of all labels before. False when there is no such series. */
  setLabels(thing: string, series: string, labels: Labels): Promise<boolean> {
    return this.#series.setLabels(thing, series, labels);
  }

  /** Deletes up to `limit` rows of a grain from before `beforeMs`; tells how many went. */
  async deleteBefore(tierName: TierName, beforeMs: number, limit: number): Promise<number> {
    const { table, time } = tiers[tierName];
    const key = tierName === 'raw' ? 'series_id, time_ms, message' : 'series_id, bucket_ms';
    let deleted = 0;
    for (const { id } of this.#series.values()) {
      if (deleted >= limit) break;
      const { changes } = await this.#database.run(
        `DELETE FROM ${table} WHERE (${key}) IN (
           SELECT ${key} FROM ${table} WHERE series_id = ? AND ${time} < ? ORDER BY ${time} LIMIT ?)`,
        [id, beforeMs, limit - deleted],
      );
      deleted += changes;
    }
    if (deleted > 0) await this.#noteCleared(tierName, beforeMs);
    return deleted;
  }

  async #noteCleared(tier: TierName, beforeMs: number): Promise<void> {
    if (beforeMs <= (this.#cleared.get(tier) ?? Number.NEGATIVE_INFINITY)) return;
    await this.#database.run(
      `INSERT INTO telemetry_tiers (tier, cleared_ms) VALUES (?, ?)
       ON CONFLICT (tier) DO UPDATE SET cleared_ms = max(cleared_ms, excluded.cleared_ms)`,
      [tier, beforeMs],
    );
    this.#cleared.set(tier, beforeMs);
  }
}

/** 48 bits: a number that every driver holds exactly; the same message always has the same. */
function messageNumber(thing: string, id: string): number {
  return Number.parseInt(hash('sha256', `${thing}/${id}`, 'hex').slice(0, 12), 16);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
