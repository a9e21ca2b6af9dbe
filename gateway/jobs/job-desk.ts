/** Answers questions about jobs and takes orders, in the process where they run. */
import type { Clock } from '../../core/clock.js';
import type { GatewayConfig, JobConfig } from '../config.js';
import type { HistoryFilter, JobControl, JobRunView, JobStatus, RunKind } from '../control/control.js';
import { parseDuration } from '../schedule/duration.js';
import { jobUnknown } from '../schedule/errors.js';
import type { Schedule } from '../schedule/schedule.js';
import { neverMs } from '../schedule/turns.js';
import { kindNotConfigured } from './errors.js';
import type { RunHistory } from './history.js';
import { sourcesOf } from './job-config.js';
import { entryName, kindsOf, whenOf } from './job-entries.js';
import { verificationOf } from './job-reports.js';
import type { ActiveRun, JobRunner } from './job-runner.js';
import { isoTime, viewOf } from './run-view.js';

export interface DeskParts {
  readonly config: GatewayConfig;
  readonly schedule: Schedule;
  readonly runner: JobRunner;
  readonly history: RunHistory;
  readonly clock: Clock;
}

export class JobDesk implements JobControl {
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  list(): Promise<JobStatus[]> {
    return Promise.all(this.#parts.config.jobs.map((job) => this.#statusOf(job)));
  }

  async status(job: string): Promise<JobStatus> {
    return await this.#statusOf(this.#job(job));
  }

  async start(job: string, kind: RunKind): Promise<{ readonly runId: string }> {
    if (!kindsOf(this.#job(job)).includes(kind)) throw kindNotConfigured(job, kind);
    const { runId } = this.#parts.schedule.beginNow(entryName(job, kind));
    return { runId };
  }

  async run(runId: string): Promise<JobRunView | undefined> {
    const run = await this.#parts.history.get(runId);
    return run && viewOf(run);
  }

  async pause(job: string, untilMs: number | undefined): Promise<JobStatus> {
    const config = this.#job(job);
    for (const kind of kindsOf(config)) {
      await this.#parts.schedule.pause(entryName(job, kind), untilMs ?? neverMs);
    }
    return await this.#statusOf(config);
  }

  async resume(job: string): Promise<JobStatus> {
    const config = this.#job(job);
    for (const kind of kindsOf(config)) await this.#parts.schedule.resume(entryName(job, kind));
    return await this.#statusOf(config);
  }

  async history(filter: HistoryFilter): Promise<JobRunView[]> {
    if (filter.job !== undefined) this.#job(filter.job);
    return (await this.#parts.history.list(filter)).map(viewOf);
  }

  #job(name: string): JobConfig {
    const { jobs } = this.#parts.config;
    const job = jobs.find((one) => one.name === name);
    if (job !== undefined) return job;
    throw jobUnknown(
      name,
      jobs.map((one) => one.name),
    );
  }

  async #statusOf(job: JobConfig): Promise<JobStatus> {
    const { schedule, history, runner, clock } = this.#parts;
    const last = await history.last(job.name, 'backup');
    const lastSuccessMs = await history.lastSuccessMs(job.name);
    const active = runner.active(job.name);
    const nextRunMs = schedule.nextRunMs(job.name);
    const pausedUntilMs = schedule.pausedUntilMs(job.name);
    return {
      job: job.name,
      state: this.#stateOf(job, active, pausedUntilMs),
      sources: sourcesOf(job),
      repository: job.repository,
      when: whenOf(job),
      nextRunAt: nextRunMs === undefined ? null : isoTime(nextRunMs),
      pausedUntil: pausedUntilOf(pausedUntilMs),
      running:
        active === undefined ? null : { run: viewOf(active.run), progress: active.progress.report() ?? null },
      last: last === undefined ? null : viewOf(last),
      lastSuccessAt: lastSuccessMs === undefined ? null : isoTime(lastSuccessMs),
      isStale: isStale(job, lastSuccessMs, clock.now()),
      verification: verificationOf(await history.last(job.name, 'verify')) ?? null,
    };
  }

  #stateOf(job: JobConfig, active: ActiveRun | undefined, pausedUntilMs: number | undefined) {
    const { schedule } = this.#parts;
    if (active !== undefined) return 'running';
    if (kindsOf(job).some((kind) => schedule.isRunning(entryName(job.name, kind)))) return 'waiting';
    return pausedUntilMs === undefined ? 'idle' : 'paused';
  }
}

function pausedUntilOf(pausedUntilMs: number | undefined): string | null {
  if (pausedUntilMs === undefined) return null;
  return pausedUntilMs >= neverMs ? 'forever' : isoTime(pausedUntilMs);
}

/** A job that has never succeeded counts as stale only for the notifier, which knows since when it has tried. */
function isStale(job: JobConfig, lastSuccessMs: number | undefined, nowMs: number): boolean {
  if (job.staleAfter === undefined || lastSuccessMs === undefined) return false;
  return nowMs - lastSuccessMs > parseDuration(job.staleAfter);
}
