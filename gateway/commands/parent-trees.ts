/** The parent snapshot's folders, loaded when the backup has to compare with them, not before. */
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

  hasTree(tree: string): boolean {
    return this.#repository.hasBlob('tree', tree);
  }

  /** May a file with this content be kept without reading it? */
  hasAll(content: readonly string[]): boolean {
    return content.every((id) => this.#repository.hasBlob('data', id));
  }
}

/** One folder of the parent snapshot. */
export class PreviousFolder {
  readonly #parents: ParentTrees;
  readonly #tree: () => string | undefined | Promise<string | undefined>;
  #nodes: Promise<ParentFolder> | undefined;

  constructor(parents: ParentTrees, tree: () => string | undefined | Promise<string | undefined>) {
    this.#parents = parents;
    this.#tree = tree;
  }

  /** Its nodes; loaded once, at the first call. */
  nodes(): Promise<ParentFolder> {
    this.#nodes ??= this.#load();
    return this.#nodes;
  }

  /** A folder in it. `known` is its tree where that is known without loading this one. */
  folder(name: string, known: string | undefined): PreviousFolder {
    return new PreviousFolder(this.#parents, () => known ?? this.#treeOf(name));
  }

  async #treeOf(name: string): Promise<string | undefined> {
    return (await this.nodes()).get(name)?.subtree;
  }

  async #load(): Promise<ParentFolder> {
    return this.#parents.load(await this.#tree());
  }
}
