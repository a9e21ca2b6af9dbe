/** What is known about one run of a job. */
import type { RunKind } from '../control/control.js';

export type { RunKind } from '../control/control.js';

/** INTERRUPTED: the gateway was stopped, or died, in the middle of it. */
export type RunState = 'RUNNING' | 'SUCCEEDED' | 'PARTIAL' | 'FAILED' | 'INTERRUPTED';

export interface RunCounts {
  readonly filesNew: number;
  readonly filesChanged: number;
  readonly filesUnmodified: number;
  /** Read or found unchanged. */
  readonly bytesProcessed: number;
  /** Not in the repository before, as read. */
  readonly bytesNew: number;
  /** The same, compressed and encrypted. */
  readonly bytesAdded: number;
  /** Of packs that the bucket has taken. */
  readonly bytesSent: number;
  /** Files and folders that could not be read, or, of a verification, errors in the repository. */
  readonly errors: number;
}

export interface HookRecord {
  readonly when: 'before' | 'after' | 'source';
  readonly program: string;
  /** Null when it did not start or a signal ended it. */
  readonly exitCode: number | null;
  readonly durationMs: number;
  /** The last 64 KiB of standard output and standard error. */
  readonly output: string;
  readonly error: string | null;
}

export interface RunRecord {
  readonly id: string;
  readonly job: string;
  readonly kind: RunKind;
  readonly state: RunState;
  /** Milliseconds since the epoch. */
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly snapshotId: string | null;
  readonly counts: RunCounts;
  /** In one sentence; null when nothing went wrong. */
  readonly error: string | null;
  readonly hooks: readonly HookRecord[];
  /** What was done beyond the backup: the part that was read, how many snapshots were forgotten. */
  readonly note: string | null;
}

export const noCounts: RunCounts = {
  filesNew: 0,
  filesChanged: 0,
  filesUnmodified: 0,
  bytesProcessed: 0,
  bytesNew: 0,
  bytesAdded: 0,
  bytesSent: 0,
  errors: 0,
};
