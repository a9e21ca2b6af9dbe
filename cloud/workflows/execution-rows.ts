/** Executions in the database: rows, statements and views. */
import type { SqlRow, SqlStatement } from '../../core/db/database.js';
import type { ExecutionPosition, ExecutionView } from '../../core/wire/workflows.js';
import type { Definition } from './definition.js';
import type { Advance } from './machine.js';
import type { Json } from './reference-path.js';
import type { HistoryEvent, Snapshot, Token } from './snapshot.js';
import { TokenTree } from './token-tree.js';

/** An execution that is under way, as it is held in memory. */
export interface Execution {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly thing: string | null;
  readonly input: Json;
  readonly startedMs: number;
  readonly definition: Definition;
  readonly snapshot: Snapshot;
}

export interface ExecutionRow extends SqlRow {
  n: number;
  id: string;
  workflow: string;
  version: number;
  thing: string | null;
  state: ExecutionView['state'];
  input: string;
  output: string | null;
  error: string | null;
  cause: string | null;
  started_ms: number;
  ended_ms: number | null;
  snapshot: string | null;
}

/** Of what went through a state, the history keeps so much. */
const keptCharacters = 16_384;

export function insertExecution(execution: Execution): SqlStatement {
  return {
    sql: `INSERT INTO executions (id, workflow, version, thing, state, input, started_ms, snapshot)
          VALUES (?, ?, ?, ?, 'RUNNING', ?, ?, ?)`,
    params: [
      execution.id,
      execution.workflow,
      execution.version,
      execution.thing,
      JSON.stringify(execution.input),
      execution.startedMs,
      JSON.stringify(execution.snapshot),
    ],
  };
}

export function advanceStatements(
  id: string,
  { snapshot, history, end }: Advance,
  nowMs: number,
): SqlStatement[] {
  const events = history.map((event, at) =>
    insertEvent(id, snapshot.events - history.length + at, event, nowMs),
  );
  if (end === undefined) {
    const sql = 'UPDATE executions SET snapshot = ? WHERE id = ?';
    return [{ sql, params: [JSON.stringify(snapshot), id] }, ...events];
  }
  const ok = end.state === 'SUCCEEDED';
  const sql = `UPDATE executions SET state = ?, output = ?, error = ?, cause = ?, ended_ms = ?, snapshot = NULL
               WHERE id = ?`;
  const output = ok ? JSON.stringify(end.output) : null;
  const params = [end.state, output, ok ? null : end.error, ok ? null : end.cause, nowMs, id];
  return [{ sql, params }, ...events];
}

export function insertEvent(id: string, n: number, event: HistoryEvent, nowMs: number): SqlStatement {
  const detail = JSON.stringify(event.detail);
  const kept = detail.length <= keptCharacters ? detail : JSON.stringify({ leftOut: detail.length });
  return {
    sql: 'INSERT INTO execution_events (execution, n, time_ms, type, state, detail) VALUES (?, ?, ?, ?, ?, ?)',
    params: [id, n, nowMs, event.type, event.state, kept],
  };
}

export function rowView(row: ExecutionRow, at: ExecutionPosition[]): ExecutionView {
  return {
    id: row.id,
    workflow: row.workflow,
    version: row.version,
    thing: row.thing,
    state: row.state,
    startedAt: new Date(row.started_ms).toISOString(),
    endedAt: row.ended_ms === null ? null : new Date(row.ended_ms).toISOString(),
    error: row.error,
    cause: row.cause,
    at,
  };
}

const waits = { ready: 'nothing', task: 'task', wait: 'time', retry: 'retry', branches: 'branches' } as const;

export function positionsOf(definition: Definition, snapshot: Snapshot): ExecutionPosition[] {
  const tree = new TokenTree(definition, snapshot);
  return tree.all.map((token: Token) => ({
    state: tree.pathOf(token),
    since: new Date(token.enteredMs).toISOString(),
    waitsFor: waits[token.wait.kind],
    until:
      'dueMs' in token.wait && token.wait.dueMs !== null ? new Date(token.wait.dueMs).toISOString() : null,
  }));
}
