/**
 * Writes readings and the sums above them in one transaction. A sum may only count what was new, so a
 * batch is first written on the bet that nothing in it was stored before; when the key of a row says
 * otherwise, all of it is written again by asking for each row whether it was new.
 */
import type { Database, SqlRow, SqlStatement, SqlWriter } from '../../core/db/database.js';
import { hasCode } from '../../core/errors.js';
import { MultiRow } from '../db/multi-row.js';
import { bucketStart, tiers } from './tiers.js';

export interface ReadingRow {
  readonly seriesId: number;
  readonly timeMs: number;
  /** 48 bits that stand for the message, so that one that comes twice is stored once. */
  readonly message: number;
  readonly value: number;
}

interface Sum {
  readonly seriesId: number;
  readonly bucketMs: number;
  count: number;
  sum: number;
  min: number;
  max: number;
}

interface InsertedRow extends SqlRow {
  series_id: number;
  time_ms: number;
  value: number;
}

const columns = 'series_id, time_ms, message, value';
const into = { head: `INSERT INTO readings (${columns})`, columns: 4 };
const writeReading = (row: ReadingRow, params: (number | string | null | Uint8Array)[]) =>
  void params.push(row.seriesId, row.timeMs, row.message, row.value);
const inserts = new MultiRow({ ...into, tail: '' }, writeReading);
const askingInserts = new MultiRow(
  { ...into, tail: 'ON CONFLICT DO NOTHING RETURNING series_id, time_ms, value' },
  writeReading,
);
const sums = [tiers.minute, tiers.hour].map(({ table, widthMs }) => ({
  widthMs,
  upserts: new MultiRow<Sum>(
    {
      head: `INSERT INTO ${table} (series_id, bucket_ms, count, sum, min, max)`,
      columns: 6,
      tail: `ON CONFLICT DO UPDATE SET count = count + excluded.count, sum = sum + excluded.sum,
        min = min(min, excluded.min), max = max(max, excluded.max)`,
    },
    (row, params) => void params.push(row.seriesId, row.bucketMs, row.count, row.sum, row.min, row.max),
  ),
}));

export async function writeReadings(database: Database, rows: readonly ReadingRow[]): Promise<void> {
  try {
    await database.batch([...inserts.statements(rows), ...sumStatements(rows)]);
  } catch (error) {
    if (!hasCode(error, 'DATABASE_CONSTRAINT')) throw error;
    await database.transaction((tx) => writeAsking(tx, rows));
  }
}

async function writeAsking(tx: SqlWriter, rows: readonly ReadingRow[]): Promise<void> {
  const inserted: Omit<ReadingRow, 'message'>[] = [];
  for (const { sql, params } of askingInserts.statements(rows)) {
    for (const row of await tx.all<InsertedRow>(sql, params)) {
      inserted.push({ seriesId: row.series_id, timeMs: row.time_ms, value: row.value });
    }
  }
  for (const { sql, params } of sumStatements(inserted)) await tx.run(sql, params);
}

function sumStatements(rows: readonly Omit<ReadingRow, 'message'>[]): SqlStatement[] {
  return sums.flatMap(({ widthMs, upserts }) => [...upserts.statements(summed(rows, widthMs))]);
}

function summed(rows: readonly Omit<ReadingRow, 'message'>[], widthMs: number): Sum[] {
  const bySeries = new Map<number, Map<number, Sum>>();
  const all: Sum[] = [];
  for (const { seriesId, timeMs, value } of rows) {
    const bucketMs = bucketStart(timeMs, widthMs);
    const buckets = bySeries.get(seriesId) ?? new Map<number, Sum>();
    bySeries.set(seriesId, buckets);
    const known = buckets.get(bucketMs);
    if (known === undefined) {
      const sum: Sum = { seriesId, bucketMs, count: 1, sum: value, min: value, max: value };
      buckets.set(bucketMs, sum);
      all.push(sum);
      continue;
    }
    known.count++;
    known.sum += value;
    known.min = Math.min(known.min, value);
    known.max = Math.max(known.max, value);
  }
  return all;
}
