/** Tells the backend about runs: begin, end, at most every five seconds how far it is, and verifications. */
import type { Clock } from '../../core/clock.js';
import type { BackupProgressReport, BackupReport, BackupVerification } from '../../core/wire/backups.js';
import type { JobConfig } from '../config.js';
import type { Reporter } from '../report.js';
import type { RunHistory } from './history.js';
import { sourcesOf } from './job-config.js';
import type { RunObserver } from './job-runner.js';
import type { RunRecord } from './run-record.js';

interface ReportsParts {
  readonly history: RunHistory;
  /** Undefined when no backend is configured; reports are made all the same. */
  readonly reporter: Reporter | undefined;
  readonly clock: Clock;
  readonly nextRunMs: (job: string) => number | undefined;
}

const shortestGapMs = 5_000;

export class JobReports implements RunObserver {
  readonly #parts: ReportsParts;
  readonly #last = new Map<string, BackupReport>();
  readonly #toldMs = new Map<string, number>();

  constructor(parts: ReportsParts) {
    this.#parts = parts;
  }

  /** The last one of the job's backups in this process. */
  last(job: string): BackupReport | undefined {
    return this.#last.get(job);
  }

  async began(job: JobConfig, run: RunRecord): Promise<void> {
    if (run.kind !== 'backup') return;
    this.#toldMs.set(job.name, this.#parts.clock.monotonicMs());
    await this.#send(job, reportOf(job, run, isoOrNull(this.#parts.nextRunMs(job.name))));
  }

  progressed(job: JobConfig, run: RunRecord, progress: BackupProgressReport): void {
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs - (this.#toldMs.get(job.name) ?? Number.NEGATIVE_INFINITY) < shortestGapMs) return;
    this.#toldMs.set(job.name, nowMs);
    const counts = { bytesProcessed: progress.bytesDone, bytesAdded: progress.bytesCompressed ?? 0 };
    const nextRunAt = isoOrNull(this.#parts.nextRunMs(job.name));
    this.#parts.reporter?.reportProgress({ ...reportOf(job, run, nextRunAt), ...counts, progress });
  }

  async ended(job: JobConfig, run: RunRecord): Promise<void> {
    const nextRunAt = isoOrNull(this.#parts.nextRunMs(job.name));
    if (run.kind === 'backup') {
      const verification = await this.#verification(job.name);
      await this.#send(job, { ...reportOf(job, run, nextRunAt), ...verification });
    } else if (run.kind === 'verify') {
      // Shown with the job's last backup.
      const backup = await this.#parts.history.last(job.name, 'backup');
      if (backup === undefined) return;
      const verification = await this.#verification(job.name);
      await this.#send(job, { ...reportOf(job, backup, nextRunAt), ...verification });
    }
  }

  async #send(job: JobConfig, report: BackupReport): Promise<void> {
    this.#last.set(job.name, report);
    await this.#parts.reporter?.report(report);
  }

  async #verification(job: string): Promise<{ verification?: BackupVerification }> {
    const verification = verificationOf(await this.#parts.history.last(job, 'verify'));
    return verification === undefined ? {} : { verification };
  }
}

export function verificationOf(run: RunRecord | undefined): BackupVerification | undefined {
  if (run === undefined || run.endedMs === null || run.note === null) return undefined;
  const hasLooked = run.state === 'SUCCEEDED' || run.counts.errors > 0;
  if (!hasLooked) return undefined;
  return {
    endedAt: new Date(run.endedMs).toISOString(),
    isSound: run.state === 'SUCCEEDED',
    part: run.note,
  };
}

function reportOf(job: JobConfig, run: RunRecord, nextRunAt: string | null): BackupReport {
  const { counts } = run;
  return {
    job: job.name,
    runId: run.id,
    state: run.state === 'INTERRUPTED' ? 'FAILED' : run.state,
    startedAt: new Date(run.startedMs).toISOString(),
    endedAt: isoOrNull(run.endedMs),
    repository: job.repository,
    paths: sourcesOf(job),
    snapshotId: run.snapshotId,
    filesNew: counts.filesNew,
    filesChanged: counts.filesChanged,
    filesUnmodified: counts.filesUnmodified,
    bytesProcessed: counts.bytesProcessed,
    bytesAdded: counts.bytesAdded,
    error: run.error,
    nextRunAt,
  };
}

function isoOrNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : new Date(ms).toISOString();
}
