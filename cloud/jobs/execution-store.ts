/**
 * What a device does with its jobs. Each change is one transaction, conditional on the version read in
 * it and durable when its promise resolves.
 */
import type { Clock } from '../../core/clock.js';
import type { Database, SqlWriter } from '../../core/db/database.js';
import type { DescribeRequest, JobRejection, StartNextRequest, UpdateRequest } from './device-requests.js';
import {
  documentOf,
  type Execution,
  findExecution,
  type JobDocument,
  pendingOf,
  pendingStatuses,
  wireState,
} from './executions.js';

export interface Described {
  readonly execution: Execution;
  readonly document: JobDocument | undefined;
}

export interface Updated extends Described {
  readonly ended: boolean;
}

const minuteMs = 60_000;
const nextAlias = '$next';

export class ExecutionStore {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  pending(thing: string): Promise<Execution[]> {
    return pendingOf(this.#database, thing);
  }

  /** The execution that a device should do now, with its document; undefined when nothing is pending. */
  async next(thing: string): Promise<Described | undefined> {
    const [execution] = await pendingOf(this.#database, thing);
    if (execution === undefined) return undefined;
    return { execution, document: await documentOf(this.#database, execution.job) };
  }

  /** `job` may be `$next`. Undefined when nothing is pending there. */
  async describe(
    thing: string,
    job: string,
    { executionNumber, includeJobDocument }: DescribeRequest,
  ): Promise<Described | JobRejection | undefined> {
    const execution =
      job === nextAlias
        ? (await pendingOf(this.#database, thing))[0]
        : await findExecution(this.#database, thing, job);
    if (execution === undefined) return job === nextAlias ? undefined : notFound(job);
    if (executionNumber !== undefined && executionNumber !== 1) return notFound(job);
    if (!pendingStatuses.includes(execution.status)) {
      return { code: 'TerminalStateReached', message: `Job ${job} has ended (${execution.status}).` };
    }
    const document = includeJobDocument ? await documentOf(this.#database, execution.job) : undefined;
    return { execution, document };
  }

  /** Starts what is next; one that runs already is answered as it is. */
  startNext(thing: string, request: StartNextRequest): Promise<Described | undefined> {
    return this.#database.transaction(async (tx) => {
      const [next] = await pendingOf(tx, thing);
      if (next === undefined) return undefined;
      const document = await documentOf(tx, next.job);
      if (next.status === 'IN_PROGRESS') return { execution: next, document };
      const changed = await this.#write(tx, next, { ...request, status: 'IN_PROGRESS' });
      return { execution: changed, document };
    });
  }

  update(thing: string, job: string, request: UpdateRequest): Promise<Updated | JobRejection> {
    return this.#database.transaction(async (tx): Promise<Updated | JobRejection> => {
      const execution = await findExecution(tx, thing, job);
      const { executionNumber, expectedVersion, status } = request;
      if (execution === undefined || (executionNumber ?? 1) !== 1) return notFound(job);
      const executionState = wireState(execution);
      if (!pendingStatuses.includes(execution.status)) {
        const message = `Job ${job} has ended (${execution.status}).`;
        return { code: 'InvalidStateTransition', message, executionState };
      }
      if (expectedVersion !== undefined && expectedVersion !== execution.version) {
        const message = `Expected version ${expectedVersion}, but it is ${execution.version}.`;
        return { code: 'VersionMismatch', message, executionState };
      }
      const changed = await this.#write(tx, execution, request);
      const document = request.includeJobDocument ? await documentOf(tx, job) : undefined;
      return { execution: changed, document, ended: status !== 'IN_PROGRESS' };
    });
  }

  async #write(
    tx: SqlWriter,
    before: Execution,
    request: Pick<UpdateRequest, 'status' | 'statusDetails' | 'stepTimeoutInMinutes'>,
  ): Promise<Execution> {
    const nowMs = this.#clock.now();
    const { status, stepTimeoutInMinutes: step } = request;
    const runs = status === 'IN_PROGRESS';
    const statusDetails = request.statusDetails ?? before.statusDetails;
    const startedMs = before.startedMs ?? (runs ? nowMs : null);
    await tx.run(
      `UPDATE job_execution SET status = ?, status_details = ?, started_ms = ?, updated_ms = ?,
         version = version + 1,
         deadline_ms = CASE WHEN ? IS NULL THEN NULL ELSE
           (SELECT CAST(? AS INTEGER) + timeout_min * ${minuteMs} FROM job WHERE id = job_execution.job) END,
         step_deadline_ms = CASE WHEN ? THEN step_deadline_ms ELSE ? END
       WHERE job = ? AND thing = ? AND version = ?`,
      [
        status,
        JSON.stringify(statusDetails),
        startedMs,
        nowMs,
        startedMs,
        startedMs,
        runs && step === undefined ? 1 : 0,
        runs && step !== undefined && step > 0 ? nowMs + step * minuteMs : null,
        before.job,
        before.thing,
        before.version,
      ],
    );
    return { ...before, status, statusDetails, startedMs, updatedMs: nowMs, version: before.version + 1 };
  }
}

function notFound(job: string): JobRejection {
  return { code: 'ResourceNotFound', message: `There is no execution of job ${job} for this thing.` };
}
