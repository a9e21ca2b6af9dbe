/** Executions as rows, and the questions that devices ask of them. All functions run in the caller's transaction. */
import type { SqlReader, SqlRow } from '../../core/db/database.js';
import type { JsonObject } from '../../core/json.js';
import type { ExecutionStatus } from '../../core/wire/jobs.js';

export interface Execution {
  readonly job: string;
  readonly thing: string;
  readonly status: ExecutionStatus | 'WAITING';
  readonly statusDetails: Readonly<Record<string, string>>;
  readonly queuedMs: number | null;
  readonly startedMs: number | null;
  readonly updatedMs: number;
  readonly version: number;
}

export const pendingStatuses: readonly string[] = ['QUEUED', 'IN_PROGRESS'];

/** As it was made: what a device gets of it is the affair of `JobDocuments`. */
export interface JobDocument {
  readonly content: JsonObject;
  /** How long presigned URLs in it are valid, from when it is handed out. */
  readonly urlSeconds: number;
}

const columns = `SELECT job, thing, status, status_details, queued_ms, started_ms, updated_ms, version
  FROM job_execution`;
/** Running ones first, then in the order of creation. */
const inOrder = `ORDER BY status = 'QUEUED', n`;
const maxListed = 200;

/** What the device is to do, in order, at most 200. */
export async function pendingOf(reader: SqlReader, thing: string): Promise<Execution[]> {
  const sql = `${columns} WHERE thing = ? AND status IN ('QUEUED', 'IN_PROGRESS') ${inOrder} LIMIT ${maxListed}`;
  return (await reader.all(sql, [thing])).map(executionOf);
}

export async function findExecution(
  reader: SqlReader,
  thing: string,
  job: string,
): Promise<Execution | undefined> {
  const sql = `${columns} WHERE thing = ? AND job = ? AND status <> 'WAITING'`;
  const row = await reader.get(sql, [thing, job]);
  return row === undefined ? undefined : executionOf(row);
}

export async function executionsOf(reader: SqlReader, job: string): Promise<Execution[]> {
  return (await reader.all(`${columns} WHERE job = ? ORDER BY n LIMIT 10000`, [job])).map(executionOf);
}

export async function documentOf(reader: SqlReader, job: string): Promise<JobDocument> {
  const sql = 'SELECT document, url_seconds FROM job WHERE id = ?';
  const row = await reader.get<{ document: string; url_seconds: number }>(sql, [job]);
  if (row === undefined) return { content: {}, urlSeconds: 0 };
  return { content: JSON.parse(row.document) as JsonObject, urlSeconds: row.url_seconds };
}

/** As devices get it, without the document. Times are whole seconds, as AWS sends them over MQTT. */
export function wireExecution(execution: Execution): JsonObject {
  const { statusDetails } = execution;
  return {
    ...wireSummary(execution),
    thingName: execution.thing,
    status: execution.status,
    ...(Object.keys(statusDetails).length > 0 && { statusDetails }),
  };
}

/** As in lists of pending ones. */
export function wireSummary({ job, queuedMs, startedMs, updatedMs, version }: Execution): JsonObject {
  return {
    jobId: job,
    ...(queuedMs !== null && { queuedAt: seconds(queuedMs) }),
    ...(startedMs !== null && { startedAt: seconds(startedMs) }),
    lastUpdatedAt: seconds(updatedMs),
    versionNumber: version,
    // A job runs once on each device.
    executionNumber: 1,
  };
}

/** What a rejected update carries. */
export function wireState({ status, statusDetails, version }: Execution): JsonObject {
  return { status, statusDetails, versionNumber: version };
}

export function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

function executionOf(row: SqlRow): Execution {
  const orNull = (value: unknown) => (typeof value === 'number' ? value : null);
  return {
    job: String(row['job']),
    thing: String(row['thing']),
    status: String(row['status']) as Execution['status'],
    statusDetails: JSON.parse(String(row['status_details'])) as Record<string, string>,
    queuedMs: orNull(row['queued_ms']),
    startedMs: orNull(row['started_ms']),
    updatedMs: Number(row['updated_ms']),
    version: Number(row['version']),
  };
}
