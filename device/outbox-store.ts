/**
 * The outbox's tables and their statements. Rows are kept in the order they are sent: clicks before
 * telemetry, each by sequence number. Nothing here decides when a commit happens.
 */
import type { Migrations, SqlWriter } from '../core/db/database.js';

export type OutboxKind = 'click' | 'telemetry';

export interface OutboxMessage {
  /** Rises with every message of this device over its whole life; a crash may leave numbers out. */
  readonly seq: number;
  readonly id: string;
  readonly kind: OutboxKind;
  /** The finished message as JSON, `id` and `seq` included. */
  readonly body: string;
}

/** Which clock a time was taken from that was not synchronised: wall-clock time when that boot began. */
export interface UnsyncedOrigin {
  /** The kernel's id of the boot. */
  readonly boot: string;
  /** Wall-clock time minus uptime as the clock had it then, milliseconds. */
  readonly baseMs: number;
}

export interface OutboxRow extends OutboxMessage {
  /** When it was appended, by the wall clock, milliseconds since the epoch. */
  readonly atMs: number;
  readonly unsynced: UnsyncedOrigin | undefined;
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
  // From here on last_seq is the last number that was set aside; the last one given after a clean close.
  `ALTER TABLE message ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 9007199254740991;
   ALTER TABLE message ADD COLUMN boot TEXT;
   ALTER TABLE message ADD COLUMN base_ms REAL;
   CREATE TABLE synced_boot (boot TEXT PRIMARY KEY, base_ms REAL NOT NULL) WITHOUT ROWID, STRICT;`,
];

export interface OutboxTotals {
  readonly lastSeq: number;
  /** Telemetry messages that were dropped for room or age, over the device's whole life. */
  readonly dropped: number;
  readonly rows: number;
  readonly clicks: number;
  readonly sizeBytes: number;
}

export function bodyBytes(body: string): number {
  return Buffer.byteLength(body);
}

export async function readTotals(db: Pick<SqlWriter, 'get'>): Promise<OutboxTotals> {
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

export async function insertRow(tx: SqlWriter, row: OutboxRow): Promise<void> {
  await tx.run(
    'INSERT INTO message (rank, seq, id, body, at_ms, boot, base_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
    [
      rank[row.kind],
      row.seq,
      row.id,
      row.body,
      row.atMs,
      row.unsynced?.boot ?? null,
      row.unsynced?.baseMs ?? null,
    ],
  );
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

export async function saveState(tx: SqlWriter, lastSeq: number, dropped: number): Promise<void> {
  await tx.run('UPDATE state SET last_seq = ?, dropped = ?', [lastSeq, dropped]);
}

/** Sequence numbers from `from` to before `before`. */
export interface SeqRange {
  readonly from: number;
  readonly before: number;
}

export const everySeq: SeqRange = { from: 0, before: Number.MAX_SAFE_INTEGER };

/** The oldest messages of one kind, at most `limit`. */
export async function readOldest(
  db: Pick<SqlWriter, 'all'>,
  kind: OutboxKind,
  limit: number,
  { from, before }: SeqRange = everySeq,
): Promise<OutboxRow[]> {
  const rows = await db.all<{
    seq: number;
    id: string;
    body: string;
    at_ms: number;
    boot: string | null;
    base_ms: number | null;
  }>(
    `SELECT seq, id, body, at_ms, boot, base_ms FROM message WHERE rank = ? AND seq >= ? AND seq < ?
     ORDER BY seq LIMIT ?`,
    [rank[kind], from, before, limit],
  );
  return rows.map(({ seq, id, body, at_ms: atMs, boot, base_ms: baseMs }) => {
    const unsynced = boot === null || baseMs === null ? undefined : { boot, baseMs };
    return { seq, id, kind, body, atMs, unsynced };
  });
}

/** Boots that messages with unsynchronised times come from. */
export async function readUnsyncedBoots(db: Pick<SqlWriter, 'all'>): Promise<string[]> {
  const rows = await db.all<{ boot: string }>(
    'SELECT DISTINCT boot FROM message WHERE boot IS NOT NULL LIMIT 1000',
  );
  return rows.map(({ boot }) => boot);
}

/** What is known of boots whose clock was synchronised in the end: when each began by that clock. */
export async function readSyncedBoots(db: Pick<SqlWriter, 'all'>): Promise<Map<string, number>> {
  const rows = await db.all<{ boot: string; base_ms: number }>(
    'SELECT boot, base_ms FROM synced_boot LIMIT 1000',
  );
  return new Map(rows.map((row) => [row.boot, row.base_ms]));
}

/** Also forgets boots that no message needs any more. */
export async function saveSyncedBoot(tx: SqlWriter, { boot, baseMs }: UnsyncedOrigin): Promise<void> {
  await tx.run('INSERT OR REPLACE INTO synced_boot (boot, base_ms) VALUES (?, ?)', [boot, baseMs]);
  await tx.run(
    `DELETE FROM synced_boot WHERE boot <> ?
       AND boot NOT IN (SELECT boot FROM message WHERE boot IS NOT NULL)`,
    [boot],
  );
}
