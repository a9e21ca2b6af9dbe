/** Counts what a backup does, and tells it to whoever watches. */
import { displayPath } from '../files/path-bytes.js';
import type { Below } from '../state/folder-states.js';
import type { TreeNode } from '../tree/node.js';
import { isSameNode } from '../tree/same-node.js';
import type { BackupProgress, ItemAction } from './backup-types.js';

/** What a `BlobSink` counts. */
interface StoredCounts {
  readonly plainBytes: number;
  readonly storedBytes: number;
}

/** Unchanged entries go by so fast that not each is worth a message. */
const keptPerProgress = 100;

export class BackupTally {
  readonly #tell: BackupProgress;
  readonly files: Record<ItemAction, number> = { new: 0, changed: 0, unmodified: 0 };
  readonly folders: Record<ItemAction, number> = { new: 0, changed: 0, unmodified: 0 };
  errorCount = 0;
  bytesDone = 0;
  #stored: StoredCounts = { plainBytes: 0, storedBytes: 0 };
  #sinceProgress = 0;
  #totals: { files: number; bytes: number } | undefined;

  constructor(tell: BackupProgress) {
    this.#tell = tell;
  }

  /** From now on `counts`, which go on changing, are told with the progress. */
  storesInto(counts: StoredCounts): void {
    this.#stored = counts;
  }

  started(parent: string | undefined): void {
    this.#tell({ type: 'started', parent });
  }

  counted(files: number, bytes: number): void {
    this.#totals = { files, bytes };
    this.#tell({ type: 'counted', totalFiles: files, totalBytes: bytes });
  }

  error(path: Buffer, error: unknown): void {
    this.errorCount += 1;
    this.#tell({ type: 'error', path: displayPath(path), error });
  }

  warning(path: Buffer | undefined, message: string): void {
    this.#tell({ type: 'warning', path: path === undefined ? undefined : displayPath(path), message });
  }

  /** Content that was read or found unchanged. */
  addBytes(path: Buffer, count: number): void {
    this.bytesDone += count;
    this.#progress(path);
  }

  /** A node is complete. */
  item(entry: { readonly path: Buffer }, node: TreeNode, previous: TreeNode | undefined): void {
    const kind = node.type === 'file' ? 'file' : node.type === 'dir' ? 'folder' : 'other';
    const action = actionOf(node, previous);
    if (kind === 'file') this.files[action] += 1;
    if (kind === 'folder') this.folders[action] += 1;
    this.#tell(new ItemEvent(kind, action, entry, node.sizeBytes));
    this.#progress(entry.path);
  }

  /** An entry that is the parent snapshot's to the last field. */
  kept(entry: { readonly path: Buffer }, kind: 'file' | 'folder' | 'other', sizeBytes: number): void {
    if (kind === 'file') this.files.unmodified += 1;
    if (kind === 'folder') this.folders.unmodified += 1;
    if (kind === 'file') this.bytesDone += sizeBytes;
    this.#tell(new ItemEvent(kind, 'unmodified', entry, sizeBytes));
    this.#sinceProgress += 1;
    if (this.#sinceProgress >= keptPerProgress) this.#progress(entry.path);
  }

  /** An entry that is as it was, read all the same. */
  reread(entry: { readonly path: Buffer }, kind: 'file' | 'folder' | 'other', sizeBytes: number): void {
    if (kind === 'file') this.files.new += 1;
    if (kind === 'folder') this.folders.new += 1;
    this.#tell(new ItemEvent(kind, 'new', entry, sizeBytes));
  }

  /** Everything below a folder is the parent snapshot's; it was not looked at. */
  keptBelow(path: Buffer, { files, folders, bytes }: Below): void {
    this.files.unmodified += files;
    this.folders.unmodified += folders;
    this.bytesDone += bytes;
    this.#progress(path);
  }

  get filesDone(): number {
    return this.files.new + this.files.changed + this.files.unmodified;
  }

  #progress(path: Buffer): void {
    this.#sinceProgress = 0;
    this.#tell({
      type: 'progress',
      filesDone: this.filesDone,
      bytesDone: this.bytesDone,
      totalFiles: this.#totals?.files,
      totalBytes: this.#totals?.bytes,
      get currentFile() {
        return displayPath(path);
      },
      errorCount: this.errorCount,
      bytesNew: this.#stored.plainBytes,
      bytesStored: this.#stored.storedBytes,
    });
  }
}

/** There is one for each entry, and most who listen do not look at its path. */
class ItemEvent {
  readonly type = 'item';
  readonly kind: 'file' | 'folder' | 'other';
  readonly action: ItemAction;
  readonly sizeBytes: number;
  readonly #entry: { readonly path: Buffer };

  constructor(
    kind: 'file' | 'folder' | 'other',
    action: ItemAction,
    entry: { readonly path: Buffer },
    sizeBytes: number,
  ) {
    this.kind = kind;
    this.action = action;
    this.#entry = entry;
    this.sizeBytes = sizeBytes;
  }

  get path(): string {
    return displayPath(this.#entry.path);
  }
}

function actionOf(node: TreeNode, previous: TreeNode | undefined): ItemAction {
  if (previous === undefined) return 'new';
  return isSameNode(node, previous) ? 'unmodified' : 'changed';
}
