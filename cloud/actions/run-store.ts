/**
 * Runs in the database. A run is PENDING (to be started), RUNNING (started, outcome not known),
 * SUCCEEDED or FAILED; a run found RUNNING at start-up was cut off and is started again.
 */
import type { Database, SqlRow, SqlWriter } from '../../core/db/database.js';
import type { RunSource, RunView } from '../../core/wire/api.js';
import { MultiRow } from '../db/multi-row.js';

export interface NewRun {
  readonly id: string;
  readonly source: RunSource;
  readonly thing: string | null;
  /** The name of a function, or an ARN. */
  readonly functionName: string;
  /** As JSON; the same for every attempt. */
  readonly event: string;
  readonly createdMs: number;
}

/** A run under way. */
export interface StartedRun extends NewRun {
  /** 1 for the first start; every further start adds one. */
  readonly attempt: number;
  /** How many attempts ended with an error, since it was last replayed. */
  readonly failures: number;
  /** How often somebody took it out of the dead-letter list to run it anew. */
  readonly replays: number;
  readonly startedMs: number;
}

export interface OpenRun {
  readonly id: string;
  readonly functionName: string;
  /** When it is to be tried again; null for as soon as possible. */
  readonly dueMs: number | null;
}

export interface RunEnd {
  readonly id: string;
  readonly state: 'SUCCEEDED' | 'FAILED' | 'PENDING';
  readonly failures: number;
  /** For PENDING: when it is tried again. */
  readonly dueMs: number | null;
  readonly endedMs: number;
  readonly durationMs: number;
  readonly error: string | null;
  readonly log: string;
  /** For a workflow's step: what it returned, or its error, as JSON. */
  readonly result: string | null;
}

export const runColumns = `id, source_kind, source_id, thing, function_name, state, attempt, failures, replays, event, created_ms,
  started_ms, ended_ms, duration_ms, error`;

export interface RunRow extends SqlRow {
  id: string;
  source_kind: RunSource['kind'];
  source_id: string;
  thing: string | null;
  function_name: string;
  state: RunView['state'];
  attempt: number;
  failures: number;
  replays: number;
  event: string;
  created_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
  duration_ms: number | null;
  error: string | null;
}

/** A run as it is stored with its cause. */
export interface StoredRun {
  readonly run: NewRun;
  /** A slot is held, the run starts after the commit. */
  readonly isStarted: boolean;
}

/** For the transaction that stores the causes. Returns the ids of those that were not there before. */
export async function insertRuns(tx: SqlWriter, runs: readonly StoredRun[]): Promise<Set<string>> {
  const added = new Set<string>();
  for (const { sql, params } of newRuns.statements(runs)) {
    for (const { id } of await tx.all<{ id: string }>(sql, params)) added.add(id);
  }
  return added;
}

export class RunStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Makes cut-off runs startable again and lists all that are open, oldest first. */
  async recover(): Promise<OpenRun[]> {
    await this.#database.run(`UPDATE runs SET state = 'PENDING', due_ms = NULL WHERE state = 'RUNNING'`);
    const rows = await this.#database.all<{ id: string; function_name: string; due_ms: number | null }>(
      `SELECT id, function_name, due_ms FROM runs WHERE state = 'PENDING' ORDER BY n`,
    );
    return rows.map((row) => ({ id: row.id, functionName: row.function_name, dueMs: row.due_ms }));
  }

  /** Marks them RUNNING, durably; undefined for one that is not PENDING. */
  async start(ids: readonly string[], nowMs: number): Promise<(StartedRun | undefined)[]> {
    const rows = await this.#database.all<RunRow>(
      `UPDATE runs SET state = 'RUNNING', attempt = attempt + 1, started_ms = ?, ended_ms = NULL,
         duration_ms = NULL, due_ms = NULL
       WHERE id IN (SELECT value FROM json_each(?)) AND state = 'PENDING' RETURNING ${runColumns}`,
      [nowMs, JSON.stringify(ids)],
    );
    const started = new Map(rows.map((row) => [row.id, startedOf(row, nowMs)]));
    return ids.map((id) => started.get(id));
  }

  async end(ends: readonly RunEnd[]): Promise<void> {
    await this.#database.batch([
      ...keepResults.statements(ends.filter(({ result }) => result !== null)),
      ...endRuns.statements(ends),
      ...keepLogs.statements(ends.filter(({ log }) => log !== '')),
    ]);
  }

  /** Newest first. */
  async list(thing: string | undefined, limit: number): Promise<RunView[]> {
    const rows =
      thing === undefined
        ? await this.#database.all<RunRow>(`SELECT ${runColumns} FROM runs ORDER BY n DESC LIMIT ?`, [limit])
        : await this.#database.all<RunRow>(
            `SELECT ${runColumns} FROM runs WHERE thing = ? ORDER BY n DESC LIMIT ?`,
            [thing, limit],
          );
    return rows.map(runViewOf);
  }

  /** With its log. */
  async get(id: string): Promise<RunView | undefined> {
    const row = await this.#database.get<RunRow & { log: string | null }>(
      `SELECT ${runColumns}, log FROM runs LEFT JOIN run_logs ON run_id = id WHERE id = ?`,
      [id],
    );
    return row && { ...runViewOf(row), log: row.log ?? '' };
  }
}

const newRuns = new MultiRow<StoredRun>(
  {
    head: `INSERT INTO runs (id, source_kind, source_id, thing, function_name, state, attempt, event, created_ms,
      started_ms)`,
    columns: 10,
    tail: 'ON CONFLICT (id) DO NOTHING RETURNING id',
  },
  ({ run, isStarted }, params) => {
    const { id, source, thing, functionName, event, createdMs } = run;
    const [state, attempt] = isStarted ? ['RUNNING', 1] : ['PENDING', 0];
    const startedMs = isStarted ? createdMs : null;
    params.push(id, source.kind, source.id, thing, functionName, state, attempt, event, createdMs, startedMs);
  },
);
/** Of the attempts that gave one; the first stands. */
const keepResults = new MultiRow<RunEnd>(
  {
    head: 'INSERT INTO run_results (run_id, result)',
    columns: 2,
    tail: 'ON CONFLICT (run_id) DO NOTHING',
  },
  ({ id, result }, params) => void params.push(id, result),
);
const endRuns = new MultiRow<RunEnd>(
  {
    head: `UPDATE runs SET state = v.column2, failures = v.column3, due_ms = v.column4, ended_ms = v.column5,
             duration_ms = v.column6, error = v.column7 FROM (`,
    columns: 7,
    tail: ') AS v WHERE runs.id = v.column1',
  },
  (end, params) =>
    void params.push(end.id, end.state, end.failures, end.dueMs, end.endedMs, end.durationMs, end.error),
);
/** The logs of earlier attempts stay in front; the whole stays bounded by the number of attempts. */
const keepLogs = new MultiRow<RunEnd>(
  {
    head: 'INSERT INTO run_logs (run_id, log)',
    columns: 2,
    tail: 'ON CONFLICT (run_id) DO UPDATE SET log = substr(log || excluded.log, -262144)',
  },
  ({ id, log }, params) => void params.push(id, log),
);

function startedOf(row: RunRow, nowMs: number): StartedRun {
  return {
    id: row.id,
    source: { kind: row.source_kind, id: row.source_id },
    thing: row.thing,
    functionName: row.function_name,
    event: row.event,
    createdMs: row.created_ms,
    attempt: row.attempt,
    failures: row.failures,
    replays: row.replays,
    startedMs: nowMs,
  };
}

export function runViewOf(row: RunRow): RunView {
  return {
    id: row.id,
    source: { kind: row.source_kind, id: row.source_id },
    thing: row.thing,
    functionName: row.function_name,
    state: row.state,
    attempt: row.attempt,
    createdAt: new Date(row.created_ms).toISOString(),
    startedAt: isoTime(row.started_ms),
    endedAt: isoTime(row.ended_ms),
    durationMs: row.duration_ms,
    error: row.error,
  };
}

function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
