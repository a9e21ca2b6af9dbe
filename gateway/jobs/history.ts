/**
 * The history of runs, in SQLite. A run is written when it begins and again when it ends, so that one
 * which a crash cut off is known as INTERRUPTED at the next start. Beside it lies what must outlive
 * runs: how far verification came, and what was told to people.
 */
import type { Database, Migrations, SqlRow } from '../../core/db/database.js';
import { openDatabase } from '../../core/db/open.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { HookRecord, RunCounts, RunKind, RunRecord, RunState } from './run-record.js';

const migrations: Migrations = [
  `
  CREATE TABLE runs (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    job TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    snapshot TEXT,
    counts TEXT NOT NULL,
    error TEXT,
    hooks TEXT NOT NULL,
    note TEXT
  );
  CREATE INDEX runs_by_job ON runs (job, kind, n);
  CREATE TABLE marks (
    job TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (job, name)
  );
  CREATE TABLE notices (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL,
    notice TEXT NOT NULL,
    created_ms INTEGER NOT NULL
  );
  `,
];

const dayMs = 86_400_000;

interface RunRow extends SqlRow {
  id: string;
  job: string;
  kind: string;
  state: string;
  started_ms: number;
  ended_ms: number | null;
  snapshot: string | null;
  counts: string;
  error: string | null;
  hooks: string;
  note: string | null;
}

export class RunHistory implements Closeable {
  readonly database: Database;

  private constructor(database: Database) {
    this.database = database;
  }

  /** The caller holds the instance lock of the folder. Runs found RUNNING become INTERRUPTED, ended at `nowMs`. */
  static async open(filePath: string, nowMs: number): Promise<RunHistory> {
    const database = await openDatabase({ filePath }, migrations);
    await database.run(
      `UPDATE runs SET state = 'INTERRUPTED', ended_ms = ?, error = ? WHERE state = 'RUNNING'`,
      [nowMs, 'The gateway was stopped in the middle of this run.'],
    );
    return new RunHistory(database);
  }

  close(): Promise<void> {
    return this.database.close();
  }

  /** Durable when it resolves. A later record of the same run takes the place of the earlier one. */
  async put(run: RunRecord): Promise<void> {
    await this.database.run(
      `INSERT INTO runs (id, job, kind, state, started_ms, ended_ms, snapshot, counts, error, hooks, note)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, ended_ms = excluded.ended_ms,
         snapshot = excluded.snapshot, counts = excluded.counts, error = excluded.error,
         hooks = excluded.hooks, note = excluded.note`,
      [
        run.id,
        run.job,
        run.kind,
        run.state,
        run.startedMs,
        run.endedMs,
        run.snapshotId,
        JSON.stringify(run.counts),
        run.error,
        JSON.stringify(run.hooks),
        run.note,
      ],
    );
  }

  async get(id: string): Promise<RunRecord | undefined> {
    const row = await this.database.get<RunRow>('SELECT * FROM runs WHERE id = ?', [id]);
    return row && recordOf(row);
  }

  /** Newest first. */
  async list(filter: { job?: string; limit: number }): Promise<RunRecord[]> {
    const rows = await this.database.all<RunRow>(
      'SELECT * FROM runs WHERE ? IS NULL OR job = ? ORDER BY n DESC LIMIT ?',
      [filter.job ?? null, filter.job ?? null, filter.limit],
    );
    return rows.map(recordOf);
  }

  /** The newest that has ended. */
  async last(job: string, kind: RunKind): Promise<RunRecord | undefined> {
    const row = await this.database.get<RunRow>(
      `SELECT * FROM runs WHERE job = ? AND kind = ? AND state <> 'RUNNING' ORDER BY n DESC LIMIT 1`,
      [job, kind],
    );
    return row && recordOf(row);
  }

  /** When the newest run that stored everything ended; undefined when there was none. */
  async lastSuccessMs(job: string): Promise<number | undefined> {
    const row = await this.database.get<{ ended_ms: number | null }>(
      `SELECT ended_ms FROM runs WHERE job = ? AND kind = 'backup' AND state = 'SUCCEEDED' ORDER BY n DESC LIMIT 1`,
      [job],
    );
    return row?.ended_ms ?? undefined;
  }

  /** Drops runs that ended before `keptDays` ago, but neither the newest nor the newest successful one of each job. */
  async dropOld(nowMs: number, keptDays: number): Promise<number> {
    const { changes } = await this.database.run(
      `DELETE FROM runs WHERE started_ms < ? AND state <> 'RUNNING' AND n NOT IN (
         SELECT max(n) FROM runs GROUP BY job, kind
         UNION SELECT max(n) FROM runs WHERE state = 'SUCCEEDED' GROUP BY job, kind)`,
      [nowMs - keptDays * dayMs],
    );
    return changes;
  }

  async mark(job: string, name: string): Promise<string | undefined> {
    const row = await this.database.get<{ value: string }>(
      'SELECT value FROM marks WHERE job = ? AND name = ?',
      [job, name],
    );
    return row?.value;
  }

  async setMark(job: string, name: string, value: string | undefined): Promise<void> {
    if (value === undefined) {
      await this.database.run('DELETE FROM marks WHERE job = ? AND name = ?', [job, name]);
      return;
    }
    await this.database.run(
      `INSERT INTO marks (job, name, value) VALUES (?, ?, ?)
       ON CONFLICT (job, name) DO UPDATE SET value = excluded.value`,
      [job, name, value],
    );
  }
}

function recordOf(row: RunRow): RunRecord {
  return {
    id: row.id,
    job: row.job,
    kind: row.kind as RunKind,
    state: row.state as RunState,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
    snapshotId: row.snapshot,
    counts: JSON.parse(row.counts) as RunCounts,
    error: row.error,
    hooks: JSON.parse(row.hooks) as HookRecord[],
    note: row.note,
  };
}
