/**
 * The outbox's table and its statements. Rows are kept in the order they are sent: clicks before
 * telemetry, each by sequence number. Nothing here decides when a commit happens.
 */
import type { Migrations, SqlStatement, SqlWriter } from '../core/db/database.js';

export type OutboxKind = 'click' | 'telemetry';

export interface OutboxMessage {
  /** Rises by one per message of this device over its whole life. */
  readonly seq: number;
  readonly id: string;
  readonly kind: OutboxKind;
  /** The finished message as JSON, `id` and `seq` included. */
  readonly body: string;
}

/** Stored as a number, because rows are read in its order. */
const rank: Record<OutboxKind, number> = { click: 0, telemetry: 1 };

export const outboxMigrations: Migrations = [
  `CREATE TABLE message (
     rank INTEGER NOT NULL,
     seq INTEGER NOT NULL,
     id TEXT NOT NULL,
     body TEXT NOT NULL,
     PRIMARY KEY (rank, seq)
   ) WITHOUT ROWID, STRICT;
   CREATE TABLE state (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     last_seq INTEGER NOT NULL,
     dropped INTEGER NOT NULL
   ) STRICT;
   INSERT INTO state VALUES (1, 0, 0);`,
];

export interface OutboxTotals {
  readonly lastSeq: number;
  /** Telemetry messages that were dropped for room, over the device's whole life. */
  readonly dropped: number;
  readonly rows: number;
  readonly clicks: number;
  readonly sizeBytes: number;
}

export function bodyBytes(body: string): number {
  return Buffer.byteLength(body);
}

export async function readTotals(db: SqlWriter): Promise<OutboxTotals> {
  const state = await db.get<{ last_seq: number; dropped: number }>('SELECT last_seq, dropped FROM state');
  const sums = await db.get<{ row_count: number; clicks: number; size_bytes: number }>(
    `SELECT count(*) AS row_count, coalesce(sum(rank = 0), 0) AS clicks,
            coalesce(sum(length(CAST(body AS BLOB))), 0) AS size_bytes FROM message`,
  );
  return {
    lastSeq: state?.last_seq ?? 0,
    dropped: state?.dropped ?? 0,
    rows: sums?.row_count ?? 0,
    clicks: sums?.clicks ?? 0,
    sizeBytes: sums?.size_bytes ?? 0,
  };
}

export function insertMessage(message: OutboxMessage): SqlStatement {
  return {
    sql: 'INSERT INTO message (rank, seq, id, body) VALUES (?, ?, ?, ?)',
    params: [rank[message.kind], message.seq, message.id, message.body],
  };
}

/** What a deletion took away; rows that were gone already do not count. */
export interface Deleted {
  readonly rows: number;
  readonly sizeBytes: number;
}

export async function deleteMessages(
  tx: SqlWriter,
  kind: OutboxKind,
  seqs: readonly number[],
): Promise<Deleted> {
  if (seqs.length === 0) return { rows: 0, sizeBytes: 0 };
  const params = [rank[kind], JSON.stringify(seqs)];
  const which = 'FROM message WHERE rank = ? AND seq IN (SELECT value FROM json_each(?))';
  const found = await tx.get<{ size_bytes: number }>(
    `SELECT coalesce(sum(length(CAST(body AS BLOB))), 0) AS size_bytes ${which}`,
    params,
  );
  const { changes } = await tx.run(`DELETE ${which}`, params);
  return { rows: changes, sizeBytes: found?.size_bytes ?? 0 };
}

export function saveState(lastSeq: number, dropped: number): SqlStatement {
  return { sql: 'UPDATE state SET last_seq = ?, dropped = ?', params: [lastSeq, dropped] };
}

/** The oldest messages of one kind, at most `limit`. */
export async function readOldest(
  db: Pick<SqlWriter, 'all'>,
  kind: OutboxKind,
  limit: number,
): Promise<OutboxMessage[]> {
  const rows = await db.all<{ seq: number; id: string; body: string }>(
    'SELECT seq, id, body FROM message WHERE rank = ? ORDER BY seq LIMIT ?',
    [rank[kind], limit],
  );
  return rows.map(({ seq, id, body }) => ({ seq, id, kind, body }));
}
