/**
 * Runs jobs at their times. A job never overlaps itself; turns that fall into its own run are left
 * out; a turn missed while the machine slept or was off, or the job was paused, is made up for once.
 * Jobs of different names run side by side.
 */
import { randomUUID } from 'node:crypto';
import { type Clock, type Timer, withTimeout } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import { jobRunning, jobUnknown, scheduleClosed } from './errors.js';
import { type JobState, ScheduleFile } from './schedule-file.js';
import { neverMs, type Turns } from './turns.js';

/** `again`: it failed for a passing reason and shall be tried before its next turn. */
export type RunOutcome = 'done' | 'again';

export interface ScheduledJob {
  readonly name: string;
  /** As the configuration says it: a job whose text was changed is planned anew. */
  readonly when: string;
  readonly turns: Turns;
  /** Ends soon after `signal` aborts. `runId` is a fresh UUID. */
  readonly run: (signal: AbortSignal, runId: string) => Promise<RunOutcome>;
}

export interface ScheduleOptions {
  readonly jobs: readonly ScheduledJob[];
  /** Where next run times are kept. */
  readonly filePath: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** True to start nothing by itself; jobs run by `runNow` only. */
  readonly byHandOnly?: boolean;
}

/** Timers stand still while the machine sleeps, so the wall clock is looked at this often. */
const longestWaitMs = 30_000;
const tryAgainMs = 15 * 60_000;
const drainLimitMs = 8_000;

interface Entry {
  readonly job: ScheduledJob;
  nextRunMs: number;
  pausedUntilMs: number | undefined;
  running: Promise<void> | undefined;
  /** Not to be seen as ended after a restart. */
  unfinished: boolean;
}

export class Schedule implements Closeable {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #file: ScheduleFile;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #byHandOnly: boolean;
  readonly #stop = new AbortController();
  #timer: Timer | undefined;

  private constructor(entries: ReadonlyMap<string, Entry>, file: ScheduleFile, options: ScheduleOptions) {
    this.#entries = entries;
    this.#file = file;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#byHandOnly = options.byHandOnly ?? false;
  }

  /** Jobs that are due start at once. */
  static async open(options: ScheduleOptions): Promise<Schedule> {
    const file = new ScheduleFile(options.filePath, options.log);
    const stored = await file.read();
    const nowMs = options.clock.now();
    const entries = options.jobs.map((job): [string, Entry] => [
      job.name,
      planned(job, stored.get(job.name), nowMs),
    ]);
    const schedule = new Schedule(new Map(entries), file, options);
    await schedule.#save();
    schedule.#tick();
    return schedule;
  }

  /** Milliseconds since the epoch; undefined when no turn will come. @throws JOB_UNKNOWN. */
  nextRunMs(name: string): number | undefined {
    const { nextRunMs, pausedUntilMs = 0 } = this.#entry(name);
    const startMs = Math.max(nextRunMs, pausedUntilMs);
    return startMs >= neverMs ? undefined : startMs;
  }

  /** Milliseconds since the epoch, `neverMs` for as long as nobody resumes it. @throws JOB_UNKNOWN. */
  pausedUntilMs(name: string): number | undefined {
    const { pausedUntilMs } = this.#entry(name);
    return pausedUntilMs === undefined || pausedUntilMs <= this.#clock.now() ? undefined : pausedUntilMs;
  }

  isRunning(name: string): boolean {
    return this.#entry(name).running !== undefined;
  }

  /**
   * Starts no turn of the job before `untilMs`; a run that goes on is not stopped. Kept over restarts.
   * @throws JOB_UNKNOWN.
   */
  async pause(name: string, untilMs: number): Promise<void> {
    this.#entry(name).pausedUntilMs = untilMs;
    await this.#save();
  }

  /** A turn that was missed meanwhile comes at once. @throws JOB_UNKNOWN. */
  async resume(name: string): Promise<void> {
    this.#entry(name).pausedUntilMs = undefined;
    await this.#save();
    this.#timer?.cancel();
    this.#tick();
  }

  /** Runs a job out of turn and resolves when it has ended. @throws JOB_UNKNOWN, JOB_RUNNING, SCHEDULE_CLOSED. */
  async runNow(name: string): Promise<void> {
    await this.beginNow(name).ended;
  }

  /** As `runNow`, without waiting; `ended` never rejects. @throws as it does. */
  beginNow(name: string): { readonly runId: string; readonly ended: Promise<void> } {
    const entry = this.#entry(name);
    if (this.#stop.signal.aborted) throw scheduleClosed();
    if (entry.running !== undefined) throw jobRunning(name);
    const runId = randomUUID();
    return { runId, ended: this.#start(entry, runId) };
  }

  /** Tells running jobs to stop and waits for them, at most 8 seconds. A job cut off runs again after a restart. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#stop.abort();
    const running = [...this.#entries.values()].map((entry) => entry.running);
    const all = Promise.all(running).then(() => {});
    await withTimeout(this.#clock, drainLimitMs, all, () => {
      this.#log.warn('a job did not stop in time', { limitMs: drainLimitMs });
    });
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw jobUnknown(name, [...this.#entries.keys()]);
    return entry;
  }

  #tick(): void {
    if (this.#stop.signal.aborted || this.#byHandOnly) return;
    const nowMs = this.#clock.now();
    let waitMs = longestWaitMs;
    for (const entry of this.#entries.values()) {
      // After the clock was set back no turn may be further away than the rule says.
      entry.nextRunMs = Math.min(entry.nextRunMs, entry.job.turns.next(nowMs, nowMs));
      if (entry.running !== undefined) continue;
      const startMs = Math.max(entry.nextRunMs, entry.pausedUntilMs ?? 0);
      if (startMs <= nowMs) void this.#start(entry);
      else waitMs = Math.min(waitMs, startMs - nowMs);
    }
    this.#timer = this.#clock.after(waitMs, () => this.#tick());
  }

  #start(entry: Entry, runId: string = randomUUID()): Promise<void> {
    const nowMs = this.#clock.now();
    const isTurn = entry.nextRunMs <= nowMs;
    if (isTurn) entry.nextRunMs = entry.job.turns.next(nowMs, entry.nextRunMs);
    entry.unfinished = true;
    entry.running = this.#run(entry, runId);
    return entry.running;
  }

  /** Never rejects. */
  async #run(entry: Entry, runId: string): Promise<void> {
    await this.#save();
    let outcome: RunOutcome = 'done';
    try {
      outcome = await entry.job.run(this.#stop.signal, runId);
    } catch (error) {
      this.#log.error('a job failed', { job: entry.job.name, error });
    }
    const nowMs = this.#clock.now();
    if (entry.nextRunMs <= nowMs) entry.nextRunMs = entry.job.turns.next(nowMs, entry.nextRunMs);
    if (outcome === 'again') entry.nextRunMs = Math.min(entry.nextRunMs, nowMs + tryAgainMs);
    entry.unfinished = this.#stop.signal.aborted;
    entry.running = undefined;
    await this.#save();
    this.#timer?.cancel();
    this.#tick();
  }

  #save(): Promise<void> {
    const states = [...this.#entries].map(([name, entry]): [string, JobState] => [name, stateOf(entry)]);
    return this.#file.write(new Map(states));
  }
}

function stateOf({ job, nextRunMs, unfinished, pausedUntilMs }: Entry): JobState {
  const paused = pausedUntilMs === undefined ? {} : { pausedUntilMs };
  return { every: job.when, nextRunMs, running: unfinished, ...paused };
}

function planned(job: ScheduledJob, stored: JobState | undefined, nowMs: number): Entry {
  const known = stored !== undefined && stored.every === job.when;
  const cutOff = stored?.running === true;
  const nextRunMs = cutOff ? nowMs : known ? stored.nextRunMs : job.turns.next(nowMs, undefined);
  const pausedUntilMs = stored?.pausedUntilMs;
  return { job, nextRunMs, pausedUntilMs, running: undefined, unfinished: cutOff };
}
