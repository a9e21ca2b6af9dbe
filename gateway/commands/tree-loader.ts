/** Loads trees for commands that only look. A tree that cannot be read is told once and passed over. */
import type { Repository } from '../repository/repository.js';
import type { TreeNode } from '../tree/node.js';
import { decodeTree } from '../tree/tree.js';
import { throwIfAborted } from './abort.js';
import { CopyGuard, pathLimitBytes } from './copy-guard.js';
import { pathTooDeep } from './errors.js';

/** Told of each tree that cannot be read, with its place in the snapshot. */
export type BrokenTreeHandler = (path: string, error: unknown) => void;

export class TreeLoader {
  readonly #repository: Repository;
  readonly #signal: AbortSignal;
  readonly #onBroken: BrokenTreeHandler;
  #copies = new CopyGuard();

  constructor(repository: Repository, signal: AbortSignal, onBroken: BrokenTreeHandler) {
    this.#repository = repository;
    this.#signal = signal;
    this.#onBroken = onBroken;
  }

  /** Call it for each snapshot: what it shares with others is no copy in it. */
  beginSnapshot(): void {
    this.#copies = new CopyGuard();
  }

  /** Empty when it cannot be read. @throws INTERRUPTED, TREE_EXPLODES. */
  async load(id: string | undefined, path: string): Promise<readonly TreeNode[]> {
    throwIfAborted(this.#signal);
    if (id === undefined) return [];
    if (path.length > pathLimitBytes) {
      this.#onBroken(path, pathTooDeep());
      return [];
    }
    const nodes = await this.#read(id, path);
    if (nodes.length > 0) this.#copies.count(id);
    return nodes;
  }

  async #read(id: string, path: string): Promise<readonly TreeNode[]> {
    try {
      return decodeTree(await this.#repository.loadBlob('tree', id, { signal: this.#signal }));
    } catch (error) {
      throwIfAborted(this.#signal);
      this.#onBroken(path, error);
      return [];
    }
  }
}
