/**
 * Jobs: made, cancelled, rolled out and ended. Whatever it changes for devices it hands back by name of
 * thing, so that they can be told once the change is durable.
 */
import type { Clock } from '../../core/clock.js';
import type { Database, SqlReader, SqlRow, SqlWriter } from '../../core/db/database.js';
import { type AbortRule, type CreateJob, type JobView, type Rollout, rollout } from '../../core/wire/jobs.js';
import { jobEnded, jobExists, jobInvalid, jobUnknown } from './errors.js';
import { executionsOf } from './executions.js';
import { abortReason, reachable, releasable, type Tally } from './rollout.js';

interface OpenJob {
  readonly id: string;
  readonly rollout: Rollout;
  readonly abort: AbortRule | undefined;
}

export interface Advanced {
  /** Those whose pending jobs changed. */
  readonly things: readonly string[];
  /** Whether the job itself or any execution changed. */
  readonly isChanged: boolean;
}

/** AWS IoT Core's limit. */
const maxDocumentBytes = 32_768;
const minuteMs = 60_000;
const failedStatuses = ['FAILED', 'REJECTED', 'TIMED_OUT'];

export class JobStore {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Nothing is released yet: `advance` does that. @throws JOB_EXISTS, JOB_INVALID */
  async create(request: CreateJob): Promise<void> {
    const document = JSON.stringify(request.document);
    if (Buffer.byteLength(document) > maxDocumentBytes) throw jobInvalid('its document has more than 32 KB');
    const nowMs = this.#clock.now();
    await this.#database.transaction(async (tx) => {
      if ((await tx.get('SELECT 1 FROM job WHERE id = ?', [request.id])) !== undefined)
        throw jobExists(request.id);
      const things = await targetsOf(tx, request.targets);
      await tx.run(
        `INSERT INTO job (id, description, document, rollout, abort, timeout_min, url_seconds, status, created_ms, version)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'IN_PROGRESS', ?, 1)`,
        [
          request.id,
          request.description,
          document,
          JSON.stringify(request.rollout),
          request.abort === undefined ? null : JSON.stringify(request.abort),
          request.timeoutMinutes ?? null,
          request.presignedUrlSeconds,
          nowMs,
        ],
      );
      const sql = `INSERT INTO job_execution (job, thing, status, updated_ms) VALUES (?, ?, 'WAITING', ?)`;
      for (const thing of things) await tx.run(sql, [request.id, thing, nowMs]);
    });
  }

  /** Newest first, at most 500. */
  async list(): Promise<JobView[]> {
    const rows = await this.#database.all('SELECT * FROM job ORDER BY created_ms DESC, id LIMIT 500');
    return Promise.all(rows.map((row) => viewOf(this.#database, row)));
  }

  /** Without its executions. @throws JOB_UNKNOWN */
  async summary(id: string): Promise<JobView> {
    const row = await this.#database.get('SELECT * FROM job WHERE id = ?', [id]);
    if (row === undefined) throw jobUnknown(id);
    return viewOf(this.#database, row);
  }

  /** With its executions. @throws JOB_UNKNOWN */
  async get(id: string): Promise<JobView> {
    const summary = await this.summary(id);
    const executions = (await executionsOf(this.#database, id)).map((execution) => ({
      thing: execution.thing,
      status: execution.status,
      statusDetails: { ...execution.statusDetails },
      queuedAt: isoOrNull(execution.queuedMs),
      startedAt: isoOrNull(execution.startedMs),
      updatedAt: new Date(execution.updatedMs).toISOString(),
      version: execution.version,
    }));
    return { ...summary, executions };
  }

  /** The things whose pending jobs changed. @throws JOB_UNKNOWN, JOB_ENDED */
  cancel(id: string, reason: string, force: boolean): Promise<string[]> {
    return this.#database.transaction(async (tx) => {
      const row = await tx.get<{ status: string }>('SELECT status FROM job WHERE id = ?', [id]);
      if (row === undefined) throw jobUnknown(id);
      const open = await tx.get(
        `SELECT 1 FROM job_execution WHERE job = ? AND status IN ('WAITING', 'QUEUED', 'IN_PROGRESS')`,
        [id],
      );
      if (row.status === 'COMPLETED' || open === undefined) throw jobEnded(id);
      return this.#cancel(tx, id, reason, force);
    });
  }

  /** Every job that is under way, oldest first. */
  async openJobs(): Promise<string[]> {
    const sql = `SELECT id FROM job WHERE status = 'IN_PROGRESS' ORDER BY created_ms, id`;
    return (await this.#database.all<{ id: string }>(sql)).map(({ id }) => id);
  }

  /** Ends what has run too long. The executions that were ended. */
  expire(): Promise<{ job: string; thing: string }[]> {
    const nowMs = this.#clock.now();
    return this.#database.transaction(async (tx) => {
      const due = await tx.all<{ job: string; thing: string }>(
        `SELECT job, thing FROM job_execution
         WHERE status = 'IN_PROGRESS' AND (deadline_ms <= CAST(? AS INTEGER) OR step_deadline_ms <= CAST(? AS INTEGER))
         LIMIT 1000`,
        [nowMs, nowMs],
      );
      for (const { job, thing } of due) {
        await tx.run(
          `UPDATE job_execution SET status = 'TIMED_OUT', updated_ms = ?, version = version + 1
           WHERE job = ? AND thing = ? AND status = 'IN_PROGRESS'`,
          [nowMs, job, thing],
        );
      }
      return due;
    });
  }

  /** Takes the job as far as its rules allow now. */
  advance(id: string): Promise<Advanced> {
    return this.#database.transaction(async (tx) => {
      const job = await openJob(tx, id);
      if (job === undefined) return { things: [], isChanged: false };
      const tally = await tallyOf(tx, id);
      const reason = abortReason(job.abort, tally);
      if (reason !== undefined) {
        return { things: await this.#cancel(tx, id, reason, false), isChanged: true };
      }
      const things = await this.#release(tx, job, tally);
      const reached = reachable(job.rollout, tally.total);
      const isOver = tally.ended >= reached && tally.released >= reached;
      if (isOver) await this.#complete(tx, id);
      return { things, isChanged: isOver || things.length > 0 };
    });
  }

  async #release(tx: SqlWriter, job: OpenJob, tally: Tally): Promise<string[]> {
    const nowMs = this.#clock.now();
    const lately = await tx.get<{ n: number }>(
      'SELECT count(*) AS n FROM job_execution WHERE job = ? AND queued_ms > CAST(? AS INTEGER)',
      [job.id, nowMs - minuteMs],
    );
    const perMinute = job.rollout.maximumPerMinute - (lately?.n ?? 0);
    const count = Math.min(releasable(job.rollout, tally), perMinute);
    if (count <= 0) return [];
    const rows = await tx.all<{ thing: string }>(
      `SELECT thing FROM job_execution WHERE job = ? AND status = 'WAITING' ORDER BY n LIMIT ?`,
      [job.id, count],
    );
    for (const { thing } of rows) {
      await tx.run(
        `UPDATE job_execution SET status = 'QUEUED', queued_ms = ?, updated_ms = ?
         WHERE job = ? AND thing = ? AND status = 'WAITING'`,
        [nowMs, nowMs, job.id, thing],
      );
    }
    return rows.map(({ thing }) => thing);
  }

  async #complete(tx: SqlWriter, id: string): Promise<void> {
    const nowMs = this.#clock.now();
    await tx.run(
      `UPDATE job SET status = 'COMPLETED', ended_ms = ?, version = version + 1 WHERE id = ? AND status = 'IN_PROGRESS'`,
      [nowMs, id],
    );
    // The rest of a roll-out that was not meant for all.
    await tx.run(`UPDATE job_execution SET status = 'REMOVED' WHERE job = ? AND status = 'WAITING'`, [id]);
  }

  async #cancel(tx: SqlWriter, id: string, reason: string, force: boolean): Promise<string[]> {
    const nowMs = this.#clock.now();
    const which = force ? `'QUEUED', 'IN_PROGRESS'` : `'QUEUED'`;
    const told = await tx.all<{ thing: string }>(
      `SELECT thing FROM job_execution WHERE job = ? AND status IN (${which}) LIMIT 10000`,
      [id],
    );
    await tx.run(
      `UPDATE job_execution SET status = 'CANCELED', updated_ms = ?, version = version + 1
       WHERE job = ? AND status IN ('WAITING', ${which})`,
      [nowMs, id],
    );
    await tx.run(
      `UPDATE job SET status = 'CANCELED', reason = ?, ended_ms = ?, version = version + 1 WHERE id = ?`,
      [reason, nowMs, id],
    );
    return told.map(({ thing }) => thing);
  }
}

async function targetsOf(tx: SqlReader, targets: CreateJob['targets']): Promise<string[]> {
  const rows = await tx.all<{ name: string }>('SELECT name FROM thing ORDER BY name LIMIT 10000');
  const known = rows.map(({ name }) => name);
  if (targets === 'all') {
    if (known.length === 0) throw jobInvalid('there are no devices');
    return known;
  }
  const names = new Set(known);
  const wanted = [...new Set(targets)];
  const missing = wanted.filter((thing) => !names.has(thing));
  if (missing.length > 0) throw jobInvalid(`there is no device "${missing.slice(0, 5).join('", "')}"`);
  return wanted;
}

async function openJob(tx: SqlReader, id: string): Promise<OpenJob | undefined> {
  const row = await tx.get(`SELECT * FROM job WHERE id = ? AND status = 'IN_PROGRESS'`, [id]);
  if (row === undefined) return undefined;
  return {
    id,
    rollout: rollout.parse(JSON.parse(String(row['rollout']))),
    abort: row['abort'] === null ? undefined : (JSON.parse(String(row['abort'])) as AbortRule),
  };
}

async function countsOf(reader: SqlReader, id: string): Promise<Record<string, number>> {
  const sql = 'SELECT status, count(*) AS n FROM job_execution WHERE job = ? GROUP BY status ORDER BY status';
  const rows = await reader.all<{ status: string; n: number }>(sql, [id]);
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

async function tallyOf(reader: SqlReader, id: string): Promise<Tally> {
  const counts = await countsOf(reader, id);
  const sum = (statuses: readonly string[]) =>
    statuses.reduce((total, status) => total + (counts[status] ?? 0), 0);
  const total = sum(Object.keys(counts));
  const released = total - sum(['WAITING']);
  return {
    total,
    released,
    ended: released - sum(['QUEUED', 'IN_PROGRESS']),
    failed: sum(failedStatuses),
    succeeded: sum(['SUCCEEDED']),
  };
}

async function viewOf(reader: SqlReader, row: SqlRow): Promise<JobView> {
  const id = String(row['id']);
  return {
    id,
    description: String(row['description']),
    status: String(row['status']) as JobView['status'],
    reason: row['reason'] === null ? null : String(row['reason']),
    document: JSON.parse(String(row['document'])) as JobView['document'],
    rollout: rollout.parse(JSON.parse(String(row['rollout']))),
    abort: row['abort'] === null ? null : (JSON.parse(String(row['abort'])) as AbortRule),
    timeoutMinutes: row['timeout_min'] === null ? null : Number(row['timeout_min']),
    presignedUrlSeconds: Number(row['url_seconds']),
    createdAt: new Date(Number(row['created_ms'])).toISOString(),
    endedAt: isoOrNull(row['ended_ms'] === null ? null : Number(row['ended_ms'])),
    counts: await countsOf(reader, id),
  };
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
