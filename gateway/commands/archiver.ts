/**
 * Walks folders and stores them bottom-up: contents first, then the folder's tree. Compares with
 * the parent snapshot's trees on the way. A path that cannot be read is told and left out; a
 * repository that fails ends it all.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
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
import type { FileQueue } from './file-queue.js';
import type { ParentFolder, ParentTrees } from './parent-trees.js';
import type { TargetFolder, TargetNode } from './target-tree.js';

/** What a walk has begun and workers finish. A promise in a promise would be waited for with it. */
interface Later<T> {
  readonly value: Promise<T>;
}

/** A failure is seen by whoever waits in the end; until then it is not "unhandled". */
function later<T>(value: Promise<T>): Later<T> {
  value.catch(() => {});
  return { value };
}

function now<T>(value: T): Later<T> {
  return { value: Promise.resolve(value) };
}

/** Entries looked at in one go; about a millisecond. */
const visitsPerTurn = 200;

export interface ArchiverParts {
  readonly scanner: Scanner;
  readonly describer: Describer;
  readonly files: FileArchiver;
  readonly queue: FileQueue;
  readonly sink: BlobSink;
  readonly parents: ParentTrees;
  readonly tally: BackupTally;
  readonly signal: AbortSignal;
}

export class Archiver {
  readonly #parts: ArchiverParts;
  #visited = 0;

  constructor(parts: ArchiverParts) {
    this.#parts = parts;
  }

  /** @returns the id of the tree, or undefined when nothing in it could be read. */
  async storeTargets(folder: TargetFolder, parentTree: string | undefined): Promise<string | undefined> {
    const walked = await this.#walkTargets(folder, parentTree);
    this.#parts.queue.flush();
    return walked.value;
  }

  async #walkTargets(
    folder: TargetFolder,
    parentTree: string | undefined,
  ): Promise<Later<string | undefined>> {
    const previous = await this.#parts.parents.load(parentTree);
    const parts: Later<TreeNode | 'left out' | undefined>[] = [];
    for (const [name, target] of folder.children) {
      parts.push(await this.#walkTarget(Buffer.from(name, 'latin1'), target, previous.get(name)));
    }
    return later(this.#storeTargetTree(parts));
  }

  async #storeTargetTree(
    parts: readonly Later<TreeNode | 'left out' | undefined>[],
  ): Promise<string | undefined> {
    const all = (await Promise.all(parts.map(({ value }) => value))).filter((part) => part !== undefined);
    if (all.length === 0) return undefined;
    return this.#parts.sink.save('tree', encodeTree(all.filter((part) => part !== 'left out')));
  }

  async #walkTarget(
    name: Buffer,
    target: TargetNode,
    previous: TreeNode | undefined,
  ): Promise<Later<TreeNode | 'left out' | undefined>> {
    const entry = await this.#statTarget(target.path, name);
    if (entry === undefined) return now(undefined);
    if (target.kind === 'whole' && !this.#parts.scanner.wantsStart(entry)) return now('left out');
    if (target.kind === 'whole') return this.#walkEntry(entry, entry.stat.dev, previous);
    const subtree = await this.#walkTargets(target, previous?.subtree);
    return later(
      subtree.value.then((id) => (id === undefined ? undefined : this.#finishFolder(entry, id, previous))),
    );
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

  async #walkEntry(
    entry: FoundEntry,
    device: bigint,
    previous: TreeNode | undefined,
  ): Promise<Later<TreeNode | undefined>> {
    if (entry.stat.isDirectory()) return this.#walkFolder(entry, device, previous);
    const node = this.#storeEntry(entry, previous);
    return node instanceof Promise ? later(node) : now(node);
  }

  /** Anything but a folder. Known nodes come at once, those of files that are read come later. */
  #storeEntry(
    entry: FoundEntry,
    previous: TreeNode | undefined,
  ): TreeNode | undefined | Promise<TreeNode | undefined> {
    try {
      const node = entry.stat.isFile()
        ? this.#parts.files.store(entry, previous)
        : this.#storeOther(entry, previous);
      return node instanceof Promise ? node.catch((error) => this.#leaveOut(entry, error)) : node;
    } catch (error) {
      return this.#leaveOut(entry, error);
    }
  }

  /** @throws `error` unless it concerns this path alone. */
  #leaveOut(entry: FoundEntry, error: unknown): undefined {
    if (!hasCode(error, 'FILE_FAILED')) throw error;
    this.#parts.tally.error(entry.path, error);
    return undefined;
  }

  #storeOther(entry: FoundEntry, previous: TreeNode | undefined): TreeNode {
    const node = describeEntry(entry, this.#parts.describer);
    this.#parts.tally.item(entry.path, node, previous);
    return node;
  }

  async #walkFolder(
    folder: FoundEntry,
    device: bigint,
    previous: TreeNode | undefined,
  ): Promise<Later<TreeNode | undefined>> {
    const before: ParentFolder = await this.#parts.parents.load(previous?.subtree);
    const entries = this.#list(folder, device);
    if (entries === undefined) return now(undefined);
    const parts: (TreeNode | undefined | Promise<TreeNode | undefined>)[] = [];
    for (const entry of entries) {
      await this.#breathe();
      const last = before.get(entry.name.toString('latin1'));
      if (entry.stat.isDirectory()) {
        parts.push((await this.#walkFolder(entry, device, last)).value);
      } else {
        const part = this.#storeEntry(entry, last);
        // A failure is seen when the folder is finished; until then it is not "unhandled".
        if (part instanceof Promise) part.catch(() => {});
        parts.push(part);
      }
    }
    return later(this.#storeFolder(folder, parts, previous));
  }

  #list(folder: FoundEntry, device: bigint): FoundEntry[] | undefined {
    const { scanner, tally } = this.#parts;
    try {
      return scanner.entriesNow(folder, device, (path, error) => tally.error(path, error));
    } catch (error) {
      return this.#leaveOut(folder, error);
    }
  }

  /** Lets workers, uploads and signals have their turn, and waits while enough is under way. */
  async #breathe(): Promise<void> {
    const { queue, signal } = this.#parts;
    throwIfAborted(signal);
    if (queue.isFull) await queue.whenRoom();
    this.#visited += 1;
    if (this.#visited % visitsPerTurn === 0) await nextTurn();
  }

  async #storeFolder(
    folder: FoundEntry,
    parts: readonly (TreeNode | undefined | Promise<TreeNode | undefined>)[],
    previous: TreeNode | undefined,
  ): Promise<TreeNode> {
    const nodes = (await Promise.all(parts)).filter((node) => node !== undefined);
    return this.#finishFolder(folder, await this.#parts.sink.save('tree', encodeTree(nodes)), previous);
  }

  #finishFolder(folder: FoundEntry, subtree: string, previous: TreeNode | undefined): TreeNode {
    const node = { ...describeEntry(folder, this.#parts.describer), subtree };
    this.#parts.tally.item(folder.path, node, previous);
    return node;
  }
}
