/** Looks through every folder that a snapshot reaches, each tree once. */
import { messageOf } from '../../core/errors.js';
import { displayPath } from '../files/path-bytes.js';
import { Scratch } from '../repository/blob-opener.js';
import { BlobSet } from '../repository/blob-set.js';
import type { Repository } from '../repository/repository.js';
import { idWords } from '../tree/id-list.js';
import type { TreeNode } from '../tree/node.js';
import type { StoredSnapshot } from '../tree/snapshot.js';
import { decodeTree } from '../tree/tree.js';
import { TreeScanner } from '../tree/tree-scanner.js';
import { throwIfAborted, throwIfBucketFailed } from './abort.js';
import { listSnapshots } from './snapshots.js';

/** A finding in snapshots and trees; shaped as the repository's own. */
export interface TreeProblem {
  readonly severity: 'error' | 'hint';
  readonly code: 'SNAPSHOT_DAMAGED' | 'TREE_DAMAGED' | 'TREE_MISSING' | 'CONTENT_MISSING';
  /** The snapshot's id, or the tree's. */
  readonly fileId: string;
  readonly blobId?: string;
  readonly message: string;
}

interface TreeCheck {
  readonly onProblem: (problem: TreeProblem) => void;
  /** Called after each snapshot. */
  readonly onSnapshot: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** @returns how many snapshots there are. */
export async function checkSnapshots(repository: Repository, options: TreeCheck): Promise<number> {
  const { onProblem, onSnapshot, signal } = options;
  const onDamaged = (error: unknown) =>
    onProblem({
      severity: 'error',
      code: 'SNAPSHOT_DAMAGED',
      fileId: idOf(error),
      message: messageOf(error),
    });
  const snapshots = await listSnapshots(repository, { signal, onDamaged });
  const checker = new TreeChecker(repository, options, await Scratch.open());
  for (const [at, snapshot] of snapshots.entries()) {
    await checker.check(snapshot);
    onSnapshot(at + 1, snapshots.length);
  }
  return snapshots.length;
}

function idOf(error: unknown): string {
  const context = error instanceof Error && 'context' in error ? error.context : undefined;
  const id =
    typeof context === 'object' && context !== null && 'snapshotId' in context ? context.snapshotId : '';
  return String(id);
}

const knownTypes = new Set(['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket']);

class TreeChecker {
  readonly #repository: Repository;
  readonly #options: TreeCheck;
  /** Holds the tree that is looked at. */
  readonly #scratch: Scratch;
  readonly #scanner = new TreeScanner();
  readonly #seen = new BlobSet();
  readonly #missing = new Set<string>();

  constructor(repository: Repository, options: TreeCheck, scratch: Scratch) {
    this.#repository = repository;
    this.#options = options;
    this.#scratch = scratch;
  }

  async check(snapshot: StoredSnapshot): Promise<void> {
    const pending = [snapshot.tree];
    for (let tree = pending.pop(); tree !== undefined; tree = pending.pop()) {
      throwIfAborted(this.#options.signal);
      const number = this.#repository.stores.index.numberOf('tree', tree);
      if (number >= 0 ? !this.#seen.add(number) : this.#missing.has(tree)) continue;
      if (number < 0) this.#missing.add(tree);
      const folders = await this.#foldersOf(tree, snapshot);
      for (const folder of folders) pending.push(folder);
    }
  }

  /** Checks a tree. @returns ids of the trees that it refers to. */
  async #foldersOf(tree: string, snapshot: StoredSnapshot): Promise<string[]> {
    const { signal } = this.#options;
    const where = `of snapshot ${snapshot.id.slice(0, 8)}`;
    if (!this.#repository.hasBlob('tree', tree)) {
      this.#tell('TREE_MISSING', snapshot.id, `Tree ${tree} ${where} is in no pack.`, tree);
      return [];
    }
    try {
      const bytes = await this.#repository.loadBlob('tree', tree, { signal, scratch: this.#scratch });
      return this.#isSound(bytes) ? this.#newFolders() : this.#checkNodes(tree, decodeTree(bytes));
    } catch (error) {
      throwIfAborted(signal);
      throwIfBucketFailed(error);
      this.#tell('TREE_DAMAGED', snapshot.id, `Tree ${tree} ${where}: ${messageOf(error)}`, tree);
      return [];
    }
  }

  /** False also for trees of another form than the usual one. */
  #isSound(tree: Uint8Array): boolean {
    if (!this.#scanner.scan(tree)) return false;
    const { index } = this.#repository.stores;
    const { chunks } = this.#scanner;
    for (let at = 0; at < chunks.length; at++) {
      if (index.numberOfWords('data', chunks.words, at * idWords) < 0) return false;
    }
    return true;
  }

  /** Of the scanned tree, but for those that were seen: they need no text of their ids. */
  #newFolders(): string[] {
    const { index } = this.#repository.stores;
    const { folders } = this.#scanner;
    const found: string[] = [];
    for (let at = 0; at < folders.length; at++) {
      const number = index.numberOfWords('tree', folders.words, at * idWords);
      if (number < 0 || !this.#seen.has(number)) found.push(folders.idAt(at));
    }
    return found;
  }

  #checkNodes(tree: string, nodes: readonly TreeNode[]): string[] {
    const folders: string[] = [];
    for (const node of nodes) {
      this.#checkNode(tree, node);
      if (node.type === 'dir' && node.subtree !== undefined) folders.push(node.subtree);
    }
    return folders;
  }

  #checkNode(tree: string, node: TreeNode): void {
    const tell = (what: string) =>
      this.#tell('TREE_DAMAGED', tree, `${displayPath(node.name)} in tree ${tree}: ${what}.`);
    if (node.name.length === 0) tell('it has no name');
    if (!knownTypes.has(node.type)) tell(`its type ${JSON.stringify(node.type)} is unknown`);
    if (node.type === 'dir' && node.subtree === undefined) tell('the folder has no tree');
    if (node.type !== 'file') return;
    if (node.content === null) tell('the file has no list of chunks');
    for (const id of node.content ?? []) {
      if (this.#repository.hasBlob('data', id)) continue;
      const message = `${displayPath(node.name)} in tree ${tree}: chunk ${id} is in no pack.`;
      this.#tell('CONTENT_MISSING', tree, message, id);
    }
  }

  #tell(code: TreeProblem['code'], fileId: string, message: string, blobId?: string): void {
    this.#options.onProblem({
      severity: 'error',
      code,
      fileId,
      ...(blobId === undefined ? {} : { blobId }),
      message,
    });
  }
}
