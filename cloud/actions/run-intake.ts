/**
 * Takes requests for runs. A run is stored in the same transaction as its cause and starts when that
 * is committed. Invariant: a slot held for a run is given back when the run is not stored after all.
 */
import type { Clock } from '../../core/clock.js';
import type { Database, SqlWriter } from '../../core/db/database.js';
import type { Closeable } from '../../core/lifecycle.js';
import { GroupCommit } from '../db/group-commit.js';
import { newRunOf, type RunRequest } from './run-request.js';
import { insertRun, type NewRun } from './run-store.js';

export interface Submitted {
  readonly runId: string;
  /** False when the same cause had asked for the same target before: nothing more starts. */
  readonly isNew: boolean;
}

/** Stores a run in the transaction that it was handed out for. @throws DATABASE_* */
export type Submit = (request: RunRequest) => Promise<Submitted>;

/** Who starts runs. */
export interface Starter {
  /** The one name under which a target runs. */
  nameOf(target: string): string;
  /** Holds a slot for a run about to be stored; then exactly one of `launch`, `giveBack` follows. */
  reserve(functionName: string): boolean;
  giveBack(functionName: string): void;
  /** Starts a run that was stored as RUNNING, in the slot held for it. */
  launch(run: NewRun): void;
  /** Queues a run that was stored as PENDING. */
  enqueue(id: string, functionName: string): void;
}

interface StoredRun {
  readonly run: NewRun;
  readonly reserved: boolean;
}

export class RunIntake implements Closeable {
  readonly #database: Database;
  readonly #starter: Starter;
  readonly #clock: Clock;
  readonly #submits: GroupCommit<RunRequest, Submitted>;

  constructor(database: Database, starter: Starter, clock: Clock) {
    this.#database = database;
    this.#starter = starter;
    this.#clock = clock;
    this.#submits = new GroupCommit((requests: readonly RunRequest[]) =>
      this.transact(async (_tx, submit) => {
        const submitted: Submitted[] = [];
        for (const request of requests) submitted.push(await submit(request));
        return submitted;
      }),
    );
  }

  /** Resolves when the run is durable and under way, or queued. @throws DATABASE_* */
  submit(request: RunRequest): Promise<Submitted> {
    return this.#submits.add(request);
  }

  /**
   * Runs `work` in one transaction; what it submits is stored with it, and starts once it is committed.
   * @throws whatever `work` throws, DATABASE_*; then nothing was stored and nothing starts.
   */
  async transact<T>(work: (tx: SqlWriter, submit: Submit) => Promise<T>): Promise<T> {
    const stored: StoredRun[] = [];
    let result: T;
    try {
      result = await this.#database.transaction((tx) =>
        work(tx, (request) => this.#store(tx, request, stored)),
      );
    } catch (error) {
      for (const { run, reserved } of stored) if (reserved) this.#starter.giveBack(run.functionName);
      throw error;
    }
    for (const { run, reserved } of stored) {
      if (reserved) this.#starter.launch(run);
      else this.#starter.enqueue(run.id, run.functionName);
    }
    return result;
  }

  /** Stores what was submitted; refuses the rest. */
  close(): Promise<void> {
    return this.#submits.close();
  }

  async #store(tx: SqlWriter, request: RunRequest, stored: StoredRun[]): Promise<Submitted> {
    const run = newRunOf(request, this.#starter.nameOf(request.target), this.#clock.now());
    const reserved = this.#starter.reserve(run.functionName);
    const one = { run, reserved };
    stored.push(one);
    const { sql, params } = insertRun(run, reserved);
    const { changes } = await tx.run(sql, params);
    if (changes === 1) return { runId: run.id, isNew: true };
    stored.splice(stored.indexOf(one), 1);
    if (reserved) this.#starter.giveBack(run.functionName);
    return { runId: run.id, isNew: false };
  }
}
