/** What a restore is told and what it tells. Types only. */
import type { Clock } from '../../core/clock.js';
import type { OverwriteRule } from '../restore/kinds.js';
import type { SelectionPatterns } from './snapshot-walk.js';
import type { SnapshotFilter } from './snapshots.js';

export interface RestoreOptions extends SnapshotFilter, SelectionPatterns {
  /** `latest`, an id or the beginning of one; `id:folder` restores what is in that folder. */
  readonly snapshot: string;
  /** Folder to restore into; made when it is not there. Text is UTF-8. */
  readonly target: string | Buffer;
  readonly clock: Clock;
  /**
   * What happens to files that are there; `always` unless told. `always` compares content and writes
   * what differs; `if-changed` trusts equal size and time; `if-newer` and `never` leave files alone.
   */
  readonly overwrite?: OverwriteRule;
  /** Delete what the snapshot does not have, in folders that it has, as far as patterns take it. */
  readonly delete?: boolean;
  /** Plan, tell every item, write nothing. */
  readonly dryRun?: boolean;
  /** Leave holes for zeros in new files; true unless told. */
  readonly sparse?: boolean;
  /** Read every restored file again and compare. */
  readonly verify?: boolean;
  /** Owners by their names on this machine, where it has them, else by number. */
  readonly ownershipByName?: boolean;
  /** Only extended attributes whose names match one of these patterns. */
  readonly includeAttributes?: readonly string[];
  /** All but these. */
  readonly excludeAttributes?: readonly string[];
  /** Called once before contents are read, with the packs that hold them: fetches archived ones. */
  readonly preparePacks?: (packIds: readonly string[]) => Promise<void>;
  readonly signal?: AbortSignal;
}

export type RestoreEvent =
  /** The plan is made. */
  | {
      readonly type: 'started';
      readonly snapshotId: string;
      readonly totalFiles: number;
      readonly totalBytes: number;
    }
  | {
      readonly type: 'item';
      readonly action: 'restored' | 'updated' | 'unchanged' | 'deleted';
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
      /** Left alone by the rule for overwriting. */
      readonly filesSkipped: number;
      /** Right already; with `bytesDone` they come to `totalBytes`. */
      readonly bytesSkipped: number;
      readonly filesDeleted: number;
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
  readonly files_deleted: number;
  readonly total_bytes: number;
  readonly bytes_restored: number;
  readonly bytes_skipped: number;
}

export interface RestoreResult {
  readonly summary: RestoreSummary;
  readonly snapshotId: string;
  /** Files read again and found equal; undefined without `verify`. */
  readonly filesVerified: number | undefined;
  /** Above 0 the exit code is 1. */
  readonly errorCount: number;
}
