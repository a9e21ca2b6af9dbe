/**
 * Copies snapshots to another repository, sealed anew with its key. Reads whole stretches of packs,
 * not blob by blob. A snapshot is stored when all that it needs is durable; one that is there
 * already, however its tags were changed and back, is passed over.
 */

import { blobMissing } from '../errors.js';
import { BlobSet } from '../repository/blob-set.js';
import type { Repository } from '../repository/repository.js';
import type { BlobType } from '../repository/types.js';
import type { StoredSnapshot } from '../tree/snapshot.js';
import { editSnapshot } from '../tree/snapshot-edit.js';
import { throwIfAborted } from './abort.js';
import { findArchivedPacks } from './archived-packs.js';
import { chooseSnapshots } from './choose-snapshots.js';
import { copyBlobs, copyThreads, type WantedBlob } from './copy-blobs.js';
import { listSnapshots, type SnapshotFilter } from './snapshots.js';
import { readReferences } from './used-blobs.js';
import { withLock } from './with-lock.js';

export interface CopyOptions extends SnapshotFilter {
  /** Ids or their beginnings in the source; all that fit the filter when empty. */
  readonly snapshots?: readonly string[];
  /** Makes archived packs of the source readable, all at once, before anything is copied. */
  readonly preparePacks?: (packIds: readonly string[]) => Promise<void>;
  readonly signal?: AbortSignal;
}

export type CopyEvent =
  | { readonly type: 'skipped'; readonly snapshot: StoredSnapshot; readonly existing: string }
  | { readonly type: 'started'; readonly snapshot: StoredSnapshot }
  /** Sealed bytes that came from the source since the last event. */
  | { readonly type: 'progress'; readonly bytes: number }
  | { readonly type: 'copied'; readonly snapshot: StoredSnapshot; readonly newId: string };

export interface CopyResult {
  readonly copied: readonly { readonly oldId: string; readonly newId: string }[];
  readonly skipped: number;
  /** Of the blobs that were copied. */
  readonly blobs: number;
  /** False when the repositories cut files at other places, so that copies share nothing with backups. */
  readonly sharesChunks: boolean;
}

/**
 * Loads both indexes by itself.
 * @throws SNAPSHOT_UNKNOWN, LOCKED, LOCK_LOST, INTERRUPTED, BLOB_MISSING, REPOSITORY_DAMAGED, TREE_DAMAGED, and the
 * buckets' errors.
 */
export async function copySnapshots(
  source: Repository,
  target: Repository,
  options: CopyOptions = {},
  onEvent: (event: CopyEvent) => void = () => {},
): Promise<CopyResult> {
  return withLock(source, 'shared', options.signal, (held) =>
    withLock(target, 'shared', held, (signal) => runCopy(source, target, { ...options, signal }, onEvent)),
  );
}

async function runCopy(
  source: Repository,
  target: Repository,
  options: CopyOptions & { readonly signal: AbortSignal },
  onEvent: (event: CopyEvent) => void,
): Promise<CopyResult> {
  const { signal, snapshots: named = [] } = options;
  const chosen = await chooseSnapshots(source, named, options);
  const known = await listSnapshots(target, { signal });
  await Promise.all([source.loadIndex({ signal }), target.loadIndex({ signal })]);
  const lacking = chosen.filter((snapshot) => {
    const existing = known.find((other) => isCopyOf(snapshot, other));
    if (existing !== undefined) onEvent({ type: 'skipped', snapshot, existing: existing.id });
    return existing === undefined;
  });
  await prepareArchived(source, target, lacking, options);
  const walk = new NewBlobs(source, target, signal);
  const copied: { oldId: string; newId: string }[] = [];
  let blobs = 0;
  const threads = copyThreads(source, target);
  try {
    for (const snapshot of lacking) {
      throwIfAborted(signal);
      onEvent({ type: 'started', snapshot });
      const onProgress = (bytes: number) => onEvent({ type: 'progress', bytes });
      for await (const wanted of walk.of(snapshot.tree)) {
        await copyBlobs(source, target, wanted, { threads, signal, onProgress });
        blobs += wanted.length;
      }
      const json = editSnapshot(await source.loadSnapshot(snapshot.id, { signal }), {
        // Ids of the source mean nothing here, but for the first one, by which a copy is known again.
        parent: undefined,
        original: snapshot.original ?? snapshot.id,
      });
      const newId = await target.saveSnapshot(json, { signal });
      copied.push({ oldId: snapshot.id, newId });
      onEvent({ type: 'copied', snapshot, newId });
    }
  } finally {
    await threads?.close();
  }
  const sharesChunks = source.polynomial === target.polynomial;
  return { copied, skipped: chosen.length - copied.length, blobs, sharesChunks };
}

/** Walks twice where packs are archived: asking for them snapshot by snapshot would wait for hours each time. */
async function prepareArchived(
  source: Repository,
  target: Repository,
  snapshots: readonly StoredSnapshot[],
  { preparePacks, signal }: CopyOptions & { readonly signal: AbortSignal },
): Promise<void> {
  if (preparePacks === undefined || snapshots.length === 0) return;
  const archived = await findArchivedPacks(source, signal);
  if (archived.size === 0) return;
  const needed = new Set<string>();
  const walk = new NewBlobs(source, target, signal);
  for (const { tree } of snapshots) {
    for await (const wanted of walk.of(tree)) {
      for (const { type, id } of wanted) {
        const packId = source.packOf(type, id)?.packId;
        if (packId !== undefined && archived.has(packId)) needed.add(packId);
      }
    }
  }
  if (needed.size > 0) await preparePacks([...needed]);
}

/** restic's rule: the same first id, and everything equal but parent and original. */
function isCopyOf(snapshot: StoredSnapshot, other: StoredSnapshot): boolean {
  if ((other.original ?? other.id) !== (snapshot.original ?? snapshot.id)) return false;
  const identity = ({ timeNs, tree, hostname, username, uid, gid, paths, excludes, tags }: StoredSnapshot) =>
    JSON.stringify([String(timeNs), tree, hostname, username, uid, gid, paths, excludes, tags]);
  return identity(snapshot) === identity(other);
}

/** Blobs copied together: enough for whole stretches of packs, and few enough for a small memory. */
const blobsAtOnce = 20_000;

/**
 * What a snapshot needs and the target lacks. A tree that is there is walked all the same: a copy
 * that was killed may have stored it without what it refers to.
 */
class NewBlobs {
  readonly #source: Repository;
  readonly #target: Repository;
  readonly #signal: AbortSignal;
  /** What was looked at in this run, by the source's numbers. */
  readonly #seen = new BlobSet();

  constructor(source: Repository, target: Repository, signal: AbortSignal) {
    this.#source = source;
    this.#target = target;
    this.#signal = signal;
  }

  /** @param root id of the snapshot's tree. @throws BLOB_MISSING, TREE_DAMAGED, REPOSITORY_DAMAGED. */
  async *of(root: string): AsyncGenerator<WantedBlob[]> {
    let wanted: WantedBlob[] = [];
    const pending: string[] = [];
    const take = (type: BlobType, id: string): void => {
      const number = this.#source.maintenance.blobNumber(type, id);
      if (number < 0) throw blobMissing(type, id);
      if (!this.#seen.add(number)) return;
      if (!this.#target.hasBlob(type, id)) wanted.push({ type, id });
      if (type === 'tree') pending.push(id);
    };
    take('tree', root);
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      throwIfAborted(this.#signal);
      const { files, folders } = await readReferences(this.#source, id, this.#signal);
      for (const file of files) take('data', file);
      for (const folder of folders) take('tree', folder);
      if (wanted.length < blobsAtOnce) continue;
      yield wanted;
      wanted = [];
    }
    yield wanted;
  }
}
