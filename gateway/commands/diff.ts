/**
 * What differs between two snapshots, or between a folder in each. Folders with the same tree are
 * not compared; they are read only when it must be known whether a blob that looks new or gone is
 * in them too.
 */
import { displayPath, joinPath } from '../files/path-bytes.js';
import { encodeGoJson } from '../repository/go-json.js';
import type { Repository } from '../repository/repository.js';
import { nodeToJson, type TreeNode } from '../tree/node.js';
import { DiffBlobs } from './diff-blobs.js';
import { findTree } from './restore.js';
import { findSnapshot, type ListOptions, splitSnapshotPath } from './snapshots.js';
import { type BrokenTreeHandler, TreeLoader } from './tree-loader.js';
import { withIndex } from './with-lock.js';

export interface DiffOptions extends ListOptions {
  /** `latest`, an id or the beginning of one, with `:folder` for a part. */
  readonly from: string;
  readonly to: string;
  /** Tell changes of metadata alone too. */
  readonly metadata?: boolean;
}

/** restic's `diff --json` messages. */
export interface DiffChange {
  readonly message_type: 'change';
  /** Folders end with a slash. */
  readonly path: string;
  /** `+` added, `-` removed, `M` content, `U` metadata, `T` type; the last three also together. */
  readonly modifier: string;
}

export interface DiffCounts {
  files: number;
  dirs: number;
  others: number;
  data_blobs: number;
  tree_blobs: number;
  /** Plain bytes of the blobs. */
  bytes: number;
}

export interface DiffStatistics {
  readonly message_type: 'statistics';
  readonly source_snapshot: string;
  readonly target_snapshot: string;
  readonly changed_files: number;
  readonly added: DiffCounts;
  readonly removed: DiffCounts;
}

/**
 * Changes come in the order of the trees. Loads the index by itself.
 * @throws SNAPSHOT_UNKNOWN, SNAPSHOT_AMBIGUOUS, PATH_NOT_IN_SNAPSHOT, LOCKED, INTERRUPTED.
 */
export async function diff(
  repository: Repository,
  options: DiffOptions,
  onChange: (change: DiffChange) => void,
  onBroken: BrokenTreeHandler,
): Promise<DiffStatistics> {
  return withIndex(repository, options.signal, async (signal) => {
    const [from, to] = [splitSnapshotPath(options.from), splitSnapshotPath(options.to)];
    const older = await findSnapshot(repository, from.wanted, { ...options, signal });
    const newer = await findSnapshot(repository, to.wanted, { ...options, signal });
    await repository.loadIndex({ signal });
    const before = await findTree(repository, older, from.folder, signal);
    const after = await findTree(repository, newer, to.folder, signal);
    const trees = new TreeLoader(repository, signal, onBroken);
    const comparison = new Comparison(trees, options.metadata ?? false, onChange);
    await comparison.compare(before, after, Buffer.alloc(0));
    await comparison.blobs.settle(repository, trees, comparison.added, comparison.removed);
    return {
      message_type: 'statistics',
      source_snapshot: options.from.includes(':') ? options.from : older.id,
      target_snapshot: options.to.includes(':') ? options.to : newer.id,
      changed_files: comparison.changedFiles,
      added: comparison.added,
      removed: comparison.removed,
    };
  });
}

class Comparison {
  changedFiles = 0;
  readonly added = noCounts();
  readonly removed = noCounts();
  readonly blobs = new DiffBlobs();
  readonly #trees: TreeLoader;
  readonly #metadata: boolean;
  readonly #tell: (change: DiffChange) => void;

  constructor(trees: TreeLoader, metadata: boolean, tell: (change: DiffChange) => void) {
    this.#trees = trees;
    this.#metadata = metadata;
    this.#tell = tell;
  }

  async compare(before: string | undefined, after: string | undefined, path: Buffer): Promise<void> {
    if (before === after) {
      this.blobs.addCommon(before);
      return;
    }
    this.blobs.addTree('before', before);
    this.blobs.addTree('after', after);
    const older = await this.#load(before, path);
    const newer = await this.#load(after, path);
    for (const name of mergedNames(older, newer)) {
      await this.#compareNodes(older.get(name), newer.get(name), joinPath(path, Buffer.from(name, 'latin1')));
    }
  }

  async #load(tree: string | undefined, path: Buffer): Promise<Map<string, TreeNode>> {
    const nodes = await this.#trees.load(tree, `/${displayPath(path)}`);
    return new Map(nodes.map((node) => [node.name.toString('latin1'), node]));
  }

  async #compareNodes(older: TreeNode | undefined, newer: TreeNode | undefined, path: Buffer): Promise<void> {
    this.blobs.addContent('before', older);
    this.blobs.addContent('after', newer);
    if (older === undefined || newer === undefined) {
      if (older !== undefined) await this.#onlyIn('-', older, path);
      if (newer !== undefined) await this.#onlyIn('+', newer, path);
      return;
    }
    const modifier = this.#modifierOf(older, newer);
    if (modifier !== '') this.#change(path, newer, modifier);
    if (older.type === 'dir' && newer.type === 'dir') {
      await this.compare(older.subtree, newer.subtree, path);
    } else if (older.type === 'dir') await this.#below('-', older, path);
    else if (newer.type === 'dir') await this.#below('+', newer, path);
  }

  #modifierOf(older: TreeNode, newer: TreeNode): string {
    const type = older.type === newer.type ? '' : 'T';
    const areFiles = older.type === 'file' && newer.type === 'file';
    if (areFiles && String(older.content) !== String(newer.content)) {
      this.changedFiles++;
      return `${type}M`;
    }
    return this.#metadata && textOf(older) !== textOf(newer) ? `${type}U` : type;
  }

  async #onlyIn(sign: '+' | '-', node: TreeNode, path: Buffer): Promise<void> {
    this.#change(path, node, sign);
    const counts = sign === '+' ? this.added : this.removed;
    if (node.type === 'dir') counts.dirs++;
    else if (node.type === 'file') counts.files++;
    else counts.others++;
    if (node.type === 'dir') await this.#below(sign, node, path);
  }

  async #below(sign: '+' | '-', folder: TreeNode, path: Buffer): Promise<void> {
    const side = sign === '+' ? 'after' : 'before';
    this.blobs.addTree(side, folder.subtree);
    for (const node of (await this.#load(folder.subtree, path)).values()) {
      this.blobs.addContent(side, node);
      await this.#onlyIn(sign, node, joinPath(path, node.name));
    }
  }

  #change(path: Buffer, node: TreeNode, modifier: string): void {
    const slash = node.type === 'dir' ? '/' : '';
    this.#tell({ message_type: 'change', path: `/${displayPath(path)}${slash}`, modifier });
  }
}

function noCounts(): DiffCounts {
  return { files: 0, dirs: 0, others: 0, data_blobs: 0, tree_blobs: 0, bytes: 0 };
}

/** In the order of their bytes, each once. */
function mergedNames(older: ReadonlyMap<string, TreeNode>, newer: ReadonlyMap<string, TreeNode>): string[] {
  // Names are latin1, whose order as text is that of the bytes.
  return [...new Set([...older.keys(), ...newer.keys()])].sort();
}

function textOf(node: TreeNode): string {
  return encodeGoJson(nodeToJson(node));
}
