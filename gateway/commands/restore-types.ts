/** What a restore is told and what it tells. Types only. */
import type { Clock } from '../../core/clock.js';
import type { SnapshotFilter } from './snapshots.js';

export interface RestoreOptions extends SnapshotFilter {
  /** `latest`, an id or the beginning of one; `id:folder` restores what is in that folder. */
  readonly snapshot: string;
  /** Folder to restore into; made when it is not there. Text is UTF-8. */
  readonly target: string | Buffer;
  readonly clock: Clock;
  /** Only what matches one of these. Patterns see paths as they are in the snapshot. */
  readonly includes?: readonly string[];
  /** All but what matches one of these. */
  readonly excludes?: readonly string[];
  /** Leave holes for zeros; true unless told. */
  readonly sparse?: boolean;
  /** Read every restored file again and compare. */
  readonly verify?: boolean;
  readonly signal?: AbortSignal;
}

export type RestoreEvent =
  | {
      readonly type: 'started';
      readonly snapshotId: string;
      readonly totalFiles: number;
      readonly totalBytes: number;
    }
  | {
      readonly type: 'item';
      readonly kind: 'file' | 'folder' | 'other';
      readonly path: string;
      readonly sizeBytes: number;
    }
  | {
      readonly type: 'progress';
      /** Restoring, then with `verify` reading again. */
      readonly phase: 'restore' | 'verify';
      readonly filesDone: number;
      readonly bytesDone: number;
      readonly totalFiles: number;
      readonly totalBytes: number;
      readonly errorCount: number;
    }
  /** The path was not restored, or not wholly. Counted in `errorCount`. */
  | { readonly type: 'error'; readonly path: string; readonly error: unknown }
  | { readonly type: 'warning'; readonly path: string | undefined; readonly message: string };

export type RestoreProgress = (event: RestoreEvent) => void;

/** restic's summary message of a restore; `total_files` counts folders and links too. */
export interface RestoreSummary {
  readonly message_type: 'summary';
  readonly seconds_elapsed: number;
  readonly total_files: number;
  readonly files_restored: number;
  readonly files_skipped: number;
  readonly total_bytes: number;
  readonly bytes_restored: number;
}

export interface RestoreResult {
  readonly summary: RestoreSummary;
  readonly snapshotId: string;
  /** Files read again and found equal; undefined without `verify`. */
  readonly filesVerified: number | undefined;
  /** Above 0 the exit code is 1. */
  readonly errorCount: number;
}
