/** Brings blobs from one repository to another: opened with one key, packed and sealed with the other. */

import { mapBounded } from '../../core/bounded.js';
import { packEntries } from '../check/pack-entries.js';
import { blobMissing } from '../errors.js';
import { keyMaterialBytes } from '../repository/crypto.js';
import type { Repository } from '../repository/repository.js';
import { usingSound } from '../repository/rereading.js';
import type { BlobEntry, BlobType } from '../repository/types.js';
import { ResealThreads } from '../reseal/reseal-threads.js';
import { throwIfAborted } from './abort.js';
import { type Stretch, sealedIn, stretchesOf } from './pack-stretches.js';

const readsAtOnce = 6;

export interface WantedBlob {
  readonly type: BlobType;
  readonly id: string;
}

interface CopyBlobs {
  /** See `copyThreads`. */
  readonly threads: ResealThreads | undefined;
  readonly signal: AbortSignal;
  /** Sealed bytes that came from the source. */
  readonly onProgress: (bytes: number) => void;
}

/**
 * Durable after the target's `flush`; data goes before trees.
 * @throws BLOB_MISSING when the source lacks one, REPOSITORY_DAMAGED.
 */
export async function copyBlobs(
  source: Repository,
  target: Repository,
  wanted: readonly WantedBlob[],
  options: CopyBlobs,
): Promise<void> {
  // Format 1 knows no frames: there every blob is made anew.
  const { threads } = options;
  const copy = threads === undefined ? copyOpened : copyResealed;
  await copy(source, target, stretches(byPack(source, wanted)), options);
}

/** Threads that can bring blobs from one to the other as they are; undefined where they cannot. */
export function copyThreads(source: Repository, target: Repository): ResealThreads | undefined {
  if (target.version === 1) return undefined;
  return new ResealThreads({
    sourceKey: keyMaterialBytes(source.keyMaterial),
    targetKey: keyMaterialBytes(target.keyMaterial),
    level: target.maintenance.dataLevel,
  });
}

type Copying = (
  source: Repository,
  target: Repository,
  stretches: Iterable<Stretch>,
  options: CopyBlobs,
) => Promise<void>;

const copyResealed: Copying = async (source, target, stretches, { signal, onProgress, threads }) => {
  if (threads === undefined) return;
  const bring = async (stretch: Stretch) => {
    throwIfAborted(signal);
    const read = () => source.loadRange(stretch, { signal });
    const { offset: start } = stretch;
    const entries = packEntries(stretch.blobs.map((blob) => ({ ...blob, offset: blob.offset - start })));
    const resealed = await usingSound(await read(), read, (bytes) =>
      threads.reseal({ bytes: new Uint8Array(bytes), ...entries }),
    );
    return { stretch, resealed };
  };
  for await (const { stretch, resealed } of mapBounded(stretches, threads.jobsAtOnce, bring)) {
    const { bytes, sizes } = resealed;
    for (const [at, { type, id, offset }] of stretch.blobs.entries()) {
      const start = offset - stretch.offset;
      const sealed = bytes.subarray(start, start + (sizes[at * 2] as number));
      const blob = { id, sealed, uncompressedLength: sizes[at * 2 + 1] as number };
      await target.maintenance.takeSealed(type, blob, { signal });
    }
    onProgress(bytes.length);
  }
};

const copyOpened: Copying = async (source, target, stretches, { signal, onProgress }) => {
  const read = async (stretch: Stretch) => {
    throwIfAborted(signal);
    return { stretch, bytes: await source.loadRange(stretch, { signal }) };
  };
  for await (const { stretch, bytes } of mapBounded(stretches, readsAtOnce, read)) {
    for (const blob of stretch.blobs) {
      const plain = await usingSound(
        sealedIn(stretch, bytes, blob),
        () =>
          source.loadRange({ packId: stretch.packId, offset: blob.offset, length: blob.length }, { signal }),
        (sealed) => source.openSealed(blob.type, blob.id, sealed),
      );
      await target.saveBlob(blob.type, plain, { signal });
    }
    onProgress(bytes.length);
  }
};

/** Each blob where the source's index finds it, in the order of packs and offsets. */
function byPack(source: Repository, wanted: readonly WantedBlob[]): Map<string, BlobEntry[]> {
  const packs = new Map<string, BlobEntry[]>();
  const dataFirst = [...wanted].sort((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0));
  for (const { type, id } of dataFirst) {
    const place = source.placeOf(type, id);
    if (place === undefined) throw blobMissing(type, id);
    const blobs = packs.get(place.packId) ?? [];
    const { offset, length, uncompressedLength } = place;
    blobs.push({ type, id, offset, length, uncompressedLength });
    packs.set(place.packId, blobs);
  }
  for (const blobs of packs.values()) blobs.sort((a, b) => a.offset - b.offset);
  return packs;
}

function* stretches(packs: ReadonlyMap<string, readonly BlobEntry[]>): Generator<Stretch> {
  for (const [packId, blobs] of packs) yield* stretchesOf(packId, blobs);
}
