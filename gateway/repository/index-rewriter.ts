/**
 * Replaces the index files by new ones that leave packs out or state their blobs anew. The new files
 * are durable before the first old one goes, so that whoever reads in between, or after a crash,
 * finds every blob that is kept. It neither writes nor removes packs: new packs must be durable
 * before the call, old ones may go after it. The caller holds the exclusive lock.
 */

import { throwIfAborted } from '../../core/bounded.js';
import type { CallOptions } from '../bucket/bucket.js';
import type { BlobIndex } from './blob-index.js';
import { encodeIndex, type IndexedPack } from './index-file.js';
import type { BlobEntry } from './types.js';
import type { UnpackedFiles } from './unpacked.js';

/** As restic's: a reader need not hold more than one such file at once. */
const blobsPerFile = 50_000;

export interface IndexRewrite extends CallOptions {
  /** Packs that the new index does not name. */
  readonly dropPacks?: ReadonlySet<string>;
  /** Packs that the new index names with these blobs, known before or not. */
  readonly replacePacks?: ReadonlyMap<string, readonly BlobEntry[]>;
  /** Index files that go too although they were not loaded, such as unreadable ones. */
  readonly removeFiles?: readonly string[];
}

export interface RewrittenIndex {
  /** Ids of the new index files. */
  readonly written: readonly string[];
  /** Ids of the index files that are gone. */
  readonly removed: readonly string[];
}

/**
 * Only index files that were loaded or written here are superseded; one that appeared meanwhile, or
 * could not be read, stays. `index` is brought up to date.
 * @throws INTERRUPTED, and the bucket's errors; the index in the bucket is whole then all the same.
 */
export async function rewriteIndex(
  files: UnpackedFiles,
  index: BlobIndex,
  rewrite: IndexRewrite,
): Promise<RewrittenIndex> {
  const { dropPacks = new Set(), replacePacks = new Map(), removeFiles = [], ...call } = rewrite;
  const removed = [...new Set([...files.knownIndexIds, ...removeFiles])];
  const written: string[] = [];
  for (const packs of inFiles(packsOf(index, dropPacks, replacePacks))) {
    throwIfAborted(call.signal);
    written.push(await files.save('index', encodeIndex(packs), call));
  }
  for (const id of removed) {
    await files.remove('index', id, call);
    files.knownIndexIds.delete(id);
  }
  index.dropPacks([...dropPacks, ...replacePacks.keys()]);
  for (const [packId, blobs] of replacePacks) if (!dropPacks.has(packId)) index.addPack(packId, blobs);
  return { written, removed };
}

function* packsOf(
  index: BlobIndex,
  dropped: ReadonlySet<string>,
  replaced: ReadonlyMap<string, readonly BlobEntry[]>,
): Generator<IndexedPack> {
  for (const { packId, blobCount } of index.packs()) {
    if (dropped.has(packId) || replaced.has(packId)) continue;
    // Looked up when they are written, so that those of one pack are held at a time.
    const entries = () => index.blobsOfPack(packId)[Symbol.iterator]();
    yield { packId, blobs: { length: blobCount, [Symbol.iterator]: entries } };
  }
  for (const [packId, blobs] of replaced) if (!dropped.has(packId)) yield { packId, blobs };
}

/** All blobs of a pack stay in one file. */
function* inFiles(packs: Iterable<IndexedPack>): Generator<IndexedPack[]> {
  let batch: IndexedPack[] = [];
  let blobs = 0;
  for (const pack of packs) {
    if (blobs > 0 && blobs + pack.blobs.length > blobsPerFile) {
      yield batch;
      batch = [];
      blobs = 0;
    }
    batch.push(pack);
    blobs += pack.blobs.length;
  }
  if (batch.length > 0) yield batch;
}
