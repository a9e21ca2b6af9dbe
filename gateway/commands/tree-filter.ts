/**
 * Leaves entries out of stored trees. What stays keeps its bytes; a tree without anything left out
 * keeps its id. Equal trees at equal paths are looked through once.
 */
import { joinPath, pathComponents, toLossless } from '../files/path-bytes.js';
import { compilePatterns, type PatternList } from '../files/patterns.js';
import { sha256Hex } from '../repository/layout.js';
import type { Repository } from '../repository/repository.js';
import { joinTree, type NodeText, splitTree, withSubtree } from '../tree/tree-text.js';
import { throwIfAborted } from './abort.js';

export interface FilterOptions {
  readonly excludes: readonly string[];
  readonly insensitiveExcludes: readonly string[];
  /** Store nothing. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onExcluded?: (path: Buffer) => void;
}

export interface FilteredTree {
  readonly id: string;
  /** What is left: files, and the bytes in them. */
  readonly files: number;
  readonly bytes: number;
}

export class TreeFilter {
  readonly #repository: Repository;
  readonly #options: FilterOptions;
  readonly #patterns: readonly PatternList[];
  /** By path and tree. */
  readonly #done = new Map<string, FilteredTree>();

  /** @throws PATTERN_MALFORMED. */
  constructor(repository: Repository, options: FilterOptions) {
    this.#repository = repository;
    this.#options = options;
    const lists = [compilePatterns(options.excludes), compilePatterns(options.insensitiveExcludes, true)];
    this.#patterns = lists.filter((list) => !list.isEmpty);
  }

  /** @param root id of a snapshot's tree. @throws TREE_NOT_REPEATABLE, TREE_DAMAGED, and the repository's errors. */
  filter(root: string): Promise<FilteredTree> {
    return this.#tree(Buffer.from('/'), root);
  }

  async #tree(path: Buffer, id: string): Promise<FilteredTree> {
    const name = `${path.toString('latin1')}\0${id}`;
    const known = this.#done.get(name);
    if (known !== undefined) return known;
    const { signal, dryRun } = this.#options;
    throwIfAborted(signal);
    const nodes = splitTree(id, await this.#repository.loadBlob('tree', id, { signal }));
    const texts: string[] = [];
    const left = { files: 0, bytes: 0 };
    for (const node of nodes) {
      const kept = await this.#node(joinPath(path, node.name), node, left);
      if (kept !== undefined) texts.push(kept);
    }
    const isSame = texts.length === nodes.length && texts.every((text, i) => text === nodes[i]?.text);
    const blob = isSame ? undefined : joinTree(texts);
    if (blob !== undefined && !dryRun) await this.#repository.saveBlob('tree', blob, { signal });
    const filtered = { id: blob === undefined ? id : sha256Hex(blob), ...left };
    this.#done.set(name, filtered);
    return filtered;
  }

  /** The node's text, perhaps with another subtree; undefined when it is left out. */
  async #node(
    path: Buffer,
    node: NodeText,
    left: { files: number; bytes: number },
  ): Promise<string | undefined> {
    const components = pathComponents(path).map(toLossless);
    if (this.#patterns.some((list) => list.match(components).matched)) {
      this.#options.onExcluded?.(path);
      return undefined;
    }
    if (node.type === 'file') {
      left.files++;
      left.bytes += node.sizeBytes;
    }
    if (node.subtree === '') return node.text;
    const below = await this.#tree(path, node.subtree);
    left.files += below.files;
    left.bytes += below.bytes;
    return below.id === node.subtree ? node.text : withSubtree(node, below.id);
  }
}
