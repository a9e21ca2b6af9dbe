/**
 * Runs jobs: one run at a time at each repository, each written to the history when it begins and
 * when it ends, and told to whoever observes. When runs begin is the schedule's business.
 */
import type { Timer } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { BackupProgressReport } from '../../core/wire/backups.js';
import type { JobConfig } from '../config.js';
import { repositoryKey } from '../open-repository.js';
import { LiveProgress } from '../progress/live-progress.js';
import type { RunOutcome } from '../schedule/schedule.js';
import { runBackup } from './backup-run.js';
import type { RunHistory } from './history.js';
import type { JobAccess } from './job-access.js';
import { runPrune } from './job-retention.js';
import { RepositoryQueue } from './repository-queue.js';
import { failedEnd, type RunContext, type RunEnd } from './run-context.js';
import { type HookRecord, noCounts, type RunKind, type RunRecord } from './run-record.js';
import { runVerify } from './verify-run.js';

/** Never throws: a run goes on whatever becomes of those who watch it. */
export interface RunObserver {
  began?(job: JobConfig, run: RunRecord): Promise<void>;
  /** About once a second. */
  progressed?(job: JobConfig, run: RunRecord, progress: BackupProgressReport): void;
  ended?(job: JobConfig, run: RunRecord): Promise<void>;
}

export interface ActiveRun {
  readonly run: RunRecord;
  readonly progress: LiveProgress;
}

interface RunnerParts {
  readonly access: JobAccess;
  readonly history: RunHistory;
  readonly version: string;
  readonly log: Logger;
  readonly observers: readonly RunObserver[];
}

const tellEveryMs = 1_000;

export class JobRunner {
  readonly #parts: RunnerParts;
  readonly #queue = new RepositoryQueue();
  readonly #active = new Map<string, ActiveRun>();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** What goes on for the job at this moment, of any kind. */
  active(job: string): ActiveRun | undefined {
    return this.#active.get(job);
  }

  /** @throws INTERRUPTED when `signal` aborts before it began, and errors of the history. */
  async run(job: JobConfig, kind: RunKind, signal: AbortSignal, runId: string): Promise<RunOutcome> {
    const key = repositoryKey(job, this.#parts.access.endpoint);
    return await this.#queue.run(key, signal, () => this.#runInTurn(job, kind, signal, runId));
  }

  async #runInTurn(job: JobConfig, kind: RunKind, signal: AbortSignal, runId: string): Promise<RunOutcome> {
    const { access, history, version } = this.#parts;
    const { clock } = access;
    const log = this.#parts.log.with({ job: job.name });
    const begun = beginning(job, kind, runId, clock.now());
    const progress = new LiveProgress(clock);
    const hooks: HookRecord[] = [];
    const onHook = (hook: HookRecord) => void hooks.push(hook);
    const context = { runId, job, access, clock, version, log, signal, progress, onHook };
    log.info(`${kind} begins`, { repository: job.repository });
    await history.put(begun);
    this.#active.set(job.name, { run: begun, progress });
    const stopTelling = this.#tellProgress(job, begun, progress);
    let end: RunEnd;
    try {
      for (const observer of this.#parts.observers) await observer.began?.(job, begun);
      end = await this.#work(kind, context);
    } catch (error) {
      log.error(`${kind} failed`, { error });
      end = failedEnd(error, context, noCounts);
    } finally {
      stopTelling();
      this.#active.delete(job.name);
    }
    const { isPassing, ...outcome } = end;
    const counts = { ...end.counts, bytesSent: progress.sentBytes };
    const ended: RunRecord = { ...begun, ...outcome, counts, endedMs: clock.now(), hooks };
    await history.put(ended);
    for (const observer of this.#parts.observers) await observer.ended?.(job, ended);
    return isPassing ? 'again' : 'done';
  }

  #work(kind: RunKind, context: RunContext): Promise<RunEnd> {
    if (kind === 'backup') return runBackup(context);
    return kind === 'verify' ? runVerify(context, this.#parts.history) : runPrune(context);
  }

  /** @returns what ends it. */
  #tellProgress(job: JobConfig, run: RunRecord, progress: LiveProgress): () => void {
    let timer: Timer;
    const tell = () => {
      const report = progress.report();
      if (report !== undefined) {
        for (const observer of this.#parts.observers) observer.progressed?.(job, run, report);
      }
      timer = this.#parts.access.clock.after(tellEveryMs, tell, { background: true });
    };
    tell();
    return () => timer.cancel();
  }
}

function beginning(job: JobConfig, kind: RunKind, id: string, startedMs: number): RunRecord {
  return {
    id,
    job: job.name,
    kind,
    state: 'RUNNING',
    startedMs,
    endedMs: null,
    snapshotId: null,
    counts: noCounts,
    error: null,
    hooks: [],
    note: null,
  };
}
