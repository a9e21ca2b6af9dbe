/** Lists what a snapshot holds, in the order of its trees or sorted. */
import { displayPath, pathBytes, pathComponents } from '../files/path-bytes.js';
import type { Repository } from '../repository/repository.js';
import type { StoredSnapshot } from '../tree/snapshot.js';
import { throwIfAborted } from './abort.js';
import { type ListedNode, listedNode } from './listed-node.js';
import { findTree } from './restore.js';
import { Selection, walkSnapshot } from './snapshot-walk.js';
import { findSnapshot, type SnapshotFilter, splitSnapshotPath } from './snapshots.js';
import { withIndex } from './with-lock.js';

export const lsOrders = ['name', 'size', 'time', 'mtime', 'atime', 'ctime', 'extension'] as const;
export type LsOrder = (typeof lsOrders)[number];

export interface LsOptions extends SnapshotFilter {
  /** `latest`, an id or the beginning of one, with `:folder` for a part. */
  readonly snapshot: string;
  /** Only these folders and what lies right in them; all of the snapshot when empty. */
  readonly folders?: readonly string[];
  /** Also what lies deeper in `folders`. */
  readonly recursive?: boolean;
  /** By path unless told; anything else needs memory for every entry. */
  readonly sort?: LsOrder;
  readonly reverse?: boolean;
  readonly signal?: AbortSignal;
}

export interface LsHandlers {
  readonly onSnapshot?: (snapshot: StoredSnapshot) => void;
  readonly onNode: (node: ListedNode) => void;
  /** Told of each folder whose record is not readable. */
  readonly onError: (path: string, error: unknown) => void;
}

/**
 * Loads the index by itself. @returns the snapshot's id.
 * @throws SNAPSHOT_UNKNOWN, SNAPSHOT_AMBIGUOUS, PATH_NOT_IN_SNAPSHOT, LOCKED, INTERRUPTED.
 */
export async function ls(repository: Repository, options: LsOptions, handlers: LsHandlers): Promise<string> {
  return withIndex(repository, options.signal, async (signal) => {
    const { wanted, folder } = splitSnapshotPath(options.snapshot);
    const snapshot = await findSnapshot(repository, wanted, { ...options, signal });
    await repository.loadIndex({ signal });
    const tree = await findTree(repository, snapshot, folder, signal);
    handlers.onSnapshot?.(snapshot);
    const isSorted = (options.sort ?? 'name') !== 'name' || options.reverse === true;
    const kept: ListedNode[] = [];
    const onNode = isSorted ? (node: ListedNode) => kept.push(node) : handlers.onNode;
    await list(repository, tree, options, { ...handlers, onNode }, signal);
    if (isSorted) for (const node of sorted(kept, options)) handlers.onNode(node);
    return snapshot.id;
  });
}

async function list(
  repository: Repository,
  tree: string,
  { folders = [], recursive = false }: LsOptions,
  { onNode, onError }: LsHandlers,
  signal: AbortSignal,
): Promise<void> {
  const part = new SnapshotPart(folders, recursive);
  for await (const step of walkSnapshot(repository, tree, new Selection(), signal)) {
    const path = `/${step.path.toString('latin1')}`;
    if (step.kind === 'broken') onError(`/${displayPath(step.path)}`, step.error);
    else if (step.kind !== 'leave') {
      if (part.holds(path)) onNode(listedNode(step.path, step.node));
      if (step.kind === 'enter') step.descend = part.mayHoldBelow(path);
    }
  }
  throwIfAborted(signal);
}

/** Paths are latin1, absolute and clean. */
class SnapshotPart {
  readonly #folders: readonly string[];
  readonly #recursive: boolean;

  constructor(folders: readonly string[], recursive: boolean) {
    this.#folders = folders.map((folder) => `/${pathComponents(pathBytes(folder)).map(latin1).join('/')}`);
    this.#recursive = recursive;
  }

  holds(path: string): boolean {
    if (this.#folders.length === 0) return true;
    const above = path.slice(0, path.lastIndexOf('/')) || '/';
    return this.#folders.some(
      (folder) => path === folder || above === folder || (this.#recursive && isBelow(path, folder)),
    );
  }

  mayHoldBelow(path: string): boolean {
    if (this.#folders.length === 0) return true;
    return this.#folders.some(
      (folder) => path === folder || isBelow(folder, path) || (this.#recursive && isBelow(path, folder)),
    );
  }
}

function latin1(bytes: Buffer): string {
  return bytes.toString('latin1');
}

function isBelow(path: string, folder: string): boolean {
  return folder === '/' || path.startsWith(`${folder}/`);
}

const keys: Readonly<Record<LsOrder, (node: ListedNode) => string | number>> = {
  name: (node) => node.path,
  size: (node) => node.size ?? 0,
  time: (node) => node.mtime,
  mtime: (node) => node.mtime,
  atime: (node) => node.atime,
  ctime: (node) => node.ctime,
  extension: (node) => /\.[^.]*$/.exec(node.name)?.[0] ?? '',
};

function sorted(nodes: ListedNode[], { sort = 'name', reverse = false }: LsOptions): ListedNode[] {
  const key = keys[sort];
  // Sorting is stable: what is equal stays in the order of the trees.
  nodes.sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    if (left === right) return 0;
    return left < right ? -1 : 1;
  });
  return reverse ? nodes.reverse() : nodes;
}
