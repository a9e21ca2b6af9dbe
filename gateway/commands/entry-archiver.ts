/** The nodes of single entries. A path that cannot be read is told and left out; a repository that fails ends it all. */
import type { FileReading } from '../engine/readings.js';
import { type Describer, describeEntry } from '../files/describe.js';
import type { FoundEntry } from '../files/scan.js';
import type { TreeNode } from '../tree/node.js';
import type { BackupTally } from './backup-tally.js';
import type { FileArchiver } from './file-archiver.js';

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

  /** One that is a starting point by itself, and no folder. */
  async storeAlone(entry: FoundEntry, previous: TreeNode | undefined): Promise<TreeNode | undefined> {
    if (!entry.stat.isFile()) return this.store(entry, previous);
    const { files, tally } = this.#parts;
    try {
      return files.keptNode(entry, previous) ?? files.nodeOf(entry, await files.read(entry), previous);
    } catch (error) {
      return tally.leaveOut(entry, error);
    }
  }

  /** Neither a file nor a folder. */
  store(entry: FoundEntry, previous: TreeNode | undefined): TreeNode | undefined {
    const { describer, tally } = this.#parts;
    try {
      const node = describeEntry(entry, describer);
      tally.item(entry, node, previous);
      return node;
    } catch (error) {
      return tally.leaveOut(entry, error);
    }
  }

  /** A file that was read. */
  storeRead(entry: FoundEntry, reading: FileReading): TreeNode | undefined {
    try {
      return this.#parts.files.nodeOf(entry, reading, undefined);
    } catch (error) {
      return this.#parts.tally.leaveOut(entry, error);
    }
  }

  /** A folder whose tree is stored. */
  nodeOf(folder: FoundEntry, subtree: string, previous: TreeNode | undefined): TreeNode {
    const node = { ...describeEntry(folder, this.#parts.describer), subtree };
    this.#parts.tally.item(folder, node, previous);
    return node;
  }
}
