/** Backups in the HTTP API: what the gateway reports, and what the dashboard shows. Times are ISO 8601 in UTC. */
import { z } from 'zod';

const time = z.iso.datetime({ offset: false });

/** How far a backup is. `null` means that it is not known, or not yet. */
export const backupProgressReport = z.strictObject({
  filesDone: z.int(),
  filesTotal: z.int().nullable(),
  /** Read or found unchanged. */
  bytesDone: z.number(),
  bytesTotal: z.number().nullable(),
  /** Not in the repository before, as read. */
  bytesNew: z.number().nullable(),
  /** The same, as it will be stored. */
  bytesCompressed: z.number().nullable(),
  /** Of these, what the bucket has taken. */
  bytesSent: z.number().nullable(),
  readPerSecond: z.number().nullable(),
  sendPerSecond: z.number().nullable(),
  /** By the slower of reading and sending. */
  endsAt: time.nullable(),
  errors: z.int(),
});
export type BackupProgressReport = z.infer<typeof backupProgressReport>;

/** The last time that a part of the repository's data was read back and proven. */
export const backupVerification = z.strictObject({
  endedAt: time,
  isSound: z.boolean(),
  /** Which part of the data, `3/30`. */
  part: z.string().max(16),
});
export type BackupVerification = z.infer<typeof backupVerification>;

export const backupState = z.enum(['RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED']);
export const backupReport = z.strictObject({
  job: z.string().min(1).max(128),
  runId: z.string().min(1).max(64),
  state: backupState,
  startedAt: time,
  endedAt: time.nullable(),
  repository: z.string().max(2_000),
  paths: z.array(z.string().max(4_096)).max(100),
  snapshotId: z.string().nullable(),
  filesNew: z.int(),
  filesChanged: z.int(),
  filesUnmodified: z.int(),
  bytesProcessed: z.number(),
  /** Bytes that this run added to the repository, as stored. */
  bytesAdded: z.number(),
  error: z.string().nullable(),
  nextRunAt: time.nullable(),
  /** While it runs; at most one report every five seconds. */
  progress: backupProgressReport.optional(),
  verification: backupVerification.optional(),
});
export type BackupReport = z.infer<typeof backupReport>;

export const backupJobView = z.object({
  job: z.string(),
  last: backupReport,
  /** Newest first, at most 30. */
  history: z.array(backupReport),
});
export type BackupJobView = z.infer<typeof backupJobView>;
