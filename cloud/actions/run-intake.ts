/**
 * Takes requests for runs. A run is stored in the same transaction as its cause and starts when that
 * is committed. Invariant: a slot held for a run is given back when the run is not stored after all.
 */
import type { Clock } from '../../core/clock.js';
import type { Database, SqlWriter } from '../../core/db/database.js';
import type { Closeable } from '../../core/lifecycle.js';
import { GroupCommit } from '../db/group-commit.js';
import { newRunOf, type RunRequest } from './run-request.js';
import { insertRuns, type NewRun, type StoredRun } from './run-store.js';

export interface Submitted {
  readonly runId: string;
  /** False when the same cause had asked for the same target before: nothing more starts. */
  readonly isNew: boolean;
}

/** Stores runs in the transaction that it was handed out for; one answer each, in order. @throws DATABASE_* */
export type Submit = (requests: readonly RunRequest[]) => Promise<Submitted[]>;

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
      this.transact((_tx, submit) => submit(requests)),
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
    const stored = new Set<StoredRun>();
    let result: T;
    try {
      result = await this.#database.transaction((tx) =>
        work(tx, (requests) => this.#store(tx, requests, stored)),
      );
    } catch (error) {
      for (const { run, isStarted } of stored) if (isStarted) this.#starter.giveBack(run.functionName);
      throw error;
    }
    for (const { run, isStarted } of stored) {
      if (isStarted) this.#starter.launch(run);
      else this.#starter.enqueue(run.id, run.functionName);
    }
    return result;
  }

  /** Stores what was submitted; refuses the rest. */
  close(): Promise<void> {
    return this.#submits.close();
  }

  async #store(tx: SqlWriter, requests: readonly RunRequest[], stored: Set<StoredRun>): Promise<Submitted[]> {
    const nowMs = this.#clock.now();
    const asked = requests.map((request): StoredRun => {
      const run = newRunOf(request, this.#starter.nameOf(request.target), nowMs);
      return { run, isStarted: this.#starter.reserve(run.functionName) };
    });
    // Before anything can fail, so that every slot is given back.
    for (const one of asked) stored.add(one);
    const added = await insertRuns(tx, asked);
    return asked.map((one) => {
      const { run, isStarted } = one;
      // Asked for twice in one go, the first is the one that was stored.
      const isNew = added.delete(run.id);
      if (!isNew) {
        stored.delete(one);
        if (isStarted) this.#starter.giveBack(run.functionName);
      }
      return { runId: run.id, isNew };
    });
  }
}
