/** The parent snapshot's folders, loaded as the backup comes past them. */
import { messageOf } from '../../core/errors.js';
import type { Repository } from '../repository/repository.js';
import type { TreeNode } from '../tree/node.js';
import { decodeTree } from '../tree/tree.js';

/** Nodes by name as latin1. */
export type ParentFolder = ReadonlyMap<string, TreeNode>;

const nothing: ParentFolder = new Map();

export class ParentTrees {
  readonly #repository: Repository;
  readonly #onProblem: (message: string) => void;
  readonly #signal: AbortSignal;

  constructor(repository: Repository, signal: AbortSignal, onProblem: (message: string) => void) {
    this.#repository = repository;
    this.#signal = signal;
    this.#onProblem = onProblem;
  }

  /** Empty without a tree, and when it cannot be read: then the files are just read again. */
  async load(tree: string | undefined): Promise<ParentFolder> {
    if (tree === undefined) return nothing;
    try {
      const nodes = decodeTree(await this.#repository.loadBlob('tree', tree, { signal: this.#signal }));
      return new Map(nodes.map((node) => [node.name.toString('latin1'), node]));
    } catch (error) {
      this.#onProblem(`A folder of the parent snapshot is not readable: ${messageOf(error)}`);
      return nothing;
    }
  }

  /** May a file with this content be kept without reading it? */
  hasAll(content: readonly string[]): boolean {
    return content.every((id) => this.#repository.hasBlob('data', id));
  }
}
