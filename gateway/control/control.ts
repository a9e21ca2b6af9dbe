/**
 * What can be asked of the jobs, whether the gateway runs in this process or in another one. Times are
 * ISO 8601 in UTC. The schemas guard what comes over the wire.
 */
import { z } from 'zod';
import { backupProgressReport, backupVerification } from '../../core/wire/backups.js';

const time = z.iso.datetime({ offset: false });

const hookView = z.object({
  when: z.enum(['before', 'after', 'source']),
  program: z.string(),
  exitCode: z.int().nullable(),
  durationMs: z.number(),
  output: z.string(),
  error: z.string().nullable(),
});

export const runKind = z.enum(['backup', 'verify', 'prune']);
export type RunKind = z.infer<typeof runKind>;

export const runView = z.object({
  id: z.string(),
  job: z.string(),
  kind: runKind,
  state: z.enum(['RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'INTERRUPTED']),
  startedAt: time,
  endedAt: time.nullable(),
  snapshotId: z.string().nullable(),
  filesNew: z.int(),
  filesChanged: z.int(),
  filesUnmodified: z.int(),
  bytesProcessed: z.number(),
  bytesNew: z.number(),
  bytesAdded: z.number(),
  bytesSent: z.number(),
  errors: z.int(),
  error: z.string().nullable(),
  hooks: z.array(hookView),
  note: z.string().nullable(),
});
export type JobRunView = z.infer<typeof runView>;

export const jobStatus = z.object({
  job: z.string(),
  /** `waiting`: another run at the same repository goes first. */
  state: z.enum(['idle', 'waiting', 'running', 'paused']),
  sources: z.array(z.string()),
  repository: z.string(),
  /** As the configuration says it; `by hand` without a schedule. */
  when: z.string(),
  /** Null when no turn will come, or no gateway runs. */
  nextRunAt: time.nullable(),
  /** Null unless paused; `forever` until somebody resumes it. */
  pausedUntil: z.union([time, z.literal('forever')]).nullable(),
  running: z.object({ run: runView, progress: backupProgressReport.nullable() }).nullable(),
  /** The newest backup that has ended. */
  last: runView.nullable(),
  lastSuccessAt: time.nullable(),
  /** No run has succeeded for longer than the configuration wants. */
  isStale: z.boolean(),
  verification: backupVerification.nullable(),
});
export type JobStatus = z.infer<typeof jobStatus>;

export interface HistoryFilter {
  readonly job?: string;
  readonly limit: number;
}

/** Every method: @throws JOB_UNKNOWN when it names a job that is not configured. */
export interface JobControl {
  list(): Promise<JobStatus[]>;
  status(job: string): Promise<JobStatus>;
  /** Begins a run, or queues it, and does not wait for it. @throws JOB_RUNNING, KIND_NOT_CONFIGURED. */
  start(job: string, kind: RunKind): Promise<{ readonly runId: string }>;
  /** Undefined while it waits for another run to end. */
  run(runId: string): Promise<JobRunView | undefined>;
  /** @param untilMs since the epoch; for good when left out. */
  pause(job: string, untilMs: number | undefined): Promise<JobStatus>;
  resume(job: string): Promise<JobStatus>;
  /** Newest first. */
  history(filter: HistoryFilter): Promise<JobRunView[]>;
}
