/** Finds what uses a blob, a tree or a pack, over many snapshots. Each folder is visited once. */
import { displayPath, joinPath } from '../files/path-bytes.js';
import type { BlobPlace } from '../repository/blob-index.js';
import type { Repository } from '../repository/repository.js';
import type { BlobType } from '../repository/types.js';
import { formatTime } from '../tree/go-time.js';
import type { TreeNode } from '../tree/node.js';
import type { StoredSnapshot } from '../tree/snapshot.js';
import { DigestSet, digestOf } from './digest-set.js';
import { packUnknown } from './errors.js';
import { chooseSnapshots, type SnapshotChoice } from './snapshots.js';
import { type BrokenTreeHandler, TreeLoader } from './tree-loader.js';
import { withLock } from './with-lock.js';

export interface FindObjectsOptions extends SnapshotChoice {
  readonly kind: 'blob' | 'tree' | 'pack';
  /** Ids or beginnings of ids. */
  readonly ids: readonly string[];
}

/** restic's `find --blob --json` message. */
export interface FoundObject {
  readonly object_type: 'blob' | 'tree';
  readonly id: string;
  readonly path: string;
  /** Of the folder that the file is in. */
  readonly parent_tree?: string;
  readonly snapshot: string;
  readonly time: string;
}

export type ObjectHandler = (found: FoundObject, place: BlobPlace | undefined) => void;

/**
 * Each use is told once, for the oldest snapshot that has it. Loads the index by itself.
 * @returns how many uses were found.
 * @throws PACK_UNKNOWN, SNAPSHOT_UNKNOWN, SNAPSHOT_AMBIGUOUS, LOCKED, INTERRUPTED.
 */
export async function findObjects(
  repository: Repository,
  options: FindObjectsOptions,
  onFound: ObjectHandler,
  onBroken: BrokenTreeHandler,
): Promise<number> {
  return withLock(repository, 'shared', options.signal, async (signal) => {
    const snapshots = await chooseSnapshots(repository, { ...options, signal });
    await repository.loadIndex({ signal });
    const isWanted = wantedObjects(repository, options);
    const trees = new TreeLoader(repository, signal, onBroken);
    const search = new ObjectSearch(isWanted, trees, (found) =>
      onFound(found, repository.placeOf(found.object_type === 'tree' ? 'tree' : 'data', found.id)),
    );
    for (const snapshot of snapshots) {
      trees.beginSnapshot();
      await search.visit(snapshot.tree, Buffer.alloc(0), snapshot);
    }
    return search.count;
  });
}

type IsWanted = (type: BlobType, id: string) => boolean;

function wantedObjects(repository: Repository, { kind, ids }: FindObjectsOptions): IsWanted {
  const prefixes = ids.map((id) => id.toLowerCase());
  if (kind !== 'pack') {
    const wantedType = kind === 'tree' ? 'tree' : 'data';
    return (type, id) => type === wantedType && prefixes.some((prefix) => id.startsWith(prefix));
  }
  const wanted = { data: new Set<string>(), tree: new Set<string>() };
  const missing = new Set(prefixes);
  for (const { packId } of repository.indexedPacks()) {
    const prefix = prefixes.find((text) => packId.startsWith(text));
    if (prefix === undefined) continue;
    missing.delete(prefix);
    for (const { type, id } of repository.blobsOfPack(packId)) wanted[type].add(id);
  }
  if (missing.size > 0) throw packUnknown([...missing]);
  return (type, id) => wanted[type].has(id);
}

class ObjectSearch {
  count = 0;
  readonly #isWanted: IsWanted;
  readonly #trees: TreeLoader;
  readonly #emit: (found: FoundObject) => void;
  /** Folders by tree and path. */
  readonly #visited = new DigestSet();

  constructor(isWanted: IsWanted, trees: TreeLoader, emit: (found: FoundObject) => void) {
    this.#isWanted = isWanted;
    this.#trees = trees;
    this.#emit = emit;
  }

  async visit(tree: string, path: Buffer, snapshot: StoredSnapshot): Promise<void> {
    const shown = `/${displayPath(path)}`;
    if (!this.#visited.add(digestOf(`${tree}${path.toString('latin1')}`))) return;
    if (this.#isWanted('tree', tree)) this.#tell(snapshot, { object_type: 'tree', id: tree, path: shown });
    for (const node of await this.#trees.load(tree, shown)) {
      const below = joinPath(path, node.name);
      this.#lookAtContent(node, tree, below, snapshot);
      if (node.type === 'dir' && node.subtree !== undefined) await this.visit(node.subtree, below, snapshot);
    }
  }

  #lookAtContent(node: TreeNode, tree: string, path: Buffer, snapshot: StoredSnapshot): void {
    for (const id of new Set(node.content ?? [])) {
      if (!this.#isWanted('data', id)) continue;
      const found = { object_type: 'blob', id, path: `/${displayPath(path)}`, parent_tree: tree } as const;
      this.#tell(snapshot, found);
    }
  }

  #tell({ id, timeNs }: StoredSnapshot, found: Omit<FoundObject, 'snapshot' | 'time'>): void {
    this.count++;
    this.#emit({ ...found, snapshot: id, time: formatTime(timeNs) });
  }
}
