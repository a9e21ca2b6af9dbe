/** The nodes of single entries. A path that cannot be read is told and left out; a repository that fails ends it all. */
import { hasCode } from '../../core/errors.js';
import type { FileReading } from '../engine/readings.js';
import { type Describer, describeEntry } from '../files/describe.js';
import type { FoundEntry } from '../files/scan.js';
import type { TreeNode } from '../tree/node.js';
import type { BackupTally } from './backup-tally.js';
import type { FileArchiver } from './file-archiver.js';
import type { Part } from './folder-parts.js';

export interface EntryArchiverParts {
  readonly describer: Describer;
  readonly files: FileArchiver;
  readonly tally: BackupTally;
}

export class EntryArchiver {
  readonly #parts: EntryArchiverParts;

  constructor(parts: EntryArchiverParts) {
    this.#parts = parts;
  }

  /** Anything but a folder. Known nodes come at once, those of files that are read come later. */
  store(entry: FoundEntry, previous: TreeNode | undefined): Part {
    return this.#orLeftOut(entry, () =>
      entry.stat.isFile() ? this.#parts.files.store(entry, previous) : this.#storeOther(entry, previous),
    );
  }

  /** A file that was read. */
  storeRead(entry: FoundEntry, reading: FileReading): Part {
    return this.#orLeftOut(entry, () => this.#parts.files.nodeOf(entry, reading, undefined));
  }

  /** A folder whose tree is stored. */
  nodeOf(folder: FoundEntry, subtree: string, previous: TreeNode | undefined): TreeNode {
    const node = { ...describeEntry(folder, this.#parts.describer), subtree };
    this.#parts.tally.item(folder, node, previous);
    return node;
  }

  /** Tells that the path is left out. @throws `error` unless it concerns this path alone. */
  leaveOut(entry: FoundEntry, error: unknown): undefined {
    if (!hasCode(error, 'FILE_FAILED')) throw error;
    this.#parts.tally.error(entry.path, error);
    return undefined;
  }

  #storeOther(entry: FoundEntry, previous: TreeNode | undefined): TreeNode {
    const node = describeEntry(entry, this.#parts.describer);
    this.#parts.tally.item(entry, node, previous);
    return node;
  }

  #orLeftOut(entry: FoundEntry, make: () => Part): Part {
    try {
      const node = make();
      return node instanceof Promise ? node.catch((error) => this.leaveOut(entry, error)) : node;
    } catch (error) {
      return this.leaveOut(entry, error);
    }
  }
}
