/**
 * Moves the needed blobs of packs to new packs. Sealed bytes are copied as they are, once their MAC
 * has proved them; neighbours are read together, several reads at a time.
 */
import { mapBounded } from '../repository/bounded.js';
import type { Repository } from '../repository/repository.js';
import type { BlobEntry, PackRange } from '../repository/types.js';
import { throwIfAborted } from './abort.js';

/** At once in memory: this many times this many bytes, or single blobs that are larger. */
const readsAtOnce = 8;
const readBytes = 4 * 1024 * 1024;
/** Unneeded bytes between two blobs that are read along rather than asked for apart. */
const gapBytes = 128 * 1024;

interface Stretch extends PackRange {
  readonly blobs: readonly BlobEntry[];
}

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
  const read = async (stretch: Stretch) => {
    throwIfAborted(signal);
    return { stretch, bytes: await repository.loadRange(stretch, { signal }) };
  };
  let movedBytes = 0;
  for await (const { stretch, bytes } of mapBounded(stretchesOf(repack), readsAtOnce, read)) {
    for (const blob of stretch.blobs) {
      const start = blob.offset - stretch.offset;
      const sealed = bytes.subarray(start, start + blob.length);
      if (repack.compress(blob)) await repository.maintenance.compressBlob(blob, sealed, { signal });
      else await repository.maintenance.moveBlob(blob, sealed, { signal });
      movedBytes += blob.length;
    }
    repack.onProgress(movedBytes);
  }
}

function* stretchesOf({ packIds, neededBlobs }: Repack): Generator<Stretch> {
  for (const packId of packIds) {
    let blobs: BlobEntry[] = [];
    for (const blob of neededBlobs(packId)) {
      if (blobs.length > 0 && !isNear(blobs, blob)) {
        yield stretchOf(packId, blobs);
        blobs = [];
      }
      blobs.push(blob);
    }
    if (blobs.length > 0) yield stretchOf(packId, blobs);
  }
}

function isNear(blobs: readonly BlobEntry[], next: BlobEntry): boolean {
  const first = blobs[0]?.offset ?? 0;
  const last = blobs.at(-1) ?? next;
  return (
    next.offset - (last.offset + last.length) <= gapBytes && next.offset + next.length - first <= readBytes
  );
}

function stretchOf(packId: string, blobs: readonly BlobEntry[]): Stretch {
  const offset = blobs[0]?.offset ?? 0;
  const last = blobs.at(-1);
  return { packId, offset, length: last === undefined ? 0 : last.offset + last.length - offset, blobs };
}
