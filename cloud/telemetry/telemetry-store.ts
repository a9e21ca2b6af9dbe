/**
 * Readings by series and device time. A message that comes twice is stored once; one that comes late
 * lands at its own time. Long ranges are read in slices, so that no query keeps a click waiting.
 */
import { createHash } from 'node:crypto';
import type { Database, SqlRow, SqlWriter } from '../../core/db/database.js';
import type { SeriesView, TelemetryView } from '../../core/wire/api.js';
import type { Reading, SenmlUnit, TelemetryMessage } from '../../core/wire/messages.js';
import { mergeBuckets, type PartialBucket } from './buckets.js';

export interface TelemetryQuery {
  readonly thing: string;
  readonly series: string;
  /** From this time, milliseconds since the epoch ... */
  readonly fromMs: number;
  /** ... to before this one. */
  readonly toMs: number;
  readonly maxPoints: number;
}

interface Series {
  readonly id: number;
  readonly thing: string;
  readonly series: string;
  unit: SenmlUnit;
  last: { readonly timeMs: number; readonly value: number } | undefined;
}

interface SeriesRow extends SqlRow {
  id: number;
  thing: string;
  series: string;
  unit: SenmlUnit;
}

/** At one reading per second some ten thousand rows: about ten milliseconds of a small machine. */
const sliceMs = 3 * 3_600_000;

export class TelemetryStore {
  readonly #database: Database;
  readonly #series: Map<string, Series>;

  private constructor(database: Database, series: Map<string, Series>) {
    this.#database = database;
    this.#series = series;
  }

  static async open(database: Database): Promise<TelemetryStore> {
    const series = new Map<string, Series>();
    for (const row of await database.all<SeriesRow>(
      'SELECT id, thing, series, unit FROM series LIMIT 100000',
    )) {
      const last = await database.get<{ time_ms: number; value: number }>(
        'SELECT time_ms, value FROM readings WHERE series_id = ? ORDER BY time_ms DESC LIMIT 1',
        [row.id],
      );
      const known = last && { timeMs: last.time_ms, value: last.value };
      series.set(keyOf(row.thing, row.series), { ...row, last: known });
    }
    return new TelemetryStore(database, series);
  }

  /**
   * Stores all messages in one transaction. For each message it returns those readings that are now
   * the newest of their series.
   */
  async insert(messages: readonly { thing: string; message: TelemetryMessage }[]): Promise<Reading[][]> {
    const added = new Map<string, Series>();
    await this.#database.transaction(async (tx) => {
      for (const { thing, message } of messages) await this.#insertMessage(tx, thing, message, added);
    });
    for (const [key, series] of added) this.#series.set(key, series);
    return messages.map(({ thing, message }) => this.#noteNewest(thing, message.readings));
  }

  /** By thing and name, each with its newest reading. */
  list(): SeriesView[] {
    return [...this.#series.values()]
      .sort((a, b) => compare(a.thing, b.thing) || compare(a.series, b.series))
      .map(({ thing, series, unit, last }) => ({
        thing,
        series,
        unit,
        last: last ? { time: new Date(last.timeMs).toISOString(), value: last.value } : null,
      }));
  }

  /** At most `maxPoints` buckets of equal width with mean, minimum and maximum; undefined when unknown. */
  async query(query: TelemetryQuery): Promise<TelemetryView | undefined> {
    const { thing, series: name, fromMs, toMs, maxPoints } = query;
    const series = this.#series.get(keyOf(thing, name));
    if (series === undefined) return undefined;
    const bucketMs = Math.max(1, Math.ceil((toMs - fromMs) / maxPoints));
    const partial: PartialBucket[] = [];
    const extent = await this.#extentOf(series.id, fromMs, toMs);
    for (let sliceFrom = extent.fromMs; sliceFrom < extent.toMs; sliceFrom += sliceMs) {
      const sliceTo = Math.min(extent.toMs, sliceFrom + sliceMs);
      partial.push(...(await this.#slice(series.id, fromMs, bucketMs, sliceFrom, sliceTo)));
    }
    return {
      thing,
      series: name,
      unit: series.unit,
      bucketMs,
      points: mergeBuckets(partial, fromMs, bucketMs),
    };
  }

  /** Deletes up to `limit` readings older than `beforeMs`; tells how many went. */
  async deleteBefore(beforeMs: number, limit: number): Promise<number> {
    let deleted = 0;
    for (const { id } of this.#series.values()) {
      if (deleted >= limit) break;
      const { changes } = await this.#database.run(
        `DELETE FROM readings WHERE (series_id, time_ms, message) IN (
           SELECT series_id, time_ms, message FROM readings WHERE series_id = ? AND time_ms < ?
           ORDER BY time_ms LIMIT ?)`,
        [id, beforeMs, limit - deleted],
      );
      deleted += changes;
    }
    return deleted;
  }

  async #insertMessage(
    tx: SqlWriter,
    thing: string,
    message: TelemetryMessage,
    added: Map<string, Series>,
  ): Promise<void> {
    const number = messageNumber(thing, message.id);
    for (const reading of message.readings) {
      const series = await this.#seriesFor(tx, thing, reading, added);
      await tx.run(
        `INSERT INTO readings (series_id, time_ms, message, value) VALUES (?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
        [series.id, Date.parse(reading.deviceTime), number, reading.value],
      );
    }
  }

  async #seriesFor(
    tx: SqlWriter,
    thing: string,
    reading: Reading,
    added: Map<string, Series>,
  ): Promise<Series> {
    const key = keyOf(thing, reading.series);
    const known = added.get(key) ?? this.#series.get(key);
    if (known?.unit === reading.unit) return known;
    await tx.run(
      `INSERT INTO series (thing, series, unit) VALUES (?, ?, ?)
       ON CONFLICT (thing, series) DO UPDATE SET unit = excluded.unit`,
      [thing, reading.series, reading.unit],
    );
    const row = await tx.get<SeriesRow>(
      'SELECT id, thing, series, unit FROM series WHERE thing = ? AND series = ?',
      [thing, reading.series],
    );
    const series: Series = {
      id: row?.id ?? -1,
      thing,
      series: reading.series,
      unit: reading.unit,
      last: known?.last,
    };
    added.set(key, series);
    return series;
  }

  #noteNewest(thing: string, readings: readonly Reading[]): Reading[] {
    const newest = new Map<string, Reading>();
    for (const reading of readings) {
      const series = this.#series.get(keyOf(thing, reading.series));
      const timeMs = Date.parse(reading.deviceTime);
      if (series === undefined || (series.last && series.last.timeMs >= timeMs)) continue;
      series.last = { timeMs, value: reading.value };
      newest.set(reading.series, reading);
    }
    return [...newest.values()];
  }

  /** The part of the range that holds readings, so that empty years cost nothing. */
  async #extentOf(id: number, fromMs: number, toMs: number): Promise<{ fromMs: number; toMs: number }> {
    const range = 'FROM readings WHERE series_id = ? AND time_ms >= ? AND time_ms < ?';
    const params = [id, fromMs, toMs];
    const first = await this.#database.get<{ t: number | null }>(`SELECT MIN(time_ms) AS t ${range}`, params);
    const last = await this.#database.get<{ t: number | null }>(`SELECT MAX(time_ms) AS t ${range}`, params);
    return { fromMs: first?.t ?? toMs, toMs: (last?.t ?? toMs - 1) + 1 };
  }

  #slice(
    id: number,
    originMs: number,
    bucketMs: number,
    fromMs: number,
    toMs: number,
  ): Promise<PartialBucket[]> {
    return this.#database.all<PartialBucket & SqlRow>(
      `SELECT CAST((time_ms - ?) / ? AS INTEGER) AS bucket, COUNT(*) AS count, SUM(value) AS sum, MIN(value) AS min,
         MAX(value) AS max FROM readings WHERE series_id = ? AND time_ms >= ? AND time_ms < ?
       GROUP BY bucket ORDER BY bucket`,
      [originMs, bucketMs, id, fromMs, toMs],
    );
  }
}

function keyOf(thing: string, series: string): string {
  return `${thing}/${series}`;
}

/** 48 bits: a number that every driver holds exactly; the same message always has the same. */
function messageNumber(thing: string, id: string): number {
  return createHash('sha256').update(`${thing}/${id}`).digest().readUIntBE(0, 6);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
