/**
 * Runs jobs at their times. A job never overlaps itself; turns that fall into its own run are left
 * out; a turn missed while the machine slept or was off is made up for once. Jobs of different
 * names run side by side.
 */
import { type Clock, type Timer, withTimeout } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import { jobRunning, jobUnknown, scheduleClosed } from './errors.js';
import { type Every, nextTurn, parseEvery } from './every.js';
import { type JobState, ScheduleFile } from './schedule-file.js';

/** `again`: it failed for a passing reason and shall be tried before its next turn. */
export type RunOutcome = 'done' | 'again';

interface ScheduledJob {
  readonly name: string;
  /** See `parseEvery`. */
  readonly every: string;
  /** Ends soon after `signal` aborts. */
  readonly run: (signal: AbortSignal) => Promise<RunOutcome>;
}

export interface ScheduleOptions {
  readonly jobs: readonly ScheduledJob[];
  /** Where next run times are kept. */
  readonly filePath: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Timers stand still while the machine sleeps, so the wall clock is looked at this often. */
const longestWaitMs = 30_000;
const tryAgainMs = 15 * 60_000;
const drainLimitMs = 8_000;

interface Entry {
  readonly job: ScheduledJob;
  readonly every: Every;
  nextRunMs: number;
  running: Promise<void> | undefined;
  /** Not to be seen as ended after a restart. */
  unfinished: boolean;
}

export class Schedule implements Closeable {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #file: ScheduleFile;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  #timer: Timer | undefined;

  private constructor(entries: ReadonlyMap<string, Entry>, file: ScheduleFile, options: ScheduleOptions) {
    this.#entries = entries;
    this.#file = file;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Jobs that are due start at once. @throws EVERY_MALFORMED. */
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

  /** Milliseconds since the epoch. @throws JOB_UNKNOWN. */
  nextRunMs(name: string): number {
    return this.#entry(name).nextRunMs;
  }

  /** Runs a job out of turn and resolves when it has ended. @throws JOB_UNKNOWN, JOB_RUNNING, SCHEDULE_CLOSED. */
  async runNow(name: string): Promise<void> {
    const entry = this.#entry(name);
    if (this.#stop.signal.aborted) throw scheduleClosed();
    if (entry.running !== undefined) throw jobRunning(name);
    await this.#start(entry);
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
    if (this.#stop.signal.aborted) return;
    const nowMs = this.#clock.now();
    let waitMs = longestWaitMs;
    for (const entry of this.#entries.values()) {
      // After the clock was set back no turn may be further away than the rule says.
      entry.nextRunMs = Math.min(entry.nextRunMs, nextTurn(entry.every, nowMs, nowMs));
      if (entry.running !== undefined) continue;
      if (entry.nextRunMs <= nowMs) void this.#start(entry);
      else waitMs = Math.min(waitMs, entry.nextRunMs - nowMs);
    }
    this.#timer = this.#clock.after(waitMs, () => this.#tick());
  }

  #start(entry: Entry): Promise<void> {
    const nowMs = this.#clock.now();
    const isTurn = entry.nextRunMs <= nowMs;
    if (isTurn) entry.nextRunMs = nextTurn(entry.every, nowMs, entry.nextRunMs);
    entry.unfinished = true;
    entry.running = this.#run(entry);
    return entry.running;
  }

  /** Never rejects. */
  async #run(entry: Entry): Promise<void> {
    await this.#save();
    let outcome: RunOutcome = 'done';
    try {
      outcome = await entry.job.run(this.#stop.signal);
    } catch (error) {
      this.#log.error('a job failed', { job: entry.job.name, error });
    }
    const nowMs = this.#clock.now();
    if (entry.nextRunMs <= nowMs) entry.nextRunMs = nextTurn(entry.every, nowMs, entry.nextRunMs);
    if (outcome === 'again') entry.nextRunMs = Math.min(entry.nextRunMs, nowMs + tryAgainMs);
    entry.unfinished = this.#stop.signal.aborted;
    entry.running = undefined;
    await this.#save();
    this.#timer?.cancel();
    this.#tick();
  }

  #save(): Promise<void> {
    const states = [...this.#entries].map(([name, entry]): [string, JobState] => [
      name,
      { every: entry.job.every, nextRunMs: entry.nextRunMs, running: entry.unfinished },
    ]);
    return this.#file.write(new Map(states));
  }
}

function planned(job: ScheduledJob, stored: JobState | undefined, nowMs: number): Entry {
  const every = parseEvery(job.every);
  const known = stored !== undefined && stored.every === job.every;
  const cutOff = stored?.running === true;
  const nextRunMs = cutOff ? nowMs : known ? stored.nextRunMs : nextTurn(every, nowMs, undefined);
  return { job, every, nextRunMs, running: undefined, unfinished: cutOff };
}
