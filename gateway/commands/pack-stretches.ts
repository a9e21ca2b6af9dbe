/** Blobs that lie near one another in a pack, to be read in one go. */
import type { BlobEntry, PackRange } from '../repository/types.js';

/** Read in one go; single blobs may be larger. */
const readBytes = 4 * 1024 * 1024;
/** Unneeded bytes between two blobs that are read along rather than asked for apart. */
const gapBytes = 128 * 1024;

export interface Stretch extends PackRange {
  readonly blobs: readonly BlobEntry[];
}

/** @param blobs of that pack, by offset. */
export function* stretchesOf(packId: string, blobs: readonly BlobEntry[]): Generator<Stretch> {
  let near: BlobEntry[] = [];
  for (const blob of blobs) {
    if (near.length > 0 && !isNear(near, blob)) {
      yield stretchOf(packId, near);
      near = [];
    }
    near.push(blob);
  }
  if (near.length > 0) yield stretchOf(packId, near);
}

/** The sealed bytes of one of its blobs. */
export function sealedIn(stretch: Stretch, bytes: Uint8Array, blob: BlobEntry): Uint8Array {
  const start = blob.offset - stretch.offset;
  return bytes.subarray(start, start + blob.length);
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
