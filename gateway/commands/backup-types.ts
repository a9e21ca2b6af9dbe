/** What a backup is told and what it tells. Types only. */

import type { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.js';
import type { SelectionOptions } from '../files/selection.js';
import type { JournalTurn } from '../journal/change-journal.js';
import type { SnapshotSummary } from '../tree/snapshot.js';

export interface BackupOptions extends SelectionOptions {
  /** Files and folders; text is UTF-8. Relative ones begin at `workingFolder`. */
  readonly paths: readonly (string | Buffer)[];
  /** For relative paths; the process's own unless told. */
  readonly workingFolder?: string;
  /** Back up this stream as one file instead of `paths`. */
  readonly stdin?: { readonly stream: Readable; readonly fileName: string };
  readonly clock: Clock;
  /** Goes into the snapshot as "gatehouse VERSION". */
  readonly version: string;
  /** This machine's name unless told. */
  readonly host?: string;
  readonly tags?: readonly string[];
  /** Time of the snapshot, nanoseconds since 1970; now unless told. */
  readonly timeNs?: bigint;
  /** Snapshot id or prefix to compare with; the newest of this host and these paths unless told. */
  readonly parent?: string;
  /** What a parent that is not named must have in common; host and paths unless told. */
  readonly groupBy?: ParentGrouping;
  /** Save no snapshot when its tree would be the parent's. */
  readonly skipIfUnchanged?: boolean;
  /** Keep access times; then every read of a file changes the tree of its folder. */
  readonly withAtime?: boolean;
  /** Read every file, whatever the parent says. */
  readonly force?: boolean;
  /** Take a change of ctime or inode alone as none; for file systems that have no stable ones. */
  readonly ignoreCtime?: boolean;
  readonly ignoreInode?: boolean;
  /** Store nothing; the summary tells what would be. */
  readonly dryRun?: boolean;
  /** Walk ahead to know the totals for progress; true unless told. */
  readonly countFirst?: boolean;
  /** Where this machine remembers files and folders between runs; nowhere unless told. Losing it costs time. */
  readonly memoryFolder?: string;
  /** What a journal recorded since an earlier backup; its changes are used only on that one's snapshot. */
  readonly journalTurn?: JournalTurn | undefined;
  /** Most worker threads that read and store; one per core unless told. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
}

export interface ParentGrouping {
  readonly host?: boolean;
  readonly paths?: boolean;
  readonly tags?: boolean;
}

export type ItemAction = 'new' | 'changed' | 'unmodified';

export type BackupEvent =
  /** The parent was chosen; `parent` is undefined for a first or forced backup. */
  | { readonly type: 'started'; readonly parent: string | undefined }
  /** The walk ahead has ended; from now on `total*` are known. */
  | { readonly type: 'counted'; readonly totalFiles: number; readonly totalBytes: number }
  | {
      readonly type: 'item';
      readonly kind: 'file' | 'folder' | 'other';
      readonly action: ItemAction;
      /** For people; bytes that are no UTF-8 are replaced. */
      readonly path: string;
      readonly sizeBytes: number;
    }
  /** After each mebibyte of content, and after each hundred items. */
  | {
      readonly type: 'progress';
      readonly filesDone: number;
      readonly bytesDone: number;
      readonly totalFiles: number | undefined;
      readonly totalBytes: number | undefined;
      readonly currentFile: string;
      readonly errorCount: number;
      /** Of all blobs that were not in the repository before, as read and as they are stored. */
      readonly bytesNew: number;
      readonly bytesStored: number;
    }
  /** The path is not in the snapshot, or not wholly. Counted in `errorCount`. */
  | { readonly type: 'error'; readonly path: string; readonly error: unknown }
  | { readonly type: 'warning'; readonly path: string | undefined; readonly message: string };

export type BackupProgress = (event: BackupEvent) => void;

/** restic's summary message, and beside it what the exit code needs. */
export interface BackupSummary extends Omit<SnapshotSummary, 'backup_start' | 'backup_end'> {
  readonly message_type: 'summary';
  readonly dry_run?: true;
  readonly backup_start: string;
  readonly backup_end: string;
  /** Seconds. */
  readonly total_duration: number;
  /** Absent after a dry run, and when the snapshot was skipped. */
  readonly snapshot_id?: string;
}

export interface BackupResult {
  readonly summary: BackupSummary;
  /** Paths that could not be read; above 0 the exit code is 3. */
  readonly errorCount: number;
  readonly parent: string | undefined;
}
