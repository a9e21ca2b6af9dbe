/**
 * Starts runs, within the limits, and records how they end. A new run starts the moment its cause is
 * committed; one that finds no free slot waits in order. Failed attempts are repeated as Lambda does
 * for asynchronous calls: two more times, after a pause.
 * Invariant: a run is started only while the database says RUNNING, so that a crash is noticed.
 */
import { type Clock, sleep, type Timer, withTimeout } from '../../core/clock.js';
import type { Database, SqlWriter } from '../../core/db/database.js';
import { hasCode } from '../../core/errors.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { RunView } from '../../core/wire/api.js';
import { GroupCommit } from '../db/group-commit.js';
import type { ActionOutcome } from './action.js';
import type { Actions } from './catalog.js';
import { functionUnknown } from './errors.js';
import { endOf, viewOf } from './run-end.js';
import { RunIntake, type Starter, type Submit, type Submitted } from './run-intake.js';
import type { RunRequest } from './run-request.js';
import { type NewRun, type OpenRun, type RunEnd, RunStore, type StartedRun } from './run-store.js';
import { Slots } from './slots.js';

export interface DispatcherOptions {
  readonly database: Database;
  /** The dispatcher closes them. */
  readonly actions: Actions;
  readonly maxConcurrent: number;
  /** Pauses before the second, third ... attempt; their number is the number of repetitions. */
  readonly retryDelaysMs: readonly number[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Told at every change of a run, without its log. */
  readonly onRun: (run: RunView) => void;
  /** Told once per run, after its last attempt. */
  readonly onSettled: (run: StartedRun, end: RunEnd) => void;
}

/** How long `close` waits for runs that are under way; the rest is run again at the next start. */
const drainLimitMs = 5_000;
const databaseRetryMs = 5_000;

export class Dispatcher implements Closeable, Starter {
  readonly #options: DispatcherOptions;
  readonly #store: RunStore;
  readonly #slots: Slots;
  readonly #intake: RunIntake;
  readonly #starts: GroupCommit<string, StartedRun | undefined>;
  readonly #ends: GroupCommit<RunEnd, undefined>;
  /** Waiting run ids per function, in order. */
  readonly #queues = new Map<string, Set<string>>();
  readonly #timers = new Set<Timer>();
  readonly #active = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #closing: Promise<void> | undefined;

  private constructor(options: DispatcherOptions, store: RunStore) {
    const { clock } = options;
    this.#options = options;
    this.#store = store;
    this.#slots = new Slots(
      options.maxConcurrent,
      (name) => options.actions.get(name)?.concurrency ?? Number.POSITIVE_INFINITY,
      (name) => options.actions.get(name)?.release !== undefined,
    );
    this.#intake = new RunIntake(options.database, this, clock);
    this.#starts = new GroupCommit((ids: readonly string[]) => store.start(ids, clock.now()));
    this.#ends = new GroupCommit(async (ends: readonly RunEnd[]) => {
      await store.end(ends);
      return ends.map(() => undefined);
    });
  }

  /** Starts what an earlier process left open. */
  static async open(options: DispatcherOptions): Promise<Dispatcher> {
    const store = new RunStore(options.database);
    const self = new Dispatcher(options, store);
    for (const run of await store.recover()) self.#resume(run);
    return self;
  }

  get runs(): RunStore {
    return this.#store;
  }

  /** Asks for a run; resolves when it is durable and under way, or queued. @throws DATABASE_* */
  submit(request: RunRequest): Promise<Submitted> {
    return this.#intake.submit(request);
  }

  /**
   * Runs `work` in one transaction; what it submits is stored with it, and starts once it is committed.
   * @throws whatever `work` throws, DATABASE_*; then nothing was stored and nothing starts.
   */
  transact<T>(work: (tx: SqlWriter, submit: Submit) => Promise<T>): Promise<T> {
    return this.#intake.transact(work);
  }

  /** Is there anything to run under that name or ARN? */
  knows(target: string): boolean {
    return this.#options.actions.get(this.nameOf(target)) !== undefined;
  }

  nameOf(target: string): string {
    return this.#options.actions.nameOf(target);
  }

  reserve(functionName: string): boolean {
    const waiting = this.#queues.get(functionName)?.size ?? 0;
    return !this.#stop.signal.aborted && waiting === 0 && this.#slots.take(functionName);
  }

  giveBack(functionName: string): void {
    this.#slots.giveBack(functionName);
    this.#startWaiting();
  }

  launch(run: NewRun): void {
    this.#track(this.#execute({ ...run, attempt: 1, failures: 0, replays: 0, startedMs: run.createdMs }));
  }

  /** How many runs of that name are under way, and how many wait for a slot. */
  load(functionName: string): { readonly running: number; readonly waiting: number } {
    return {
      running: this.#slots.taken(functionName),
      waiting: this.#queues.get(functionName)?.size ?? 0,
    };
  }

  enqueue(id: string, functionName: string): void {
    if (this.#stop.signal.aborted) return;
    const queue = this.#queues.get(functionName) ?? new Set<string>();
    this.#queues.set(functionName, queue.add(id));
    this.#startWaiting();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers) timer.cancel();
    this.#options.actions.release();
    await withTimeout(this.#options.clock, drainLimitMs, this.#idle(), () => {
      this.#options.log.warn('runs are cut off and will be run again', { runs: this.#active.size });
    });
    await this.#options.actions.close();
    await this.#idle();
    await Promise.all([this.#intake.close(), this.#starts.close(), this.#ends.close()]);
  }

  async #idle(): Promise<void> {
    while (this.#active.size > 0) await Promise.allSettled(this.#active);
  }

  #resume({ id, functionName, dueMs }: OpenRun): void {
    if (dueMs === null) {
      this.enqueue(id, functionName);
      return;
    }
    const own = this.#options.actions.get(functionName)?.retryDelaysMs;
    const longest = Math.max(0, ...(own ?? this.#options.retryDelaysMs));
    // The wall clock may have been set back meanwhile; nothing waits longer than its pause.
    this.#later(Math.min(longest, dueMs - this.#options.clock.now()), id, functionName);
  }

  #later(delayMs: number, id: string, functionName: string): void {
    const timer = this.#options.clock.after(Math.max(0, delayMs), () => {
      this.#timers.delete(timer);
      this.enqueue(id, functionName);
    });
    this.#timers.add(timer);
  }

  #startWaiting(): void {
    if (this.#stop.signal.aborted) return;
    for (const [functionName, queue] of this.#queues) {
      for (const id of queue) {
        if (!this.#slots.take(functionName)) break;
        queue.delete(id);
        this.#track(this.#startQueued(id, functionName));
      }
    }
  }

  async #startQueued(id: string, functionName: string): Promise<void> {
    let run: StartedRun | undefined;
    try {
      run = await this.#starts.add(id);
    } catch (error) {
      this.#options.log.error('cannot start a run', { run: id, error });
      if (!this.#stop.signal.aborted) this.#later(databaseRetryMs, id, functionName);
    }
    if (run === undefined) this.giveBack(functionName);
    else await this.#execute(run);
  }

  async #execute(run: StartedRun): Promise<void> {
    const { actions, clock } = this.#options;
    const beganMs = clock.monotonicMs();
    const action = actions.get(run.functionName);
    const { attempt, replays, thing, event } = run;
    // The handler gets its event first; whoever watches is told while it works.
    const invoked: Promise<ActionOutcome> = action
      ? action.invoke({ runId: run.id, attempt, replays, thing, event })
      : Promise.resolve({ ok: false, log: '', error: functionUnknown(run.functionName) });
    this.#options.onRun(viewOf(run, undefined));
    const outcome = await invoked;
    this.giveBack(run.functionName);
    // Cut off by our own stop: it stays RUNNING in the database and is run again.
    if (!outcome.ok && hasCode(outcome.error, 'ACTION_CLOSED')) return;
    await this.#settle(run, outcome, clock.monotonicMs() - beganMs);
  }

  async #settle(run: StartedRun, outcome: ActionOutcome, durationMs: number): Promise<void> {
    const { clock, log } = this.#options;
    const pauseMs = this.#pauseMs(run);
    const end = endOf(run, { outcome, durationMs, endedMs: clock.now(), pauseMs });
    if (!outcome.ok) {
      const { id, functionName, attempt } = run;
      log.warn('run failed', { run: id, function: functionName, attempt, error: outcome.error });
    }
    if (!(await this.#record(end))) return;
    this.#options.onRun(viewOf(run, end));
    if (end.state === 'PENDING') this.#later(pauseMs ?? 0, run.id, run.functionName);
    else this.#options.onSettled(run, end);
  }

  #pauseMs(run: StartedRun): number | undefined {
    const own = this.#options.actions.get(run.functionName)?.retryDelaysMs;
    return (own ?? this.#options.retryDelaysMs)[run.failures];
  }

  /** An outcome that cannot be stored is tried again until we stop; then the run counts as cut off. */
  async #record(end: RunEnd): Promise<boolean> {
    for (;;) {
      try {
        await this.#ends.add(end);
        return true;
      } catch (error) {
        this.#options.log.error('cannot store the outcome of a run', { run: end.id, error });
      }
      try {
        await sleep(this.#options.clock, databaseRetryMs, this.#stop.signal);
      } catch {
        return false;
      }
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#options.log.error('a run broke off', { error }))
      .finally(() => this.#active.delete(tracked));
    this.#active.add(tracked);
  }
}
