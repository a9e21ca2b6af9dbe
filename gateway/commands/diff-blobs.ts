/**
 * Which blobs a comparison saw on one side only. Blobs of folders that are the same on both sides
 * count as common; those folders are read at the end, and only while something is in doubt.
 */
import type { Repository } from '../repository/repository.js';
import type { BlobType } from '../repository/types.js';
import type { TreeNode } from '../tree/node.js';
import type { DiffCounts } from './diff.js';
import { DigestSet } from './digest-set.js';
import type { TreeLoader } from './tree-loader.js';

type Side = 'before' | 'after';

export class DiffBlobs {
  readonly #sides = { before: new Map<string, BlobType>(), after: new Map<string, BlobType>() };
  readonly #commonTrees = new Set<string>();

  addTree(side: Side, id: string | undefined): void {
    if (id !== undefined) this.#sides[side].set(id, 'tree');
  }

  addContent(side: Side, node: TreeNode | undefined): void {
    for (const id of node?.content ?? []) this.#sides[side].set(id, 'data');
  }

  addCommon(tree: string | undefined): void {
    if (tree !== undefined) this.#commonTrees.add(tree);
  }

  /** Counts what is on one side only. */
  async settle(
    repository: Repository,
    trees: TreeLoader,
    added: DiffCounts,
    removed: DiffCounts,
  ): Promise<void> {
    const { before, after } = this.#sides;
    for (const id of [...before.keys()]) if (after.delete(id)) before.delete(id);
    const visited = new DigestSet();
    for (const tree of this.#commonTrees) await this.#drop(tree, trees, visited);
    count(repository, after, added);
    count(repository, before, removed);
  }

  async #drop(tree: string, trees: TreeLoader, visited: DigestSet): Promise<void> {
    const { before, after } = this.#sides;
    if (before.size + after.size === 0 || !visited.add(tree)) return;
    this.#isCommon(tree);
    for (const node of await trees.load(tree, '(common)')) {
      for (const id of node.content ?? []) this.#isCommon(id);
      if (node.subtree !== undefined) await this.#drop(node.subtree, trees, visited);
    }
  }

  #isCommon(id: string): void {
    this.#sides.before.delete(id);
    this.#sides.after.delete(id);
  }
}

function count(repository: Repository, blobs: ReadonlyMap<string, BlobType>, counts: DiffCounts): void {
  for (const [id, type] of blobs) {
    if (type === 'tree') counts.tree_blobs++;
    else counts.data_blobs++;
    counts.bytes += repository.blobSize(type, id) ?? 0;
  }
}
