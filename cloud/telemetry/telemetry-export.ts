/**
 * Writes series out as CSV or JSON lines, page by page as the reader takes them, so that memory stays flat
 * however much there is.
 */
import type { Database, SqlRow } from '../../core/db/database.js';
import type { Series } from './series-table.js';
import { type Tier, type TierName, tiers } from './tiers.js';

export interface ExportQuery {
  readonly format: 'csv' | 'jsonl';
  readonly resolution: TierName;
  readonly fromMs: number;
  readonly toMs: number;
}

interface ExportRow extends SqlRow {
  time_ms: number;
  /** The message of a reading; 0 for a sum. */
  message: number;
  value: number;
  min: number;
  max: number;
  count: number;
}

const pageRows = 2_000;

/** A piece of text for each page. */
export async function* exportText(
  database: Database,
  series: readonly Series[],
  query: ExportQuery,
): AsyncGenerator<string> {
  const isRaw = query.resolution === 'raw';
  if (query.format === 'csv') {
    yield isRaw ? 'time,thing,series,unit,value\n' : 'time,thing,series,unit,mean,min,max,count\n';
  }
  for (const one of series) {
    for await (const rows of pagesOf(database, one.id, query)) {
      const lines = rows.map((row) =>
        query.format === 'csv' ? csvLine(one, row, isRaw) : jsonLine(one, row, isRaw),
      );
      yield lines.join('');
    }
  }
}

async function* pagesOf(database: Database, id: number, query: ExportQuery): AsyncGenerator<ExportRow[]> {
  const tier: Tier = tiers[query.resolution];
  const sql = tier.name === 'raw' ? rawSql : sumSql(tier);
  let after = { timeMs: query.fromMs, message: -1 };
  for (;;) {
    const params =
      tier.name === 'raw'
        ? [id, after.timeMs, after.message, query.toMs, pageRows]
        : [id, after.timeMs + (after.message < 0 ? 0 : 1), query.toMs, pageRows];
    const rows = await database.all<ExportRow>(sql, params);
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    after = { timeMs: last.time_ms, message: last.message };
  }
}

const rawSql = `SELECT time_ms, message, value, value AS min, value AS max, 1 AS count FROM readings
  WHERE series_id = ? AND (time_ms, message) > (?, ?) AND time_ms < ? ORDER BY time_ms, message LIMIT ?`;

function sumSql({ table }: Tier): string {
  return `SELECT bucket_ms AS time_ms, 0 AS message, sum / count AS value, min, max, count FROM ${table}
    WHERE series_id = ? AND bucket_ms >= ? AND bucket_ms < ? ORDER BY bucket_ms LIMIT ?`;
}

/** Names and units hold no comma, quote or line break: their schemas see to that. */
function csvLine({ thing, series, unit }: Series, row: ExportRow, isRaw: boolean): string {
  const values = isRaw ? row.value : `${row.value},${row.min},${row.max},${row.count}`;
  return `${new Date(row.time_ms).toISOString()},${thing},${series},${unit},${values}\n`;
}

function jsonLine({ thing, series, unit, labels }: Series, row: ExportRow, isRaw: boolean): string {
  const common = { time: new Date(row.time_ms).toISOString(), thing, series, unit, labels };
  const { value, min, max, count } = row;
  return `${JSON.stringify(isRaw ? { ...common, value } : { ...common, mean: value, min, max, count })}\n`;
}
