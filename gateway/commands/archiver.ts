/**
 * Walks folders and stores them bottom-up: contents first, then the folder's tree. Compares with
 * the parent snapshot's trees on the way. A path that cannot be read is told and left out; a
 * repository that fails ends it all.
 */
import { hasCode } from '../../core/errors.js';
import { type Describer, describeEntry } from '../files/describe.js';
import { targetUnreadable } from '../files/errors.js';
import { type FoundEntry, type Scanner, statEntry } from '../files/scan.js';
import type { TreeNode } from '../tree/node.js';
import { encodeTree } from '../tree/tree.js';
import { throwIfAborted } from './abort.js';
import type { BackupTally } from './backup-tally.js';
import type { BlobSink } from './blob-sink.js';
import type { FileArchiver } from './file-archiver.js';
import type { ParentFolder, ParentTrees } from './parent-trees.js';
import type { TargetFolder, TargetNode } from './target-tree.js';

export interface ArchiverParts {
  readonly scanner: Scanner;
  readonly describer: Describer;
  readonly files: FileArchiver;
  readonly sink: BlobSink;
  readonly parents: ParentTrees;
  readonly tally: BackupTally;
  readonly signal: AbortSignal;
}

export class Archiver {
  readonly #parts: ArchiverParts;

  constructor(parts: ArchiverParts) {
    this.#parts = parts;
  }

  /** @returns the id of the tree, or undefined when nothing in it could be read. */
  async storeTargets(folder: TargetFolder, parentTree: string | undefined): Promise<string | undefined> {
    const previous = await this.#parts.parents.load(parentTree);
    const nodes: TreeNode[] = [];
    let isEmpty = true;
    for (const [name, target] of folder.children) {
      const stored = await this.#storeTarget(Buffer.from(name, 'latin1'), target, previous.get(name));
      if (stored !== undefined) isEmpty = false;
      if (stored !== undefined && stored !== 'left out') nodes.push(stored);
    }
    return isEmpty ? undefined : this.#parts.sink.save('tree', encodeTree(nodes));
  }

  async #storeTarget(
    name: Buffer,
    target: TargetNode,
    previous: TreeNode | undefined,
  ): Promise<TreeNode | 'left out' | undefined> {
    const entry = await this.#statTarget(target.path, name);
    if (entry === undefined) return undefined;
    if (target.kind === 'whole' && !this.#parts.scanner.wantsStart(entry)) return 'left out';
    if (target.kind === 'whole') return this.#storeEntry(entry, entry.stat.dev, previous);
    const subtree = await this.storeTargets(target, previous?.subtree);
    if (subtree === undefined) return undefined;
    return this.#finishFolder(entry, subtree, previous);
  }

  async #statTarget(path: Buffer, name: Buffer): Promise<FoundEntry | undefined> {
    const { tally } = this.#parts;
    let told = false;
    const entry = await statEntry(path, name, (_path, error) => {
      told = true;
      tally.error(path, error);
    });
    // Of a path that was asked for by name, absence is an error too.
    if (entry === undefined && !told) tally.error(path, targetUnreadable(path, 'it does not exist'));
    return entry;
  }

  async #storeEntry(
    entry: FoundEntry,
    device: bigint,
    previous: TreeNode | undefined,
  ): Promise<TreeNode | undefined> {
    throwIfAborted(this.#parts.signal);
    try {
      if (entry.stat.isDirectory()) return await this.#storeFolder(entry, device, previous);
      if (entry.stat.isFile()) return await this.#parts.files.store(entry, previous);
      return await this.#storeOther(entry, previous);
    } catch (error) {
      if (!hasCode(error, 'FILE_FAILED')) throw error;
      this.#parts.tally.error(entry.path, error);
      return undefined;
    }
  }

  async #storeOther(entry: FoundEntry, previous: TreeNode | undefined): Promise<TreeNode> {
    const node = await describeEntry(entry, this.#parts.describer);
    this.#parts.tally.item(entry.path, node, previous);
    return node;
  }

  async #storeFolder(folder: FoundEntry, device: bigint, previous: TreeNode | undefined): Promise<TreeNode> {
    const { scanner, tally, parents } = this.#parts;
    const before: ParentFolder = await parents.load(previous?.subtree);
    const nodes: TreeNode[] = [];
    const onError = (path: Buffer, error: unknown) => tally.error(path, error);
    for await (const entry of scanner.entriesOf(folder, device, onError)) {
      const stored = await this.#storeEntry(entry, device, before.get(entry.name.toString('latin1')));
      if (stored !== undefined) nodes.push(stored);
    }
    return this.#finishFolder(folder, await this.#parts.sink.save('tree', encodeTree(nodes)), previous);
  }

  async #finishFolder(
    folder: FoundEntry,
    subtree: string,
    previous: TreeNode | undefined,
  ): Promise<TreeNode> {
    const node = { ...(await describeEntry(folder, this.#parts.describer)), subtree };
    this.#parts.tally.item(folder.path, node, previous);
    return node;
  }
}
