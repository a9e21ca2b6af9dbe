/**
 * Runs executions. Every move is committed, with the runs that it asks for, before anything acts on it;
 * a task's run carries the execution and its step, so that it starts once, and is repeated (marked as
 * such) only when it was cut off itself.
 * Invariant: one move of an execution at a time; what is in memory is what was committed last.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Database, SqlWriter } from '../../core/db/database.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { ExecutionView } from '../../core/wire/workflows.js';
import type { Submit } from '../actions/run-intake.js';
import type { RunEnd, StartedRun } from '../actions/run-store.js';
import { executionEnded, executionUnknown } from './errors.js';
import {
  advanceStatements,
  type Execution,
  type ExecutionRow,
  insertExecution,
  positionsOf,
} from './execution-rows.js';
import { endOfRow, factsOf, outcomeOf, requestOf, type StoredEnd } from './execution-values.js';
import { type Advance, Machine } from './machine.js';
import type { Json } from './reference-path.js';
import { nextDueMs } from './snapshot.js';
import type { SavedWorkflow, WorkflowStore } from './workflow-store.js';

/** Who stores runs in a transaction of ours and starts them after it. */
export interface Transactor {
  transact<T>(work: (tx: SqlWriter, submit: Submit) => Promise<T>): Promise<T>;
}

export interface WorkflowEngineOptions {
  readonly database: Database;
  readonly store: WorkflowStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Gives 0 to 1, for retries with jitter. */
  readonly random: () => number;
  /** Told after every move. */
  readonly onMove: (view: ExecutionView) => void;
  /** Told once, after the last move. */
  readonly onEnd: (id: string, end: StoredEnd) => void;
}

interface Live {
  execution: Execution;
  timer: Timer | undefined;
  /** Moves run one after the other. */
  tail: Promise<unknown>;
}

/** Timers of the platform overflow beyond 24 days; a longer wait is looked at again once a day. */
const longestTimerMs = 86_400_000;
const retryMs = 5_000;

export class WorkflowEngine implements Closeable {
  readonly #options: WorkflowEngineOptions;
  readonly #live = new Map<string, Live>();
  readonly #transactor: Promise<Transactor>;
  #setTransactor: (transactor: Transactor) => void = () => {};
  #closed = false;

  private constructor(options: WorkflowEngineOptions) {
    this.#options = options;
    this.#transactor = new Promise((resolve) => {
      this.#setTransactor = resolve;
    });
  }

  /** Reads what an earlier process left; `start` takes it up. */
  static async open(options: WorkflowEngineOptions): Promise<WorkflowEngine> {
    const engine = new WorkflowEngine(options);
    const rows = await options.database.all<ExecutionRow>(
      `SELECT * FROM executions WHERE state = 'RUNNING' ORDER BY n`,
    );
    for (const row of rows) {
      const { checked } = await options.store.definitionOf(row.workflow, row.version);
      engine.#hold({
        id: row.id,
        workflow: row.workflow,
        version: row.version,
        thing: row.thing,
        input: JSON.parse(row.input) as Json,
        startedMs: row.started_ms,
        definition: checked,
        snapshot: JSON.parse(row.snapshot ?? '{}'),
      });
    }
    return engine;
  }

  /** From now on runs can be asked for; steps that ended while nobody listened are taken up. */
  async start(transactor: Transactor): Promise<void> {
    this.#setTransactor(transactor);
    for (const [id, { execution }] of [...this.#live]) {
      for (const { wait } of execution.snapshot.tokens) {
        if (wait.kind === 'task') await this.#takeUp(id, execution, wait.step);
      }
      await this.#move(id, (machine) => machine.timePassed());
    }
  }

  /** Begins an execution, or finds it: the same id begins once. */
  async begin(
    id: string,
    workflow: SavedWorkflow,
    thing: string | null,
    input: Json,
  ): Promise<StoredEnd | undefined> {
    const row = await this.#options.store.execution(id);
    if (row !== undefined) return endOfRow(row);
    const nowMs = this.#options.clock.now();
    const { name, version, definition } = workflow;
    const started = { id, workflow: name, version, thing, input, startedMs: nowMs, definition };
    const machine = Machine.begin(definition, factsOf(started), nowMs, this.#options.random);
    const advance = machine.advance();
    const execution: Execution = { ...started, snapshot: advance.snapshot };
    await this.#commit(execution, advance, [insertExecution(execution)]);
    this.#hold(execution);
    this.#afterMove(execution, advance);
    return advance.end;
  }

  /** A run of ours has ended. Never rejects. */
  stepEnded({ source }: StartedRun, end: Pick<RunEnd, 'state' | 'result'>): void {
    const [, id, step] = /^(.+)\/(\d+)$/.exec(source.id) ?? [];
    if (id === undefined || !this.#live.has(id)) return;
    const outcome = outcomeOf(end.state, end.result);
    void this.#move(id, (machine) => machine.taskEnded(Number(step), outcome));
  }

  /** @throws EXECUTION_UNKNOWN, EXECUTION_ENDED */
  async stop(id: string): Promise<void> {
    const live = this.#live.get(id);
    if (live === undefined) {
      throw (await this.#options.store.execution(id)) === undefined
        ? executionUnknown(id)
        : executionEnded(id);
    }
    const stopping = live.tail.then(async () => {
      if (!this.#live.has(id)) throw executionEnded(id);
      const sql = `UPDATE executions SET state = 'STOPPED', ended_ms = ?, snapshot = NULL WHERE id = ?`;
      await this.#options.database.run(sql, [this.#options.clock.now(), id]);
      this.#drop(id);
      this.#options.onMove(this.#viewOf(live.execution, { state: 'STOPPED' }));
      this.#options.onEnd(id, { state: 'STOPPED' });
    });
    live.tail = stopping.catch(() => {});
    await stopping;
  }

  /** Lets the move that is being committed end; the rest goes on at the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const live of this.#live.values()) live.timer?.cancel();
    await Promise.all([...this.#live.values()].map((live) => live.tail));
  }

  async #takeUp(id: string, execution: Execution, step: number): Promise<void> {
    const request = requestOf(execution, { step, resource: '', input: null });
    const row = await this.#options.database.get<{ state: RunEnd['state']; result: string | null }>(
      `SELECT state, result FROM runs LEFT JOIN run_results ON run_id = id
       WHERE source_kind = 'workflow' AND source_id = ?`,
      [request.source.id],
    );
    if (row === undefined || (row.state !== 'SUCCEEDED' && row.state !== 'FAILED')) return;
    const outcome = outcomeOf(row.state, row.result);
    await this.#move(id, (machine) => machine.taskEnded(step, outcome));
  }

  #hold(execution: Execution): void {
    this.#live.set(execution.id, { execution, timer: undefined, tail: Promise.resolve() });
  }

  /** Never rejects: a move that cannot be stored is made again. */
  #move(id: string, change: (machine: Machine) => void): Promise<void> {
    const live = this.#live.get(id);
    if (live === undefined) return Promise.resolve();
    const moving = live.tail.then(() => this.#moveNow(live, change));
    live.tail = moving;
    return moving;
  }

  async #moveNow(live: Live, change: (machine: Machine) => void): Promise<void> {
    const { id } = live.execution;
    if (this.#closed || this.#live.get(id) !== live) return;
    try {
      const { execution } = live;
      const { clock, random } = this.#options;
      const machine = new Machine(
        execution.definition,
        factsOf(execution),
        execution.snapshot,
        clock.now(),
        random,
      );
      change(machine);
      const advance = machine.advance();
      if (advance.history.length > 0) {
        await this.#commit(execution, advance, []);
      }
      live.execution = { ...execution, snapshot: advance.snapshot };
      this.#afterMove(live.execution, advance);
    } catch (error) {
      this.#options.log.error('cannot store a move of a workflow', { execution: id, error });
      if (!this.#closed) live.timer = this.#options.clock.after(retryMs, () => void this.#move(id, change));
    }
  }

  async #commit(
    execution: Execution,
    advance: Advance,
    before: ReturnType<typeof insertExecution>[],
  ): Promise<void> {
    // Runs that were taken up may call before everything is open.
    const transactor = await this.#transactor;
    const nowMs = this.#options.clock.now();
    await transactor.transact(async (tx, submit) => {
      for (const { sql, params } of [...before, ...advanceStatements(execution.id, advance, nowMs)]) {
        await tx.run(sql, params);
      }
      await submit(advance.tasks.map((task) => requestOf(execution, task)));
    });
  }

  #afterMove(execution: Execution, advance: Advance): void {
    const { id } = execution;
    if (advance.end !== undefined) this.#drop(id);
    else if (advance.hasMore) void this.#soon(id);
    else this.#wakeLater(execution);
    this.#options.onMove(this.#viewOf(execution, advance.end));
    if (advance.end !== undefined) this.#options.onEnd(id, advance.end);
  }

  async #soon(id: string): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await this.#move(id, () => {});
  }

  #wakeLater({ id, snapshot, definition, startedMs }: Execution): void {
    const live = this.#live.get(id);
    if (live === undefined || this.#closed) return;
    live.timer?.cancel();
    const limitMs =
      definition.TimeoutSeconds === undefined ? null : startedMs + definition.TimeoutSeconds * 1_000;
    const dueMs = [nextDueMs(snapshot), limitMs].filter((ms) => ms !== null);
    if (dueMs.length === 0) return;
    const delayMs = Math.max(0, Math.min(longestTimerMs, Math.min(...dueMs) - this.#options.clock.now()));
    live.timer = this.#options.clock.after(
      delayMs,
      () => void this.#move(id, (machine) => machine.timePassed()),
    );
  }

  #drop(id: string): void {
    this.#live.get(id)?.timer?.cancel();
    this.#live.delete(id);
  }

  #viewOf(execution: Execution, end: StoredEnd | undefined): ExecutionView {
    return {
      id: execution.id,
      workflow: execution.workflow,
      version: execution.version,
      thing: execution.thing,
      state: end?.state ?? 'RUNNING',
      startedAt: new Date(execution.startedMs).toISOString(),
      endedAt: end === undefined ? null : new Date(this.#options.clock.now()).toISOString(),
      error: end?.state === 'FAILED' ? end.error : null,
      cause: end?.state === 'FAILED' ? end.cause : null,
      at: end === undefined ? positionsOf(execution.definition, execution.snapshot) : [],
    };
  }
}
