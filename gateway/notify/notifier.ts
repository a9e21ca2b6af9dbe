/**
 * Decides when people are told: at the first failure, then once per reminder span, then at the
 * recovery; and when a job has not succeeded for too long, also if it never runs. What was told is
 * kept in the database, so that a restart tells nothing twice.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock, Timer } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { JobConfig } from '../config.js';
import type { RunHistory } from '../jobs/history.js';
import type { RunObserver } from '../jobs/job-runner.js';
import type { RunRecord } from '../jobs/run-record.js';
import { isoTime, viewOf } from '../jobs/run-view.js';
import { parseDuration } from '../schedule/duration.js';
import type { Notice, NoticeKind } from './notice.js';

interface NotifierOptions {
  readonly jobs: readonly JobConfig[];
  readonly history: RunHistory;
  readonly put: (notice: Notice) => Promise<void>;
  readonly reminderEveryMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Kept as a mark of the job. */
interface Trouble {
  readonly sinceMs: number;
  readonly toldMs: number;
  readonly failures: number;
  /** Part of it was a failure, not only files that could not be read. */
  readonly isFailure: boolean;
}

const lookEveryMs = 5 * 60_000;

export class Notifier implements RunObserver, Closeable {
  readonly #options: NotifierOptions;
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Looks at once for jobs that have not succeeded for too long, then every five minutes. */
  static open(options: NotifierOptions): Notifier {
    const notifier = new Notifier(options);
    notifier.#look();
    return notifier;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  async ended(job: JobConfig, run: RunRecord): Promise<void> {
    // Somebody stopped the gateway; the run comes again after its start.
    if (run.state === 'INTERRUPTED') return;
    try {
      if (run.state === 'SUCCEEDED') await this.#succeeded(job, run);
      else await this.#failed(job, run);
    } catch (error) {
      this.#options.log.error('a notice could not be stored', { job: job.name, error });
    }
  }

  async #failed(job: JobConfig, run: RunRecord): Promise<void> {
    const nowMs = this.#options.clock.now();
    const markName = `trouble-${run.kind}`;
    const before = await this.#trouble(job.name, markName);
    const isFailure = run.state === 'FAILED';
    const isWorse = before !== undefined && isFailure && !before.isFailure;
    const isDue = before === undefined || isWorse || this.#isDue(before, nowMs);
    const trouble: Trouble = {
      sinceMs: before?.sinceMs ?? nowMs,
      toldMs: isDue ? nowMs : before.toldMs,
      failures: (before?.failures ?? 0) + 1,
      isFailure: isFailure || before?.isFailure === true,
    };
    // Told first: after a crash in between it is told twice rather than never.
    if (isDue) {
      const kind = before === undefined || isWorse ? kindOf(run) : 'reminder';
      await this.#tell(job, kind, run.error ?? 'The run failed.', trouble, run);
    }
    await this.#setTrouble(job.name, markName, trouble);
  }

  async #succeeded(job: JobConfig, run: RunRecord): Promise<void> {
    const names = [`trouble-${run.kind}`, ...(run.kind === 'backup' ? ['stale'] : [])];
    const troubles = await Promise.all(names.map((name) => this.#trouble(job.name, name)));
    const trouble = troubles.find((one) => one !== undefined);
    if (trouble === undefined) return;
    const what = run.kind === 'backup' ? 'backup' : run.kind === 'verify' ? 'verification' : 'prune';
    await this.#tell(job, 'recovered', `The ${what} succeeded again.`, trouble, run);
    for (const name of names) await this.#setTrouble(job.name, name, undefined);
  }

  /** One look after the other: two at once would tell the same twice. */
  #look(): void {
    this.#looking = this.#lookAtAll()
      .catch((error: unknown) => {
        this.#options.log.error('cannot look for jobs that do not run', { error });
      })
      .then(() => {
        if (this.#isClosed) return;
        this.#timer = this.#options.clock.after(lookEveryMs, () => this.#look(), { background: true });
      });
  }

  async #lookAtAll(): Promise<void> {
    for (const job of this.#options.jobs) {
      if (job.staleAfter !== undefined) await this.#lookAt(job, job.staleAfter);
    }
  }

  async #lookAt(job: JobConfig, staleAfter: string): Promise<void> {
    const { history, clock } = this.#options;
    const nowMs = clock.now();
    const lastMs = (await history.lastSuccessMs(job.name)) ?? (await this.#watchedSince(job.name, nowMs));
    if (nowMs - lastMs <= parseDuration(staleAfter)) return;
    const before = await this.#trouble(job.name, 'stale');
    if (before !== undefined && !this.#isDue(before, nowMs)) return;
    const trouble = { sinceMs: lastMs, toldMs: nowMs, failures: before?.failures ?? 0, isFailure: true };
    const message = `No run of "${job.name}" has succeeded since ${isoTime(lastMs)}, which is longer than ${staleAfter}.`;
    await this.#tell(job, 'stale', message, trouble, undefined);
    await this.#setTrouble(job.name, 'stale', trouble);
  }

  /** For a job that has never succeeded: since when we expect it to. */
  async #watchedSince(job: string, nowMs: number): Promise<number> {
    const { history } = this.#options;
    const known = await history.mark(job, 'watched-since');
    if (known === undefined) await history.setMark(job, 'watched-since', String(nowMs));
    return known === undefined ? nowMs : Number(known);
  }

  #isDue(before: Trouble, nowMs: number): boolean {
    // A told time in the future means that the clock was set back.
    return nowMs - before.toldMs >= this.#options.reminderEveryMs || before.toldMs > nowMs;
  }

  async #trouble(job: string, name: string): Promise<Trouble | undefined> {
    const text = await this.#options.history.mark(job, name);
    return text === undefined ? undefined : (JSON.parse(text) as Trouble);
  }

  async #setTrouble(job: string, name: string, trouble: Trouble | undefined): Promise<void> {
    await this.#options.history.setMark(job, name, trouble && JSON.stringify(trouble));
  }

  async #tell(
    job: JobConfig,
    kind: NoticeKind,
    message: string,
    trouble: Trouble,
    run: RunRecord | undefined,
  ): Promise<void> {
    const { hooks: _, ...view } = run === undefined ? { hooks: [] } : viewOf(run);
    await this.#options.put({
      id: randomUUID(),
      kind,
      job: job.name,
      host: job.host ?? hostname(),
      at: isoTime(this.#options.clock.now()),
      sinceAt: isoTime(trouble.sinceMs),
      failures: trouble.failures,
      message,
      run: 'id' in view ? view : null,
    });
  }
}

function kindOf(run: RunRecord): NoticeKind {
  if (run.state === 'PARTIAL') return 'partial';
  return run.kind === 'verify' && run.counts.errors > 0 ? 'damaged' : 'failed';
}
