/** Counts what a restore does, and tells it to whoever watches. */
import { displayPath } from '../files/path-bytes.js';
import type { TreeNode } from '../tree/node.js';
import type { RestoreProgress } from './restore-types.js';

export class RestoreTally {
  readonly #tell: RestoreProgress;
  /** All entries: folders, files, links. */
  totalFiles = 0;
  totalBytes = 0;
  filesRestored = 0;
  filesSkipped = 0;
  bytesRestored = 0;
  filesVerified = 0;
  bytesVerified = 0;
  errorCount = 0;

  constructor(tell: RestoreProgress) {
    this.#tell = tell;
  }

  started(snapshotId: string): void {
    const { totalFiles, totalBytes } = this;
    this.#tell({ type: 'started', snapshotId, totalFiles, totalBytes });
  }

  item(path: Buffer, node: TreeNode): void {
    this.filesRestored += 1;
    const kind = node.type === 'file' ? 'file' : node.type === 'dir' ? 'folder' : 'other';
    this.#tell({ type: 'item', kind, path: `/${displayPath(path)}`, sizeBytes: node.sizeBytes });
    this.#progress('restore');
  }

  skipped(path: Buffer, reason: string): void {
    this.filesSkipped += 1;
    this.#tell({ type: 'warning', path: `/${displayPath(path)}`, message: reason });
  }

  restoredBytes(count: number): void {
    this.bytesRestored += count;
    this.#progress('restore');
  }

  verified(sizeBytes: number): void {
    this.filesVerified += 1;
    this.bytesVerified += sizeBytes;
    this.#progress('verify');
  }

  error(path: Buffer, error: unknown): void {
    this.errorCount += 1;
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
      totalFiles: this.totalFiles,
      totalBytes: this.totalBytes,
      errorCount: this.errorCount,
    });
  }
}
