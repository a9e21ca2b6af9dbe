/**
 * Moves the needed blobs of packs to new packs. Sealed bytes are copied as they are, once their MAC
 * has proved them; neighbours are read together, several reads at a time.
 */
import { mapBounded } from '../../core/bounded.js';
import type { Repository } from '../repository/repository.js';
import { usingSound } from '../repository/rereading.js';
import type { BlobEntry } from '../repository/types.js';
import { throwIfAborted } from './abort.js';
import { type Stretch, sealedIn, stretchesOf } from './pack-stretches.js';

const readsAtOnce = 8;

export interface Repack {
  /** In the order of the work. */
  readonly packIds: readonly string[];
  readonly neededBlobs: (packId: string) => readonly BlobEntry[];
  /** Whether a blob that is stored plain shall be compressed. */
  readonly compress: (blob: BlobEntry) => boolean;
  readonly signal: AbortSignal;
  /** Sealed bytes moved so far. */
  readonly onProgress: (bytes: number) => void;
}

/** Nothing is durable before the repository's `flush`. @throws REPOSITORY_DAMAGED for a blob that was changed. */
export async function repackBlobs(repository: Repository, repack: Repack): Promise<void> {
  const { signal } = repack;
  const { maintenance } = repository;
  const read = async (stretch: Stretch) => {
    throwIfAborted(signal);
    return { stretch, bytes: await repository.loadRange(stretch, { signal }) };
  };
  let movedBytes = 0;
  for await (const { stretch, bytes } of mapBounded(stretches(repack), readsAtOnce, read)) {
    for (const blob of stretch.blobs) {
      const range = { packId: stretch.packId, offset: blob.offset, length: blob.length };
      await usingSound(
        sealedIn(stretch, bytes, blob),
        () => repository.loadRange(range, { signal }),
        (sealed) =>
          repack.compress(blob)
            ? maintenance.compressBlob(blob, sealed, { signal })
            : maintenance.moveBlob(blob, sealed, { signal }),
      );
      movedBytes += blob.length;
    }
    repack.onProgress(movedBytes);
  }
}

function* stretches({ packIds, neededBlobs }: Repack): Generator<Stretch> {
  for (const packId of packIds) yield* stretchesOf(packId, neededBlobs(packId));
}
