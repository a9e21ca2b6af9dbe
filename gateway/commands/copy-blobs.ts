/** Brings blobs from one repository to another: opened with one key, packed and sealed with the other. */
import { blobMissing } from '../errors.js';
import { mapBounded } from '../repository/bounded.js';
import type { Repository } from '../repository/repository.js';
import { usingSound } from '../repository/rereading.js';
import type { BlobEntry, BlobType } from '../repository/types.js';
import { throwIfAborted } from './abort.js';
import { type Stretch, sealedIn, stretchesOf } from './pack-stretches.js';

const readsAtOnce = 6;

export interface WantedBlob {
  readonly type: BlobType;
  readonly id: string;
}

interface CopyBlobs {
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
  { signal, onProgress }: CopyBlobs,
): Promise<void> {
  const packs = byPack(source, wanted);
  const read = async (stretch: Stretch) => {
    throwIfAborted(signal);
    return { stretch, bytes: await source.loadRange(stretch, { signal }) };
  };
  for await (const { stretch, bytes } of mapBounded(stretches(packs), readsAtOnce, read)) {
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
}

/** Each blob where the source's index finds it, in the order of packs and offsets. */
function byPack(source: Repository, wanted: readonly WantedBlob[]): Map<string, BlobEntry[]> {
  const packs = new Map<string, BlobEntry[]>();
  const dataFirst = [...wanted].sort((a, b) => (a.type < b.type ? -1 : a.type > b.type ? 1 : 0));
  for (const { type, id } of dataFirst) {
    const place = source.packOf(type, id);
    if (place === undefined) throw blobMissing(type, id);
    const blobs = packs.get(place.packId) ?? [];
    // Whether it is compressed is looked up again when it is opened.
    blobs.push({ type, id, offset: place.offset, length: place.length, uncompressedLength: 0 });
    packs.set(place.packId, blobs);
  }
  for (const blobs of packs.values()) blobs.sort((a, b) => a.offset - b.offset);
  return packs;
}

function* stretches(packs: ReadonlyMap<string, readonly BlobEntry[]>): Generator<Stretch> {
  for (const [packId, blobs] of packs) yield* stretchesOf(packId, blobs);
}
