/**
 * How much a set of snapshots holds, counted in one of restic's four ways. What was seen is kept as
 * digests of 16 bytes, so that memory grows slowly with the number of distinct things.
 */
import { displayPath, joinPath } from '../files/path-bytes.js';
import type { Repository } from '../repository/repository.js';
import type { BlobType } from '../repository/types.js';
import type { TreeNode } from '../tree/node.js';
import { DigestSet } from './digest-set.js';
import { chooseSnapshots, type SnapshotChoice } from './snapshots.js';
import { type BrokenTreeHandler, TreeLoader } from './tree-loader.js';
import { withIndex } from './with-lock.js';

export const statsModes = ['restore-size', 'files-by-contents', 'blobs-per-file', 'raw-data'] as const;
export type StatsMode = (typeof statsModes)[number];

export interface StatsOptions extends SnapshotChoice {
  /** `restore-size` unless told. */
  readonly mode?: StatsMode;
}

/** restic's `stats --json`. Sizes in bytes; what a mode does not count is absent. */
export interface StatsResult {
  readonly total_size: number;
  /** Of raw-data: before compression, with how much of it is compressed (0..100), and the gain. */
  readonly total_uncompressed_size?: number;
  readonly compression_ratio?: number;
  readonly compression_progress?: number;
  readonly compression_space_saving?: number;
  readonly total_file_count?: number;
  readonly total_blob_count?: number;
  readonly snapshots_count: number;
}

/**
 * Loads the index by itself. @throws SNAPSHOT_UNKNOWN, SNAPSHOT_AMBIGUOUS, LOCKED, INTERRUPTED.
 */
export async function stats(
  repository: Repository,
  options: StatsOptions,
  onBroken: BrokenTreeHandler,
): Promise<StatsResult> {
  return withIndex(repository, options.signal, async (signal) => {
    const snapshots = await chooseSnapshots(repository, { ...options, signal });
    await repository.loadIndex({ signal });
    const trees = new TreeLoader(repository, signal, onBroken);
    const counter = counterOf(options.mode ?? 'restore-size', repository, trees);
    for (const { tree } of snapshots) {
      trees.beginSnapshot();
      await counter.count(tree);
    }
    return { ...counter.result(), snapshots_count: snapshots.length };
  });
}

interface Counter {
  count(tree: string): Promise<void>;
  result(): Omit<StatsResult, 'snapshots_count'>;
}

function counterOf(mode: StatsMode, repository: Repository, trees: TreeLoader): Counter {
  if (mode === 'restore-size') return new RestoreSize(trees);
  if (mode === 'raw-data') return new RawData(repository, trees);
  return mode === 'files-by-contents' ? new FilesByContents(trees) : new BlobsPerFile(repository, trees);
}

interface Totals {
  readonly files: number;
  readonly bytes: number;
  /** A folder with names of one file in several places counts otherwise in another snapshot. */
  readonly hasLinks: boolean;
}

/** Every snapshot for itself; a file with several names once in each. */
class RestoreSize implements Counter {
  readonly #trees: TreeLoader;
  readonly #folders = new DigestSet();
  readonly #totals: (Totals | undefined)[] = [];
  #files = 0;
  #bytes = 0;

  constructor(trees: TreeLoader) {
    this.#trees = trees;
  }

  async count(tree: string): Promise<void> {
    const { files, bytes } = await this.#below(tree, Buffer.alloc(0), new Set());
    this.#files += files;
    this.#bytes += bytes;
  }

  result() {
    return { total_size: this.#bytes, total_file_count: this.#files };
  }

  async #below(tree: string, path: Buffer, names: Set<string>): Promise<Totals> {
    const number = this.#folders.numberOf(tree);
    const known = this.#totals[number];
    if (known !== undefined) return known;
    let files = 0;
    let bytes = 0;
    let hasLinks = false;
    for (const node of await this.#trees.load(tree, `/${displayPath(path)}`)) {
      files += 1;
      if (node.links > 1) hasLinks = true;
      if (isFirstName(node, names)) bytes += node.sizeBytes;
      if (node.subtree === undefined) continue;
      const below = await this.#below(node.subtree, joinPath(path, node.name), names);
      files += below.files;
      bytes += below.bytes;
      hasLinks ||= below.hasLinks;
    }
    const totals = { files, bytes, hasLinks };
    if (!hasLinks) this.#totals[number] = totals;
    return totals;
  }
}

function isFirstName({ links, inode, deviceId }: TreeNode, names: Set<string>): boolean {
  if (links < 2 || inode === 0n) return true;
  const key = `${deviceId} ${inode}`;
  if (names.has(key)) return false;
  names.add(key);
  return true;
}

/** Files with the same content once. */
class FilesByContents implements Counter {
  readonly #trees: TreeLoader;
  readonly #folders = new DigestSet();
  readonly #contents = new DigestSet();
  #bytes = 0;

  constructor(trees: TreeLoader) {
    this.#trees = trees;
  }

  async count(tree: string): Promise<void> {
    if (!this.#folders.add(tree)) return;
    for (const node of await this.#trees.load(tree, tree)) {
      if (node.subtree !== undefined) await this.count(node.subtree);
      if (node.type !== 'file') continue;
      if (this.#contents.addText((node.content ?? []).join(''))) this.#bytes += node.sizeBytes;
    }
  }

  result() {
    return { total_size: this.#bytes, total_file_count: this.#contents.size };
  }
}

/** Files with the same content once; of those each blob once for every path. */
class BlobsPerFile implements Counter {
  readonly #repository: Repository;
  readonly #trees: TreeLoader;
  readonly #folders = new DigestSet();
  readonly #contents = new DigestSet();
  readonly #paths = new DigestSet();
  readonly #uses = new DigestSet();
  #bytes = 0;

  constructor(repository: Repository, trees: TreeLoader) {
    this.#repository = repository;
    this.#trees = trees;
  }

  count(tree: string): Promise<void> {
    return this.#below(tree, Buffer.alloc(0));
  }

  result() {
    return {
      total_size: this.#bytes,
      total_file_count: this.#paths.size,
      total_blob_count: this.#uses.size,
    };
  }

  async #below(tree: string, path: Buffer): Promise<void> {
    if (!this.#folders.add(tree)) return;
    for (const node of await this.#trees.load(tree, `/${displayPath(path)}`)) {
      const below = joinPath(path, node.name);
      if (node.subtree !== undefined) await this.#below(node.subtree, below);
      if (node.content === null || !this.#contents.addText(node.content.join(''))) continue;
      const name = below.toString('latin1');
      for (const id of node.content) {
        this.#paths.addText(name);
        if (this.#uses.addText(`${id}${name}`)) this.#bytes += this.#repository.blobSize('data', id) ?? 0;
      }
    }
  }
}

/** Each blob once, as it lies in its pack. */
class RawData implements Counter {
  readonly #repository: Repository;
  readonly #trees: TreeLoader;
  readonly #blobs = { data: new DigestSet(), tree: new DigestSet() };
  #stored = 0;
  #plain = 0;
  #compressedStored = 0;
  #compressedPlain = 0;

  constructor(repository: Repository, trees: TreeLoader) {
    this.#repository = repository;
    this.#trees = trees;
  }

  async count(tree: string): Promise<void> {
    if (!this.#blobs.tree.add(tree)) return;
    this.#weigh('tree', tree);
    for (const { content, subtree } of await this.#trees.load(tree, tree)) {
      for (const id of content ?? []) if (this.#blobs.data.add(id)) this.#weigh('data', id);
      if (subtree !== undefined) await this.count(subtree);
    }
  }

  #weigh(type: BlobType, id: string): void {
    const place = this.#repository.placeOf(type, id);
    if (place === undefined) return;
    const plain = this.#repository.blobSize(type, id) ?? 0;
    this.#stored += place.length;
    this.#plain += plain;
    if (place.uncompressedLength === 0) return;
    this.#compressedStored += place.length;
    this.#compressedPlain += plain;
  }

  result() {
    const total_blob_count = this.#blobs.data.size + this.#blobs.tree.size;
    if (this.#compressedPlain === 0) return { total_size: this.#stored, total_blob_count };
    return {
      total_size: this.#stored,
      total_uncompressed_size: this.#plain,
      compression_ratio: this.#compressedPlain / this.#compressedStored,
      compression_progress: (this.#compressedPlain / this.#plain) * 100,
      compression_space_saving: (1 - this.#stored / this.#plain) * 100,
      total_blob_count,
    };
  }
}
