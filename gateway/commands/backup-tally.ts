/** Counts what a backup does, and tells it to whoever watches. */
import { hasCode } from '../../core/errors.js';
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

/** Entries go by so fast that not each is worth a message of progress. */
const itemsPerProgress = 100;
const bytesPerProgress = 1024 * 1024;

/** Only who wants to show its path has that made. */
interface Told {
  readonly path: Buffer;
}

type Kind = 'file' | 'folder' | 'other';

export class BackupTally {
  readonly #tell: BackupProgress;
  readonly files: Record<ItemAction, number> = { new: 0, changed: 0, unmodified: 0 };
  readonly folders: Record<ItemAction, number> = { new: 0, changed: 0, unmodified: 0 };
  errorCount = 0;
  bytesDone = 0;
  #stored: StoredCounts = { plainBytes: 0, storedBytes: 0 };
  #sinceProgress = 0;
  #bytesSinceProgress = 0;
  #last: Told | undefined;
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

  /** Tells that the path is left out. @throws `error` unless it concerns this path alone. */
  leaveOut({ path }: Told, error: unknown): undefined {
    if (!hasCode(error, 'FILE_FAILED')) throw error;
    this.error(path, error);
    return undefined;
  }

  warning(path: Buffer | undefined, message: string): void {
    this.#tell({ type: 'warning', path: path === undefined ? undefined : displayPath(path), message });
  }

  /** Content that was read or found unchanged. */
  addBytes(entry: Told, count: number): void {
    this.bytesDone += count;
    this.#bytesSinceProgress += count;
    this.#passed(entry);
  }

  /** A node is complete. */
  item(entry: Told, node: TreeNode, previous: TreeNode | undefined): void {
    const kind = node.type === 'file' ? 'file' : node.type === 'dir' ? 'folder' : 'other';
    this.#item(entry, kind, actionOf(node, previous), node.sizeBytes);
  }

  /** The node of a file is complete that the parent snapshot does not have. */
  newFile(entry: Told, sizeBytes: number): void {
    this.#item(entry, 'file', 'new', sizeBytes);
  }

  /** An entry that is the parent snapshot's to the last field. */
  kept(entry: Told, kind: Kind, sizeBytes: number): void {
    if (kind === 'file') this.bytesDone += sizeBytes;
    this.#item(entry, kind, 'unmodified', sizeBytes);
  }

  /** An entry that is as it was, read all the same. */
  reread(entry: Told, kind: Kind, sizeBytes: number): void {
    this.#item(entry, kind, 'new', sizeBytes);
  }

  /** Everything below a folder is the parent snapshot's; it was not looked at. */
  keptBelow(path: Buffer, { files, folders, bytes }: Below): void {
    this.files.unmodified += files;
    this.folders.unmodified += folders;
    this.bytesDone += bytes;
    this.#progress({ path });
  }

  get filesDone(): number {
    return this.files.new + this.files.changed + this.files.unmodified;
  }

  #item(entry: Told, kind: Kind, action: ItemAction, sizeBytes: number): void {
    if (kind === 'file') this.files[action] += 1;
    if (kind === 'folder') this.folders[action] += 1;
    this.#tell(new ItemEvent(kind, action, entry, sizeBytes));
    this.#sinceProgress += 1;
    this.#passed(entry);
  }

  /** The last message of progress tells all there was. */
  finished(): void {
    if (this.#last !== undefined) this.#progress(this.#last);
  }

  #passed(entry: Told): void {
    this.#last = entry;
    if (this.#sinceProgress >= itemsPerProgress || this.#bytesSinceProgress >= bytesPerProgress)
      this.#progress(entry);
  }

  #progress(entry: Told): void {
    this.#sinceProgress = 0;
    this.#bytesSinceProgress = 0;
    this.#tell({
      type: 'progress',
      filesDone: this.filesDone,
      bytesDone: this.bytesDone,
      totalFiles: this.#totals?.files,
      totalBytes: this.#totals?.bytes,
      get currentFile() {
        return displayPath(entry.path);
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
  readonly kind: Kind;
  readonly action: ItemAction;
  readonly sizeBytes: number;
  readonly #entry: Told;

  constructor(kind: Kind, action: ItemAction, entry: Told, sizeBytes: number) {
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
