/** Counts what a restore does, and tells it to whoever watches. */
import type { RestoreProgress, RestoreSummary } from '../commands/restore-types.js';
import { displayPath } from '../files/path-bytes.js';
import type { TreeNode } from '../tree/node.js';
import { actions, kinds } from './kinds.js';
import type { RestorePlan } from './plan.js';

export class RestoreTally {
  readonly #tell: RestoreProgress;
  /** All entries: folders, files, links. */
  totalFiles = 0;
  totalBytes = 0;
  filesRestored = 0;
  filesSkipped = 0;
  filesDeleted = 0;
  bytesRestored = 0;
  /** Content that was there already, and that of files which stay. */
  bytesSkipped = 0;
  filesVerified = 0;
  bytesVerified = 0;
  errorCount = 0;

  constructor(tell: RestoreProgress) {
    this.#tell = tell;
  }

  planned(sizeBytes: number): void {
    this.totalFiles += 1;
    this.totalBytes += sizeBytes;
  }

  sameBytes(count: number): void {
    this.bytesSkipped += count;
  }

  /** What is there stays, by the rule for overwriting. */
  left(path: Buffer, node: TreeNode): void {
    this.totalFiles += 1;
    this.totalBytes += node.sizeBytes;
    this.filesSkipped += 1;
    this.passedOver.add(path.toString('latin1'));
    this.bytesSkipped += node.sizeBytes;
    const kind = node.type === 'file' ? 'file' : node.type === 'dir' ? 'folder' : 'other';
    this.#tell({
      type: 'item',
      action: 'unchanged',
      kind,
      path: `/${displayPath(path)}`,
      sizeBytes: node.sizeBytes,
    });
  }

  /** Files that were left or failed, for who verifies the others; latin1, without a leading slash. */
  readonly passedOver = new Set<string>();

  started(snapshotId: string): void {
    const { totalFiles, totalBytes } = this;
    this.#tell({ type: 'started', snapshotId, totalFiles, totalBytes });
  }

  /** An entry is as it shall be. */
  restored(plan: RestorePlan, entry: number): void {
    this.filesRestored += 1;
    this.#item(plan, entry);
    this.#progress('restore');
  }

  #item(plan: RestorePlan, entry: number): void {
    const entryKind = plan.kindOf(entry);
    const action = plan.actionOf(entry);
    this.#tell({
      type: 'item',
      action: action === actions.metadata ? 'unchanged' : action === actions.update ? 'updated' : 'restored',
      kind:
        entryKind === kinds.file || entryKind === kinds.hardLink
          ? 'file'
          : entryKind === kinds.folder
            ? 'folder'
            : 'other',
      path: `/${displayPath(plan.path(entry))}`,
      sizeBytes: entryKind === kinds.file ? plan.sizeOf(entry) : 0,
    });
  }

  /** Tells the plan as if it had been carried out. */
  pretend(plan: RestorePlan): void {
    for (let entry = 1; entry < plan.entryCount; entry++) {
      if (plan.isBare(entry)) continue;
      this.filesRestored += 1;
      this.#item(plan, entry);
    }
    this.bytesRestored = this.totalBytes - this.bytesSkipped;
    for (const { path } of plan.deletions) this.deleted(path);
  }

  summary(secondsElapsed: number): RestoreSummary {
    return {
      message_type: 'summary',
      seconds_elapsed: secondsElapsed,
      total_files: this.totalFiles,
      files_restored: this.filesRestored,
      files_skipped: this.filesSkipped,
      files_deleted: this.filesDeleted,
      total_bytes: this.totalBytes,
      bytes_restored: this.bytesRestored,
      bytes_skipped: this.bytesSkipped,
    };
  }

  wrote(count: number): void {
    this.bytesRestored += count;
    this.#progress('restore');
  }

  deleted(path: Buffer): void {
    this.filesDeleted += 1;
    this.#tell({
      type: 'item',
      action: 'deleted',
      kind: 'other',
      path: `/${displayPath(path)}`,
      sizeBytes: 0,
    });
  }

  verified(sizeBytes: number): void {
    this.filesVerified += 1;
    this.bytesVerified += sizeBytes;
    this.#progress('verify');
  }

  error(path: Buffer, error: unknown): void {
    this.errorCount += 1;
    this.passedOver.add(path.toString('latin1'));
    this.#tell({ type: 'error', path: `/${displayPath(path)}`, error });
  }

  warning(message: string): void {
    this.#tell({ type: 'warning', path: undefined, message });
  }

  #progress(phase: 'restore' | 'verify'): void {
    const isVerify = phase === 'verify';
    this.#tell({
      type: 'progress',
      phase,
      filesDone: isVerify ? this.filesVerified : this.filesRestored,
      bytesDone: isVerify ? this.bytesVerified : this.bytesRestored,
      filesSkipped: this.filesSkipped,
      bytesSkipped: this.bytesSkipped,
      filesDeleted: this.filesDeleted,
      totalFiles: this.totalFiles,
      totalBytes: this.totalBytes,
      errorCount: this.errorCount,
    });
  }
}
