/**
 * The layout of a pack: sealed blobs back to back, the sealed header, the header's sealed length.
 * Offsets follow from the lengths; there is no room for anything else.
 */
import { repositoryDamaged } from '../errors.js';
import type { BlobList } from './blob-list.js';
import { type Sealer, sealOverheadBytes } from './crypto.js';
import type { BlobEntry, BlobType } from './types.js';

const plainEntryBytes = 37;
const compressedEntryBytes = 41;
const lengthFieldBytes = 4;
const compressedBit = 2;
/** More would fit in, but who reads the pack holds all of its header; restic takes any number. */
export const maxBlobsPerPack = 50_000;
const maxHeaderBytes = 16 * 1024 * 1024;
/** Read in the first go; holds the header of most packs. */
const tailBytes = 16 * 1024;

/** The size of a pack beyond what each blob adds. */
export const packOverheadBytes = sealOverheadBytes + lengthFieldBytes;

/** What a blob adds to its pack, with its header entry. */
export function packSizeShare(blob: Sizes): number {
  return blob.length + headerEntryBytes(blob);
}

type Sizes = Pick<BlobEntry, 'length' | 'uncompressedLength'>;

/** The size of the pack that holds these blobs. */
export function packSizeOf(blobs: readonly Sizes[]): number {
  return blobs.reduce((sum, blob) => sum + packSizeShare(blob), packOverheadBytes);
}

function headerEntryBytes(blob: Pick<BlobEntry, 'uncompressedLength'>): number {
  return blob.uncompressedLength > 0 ? compressedEntryBytes : plainEntryBytes;
}

/** The end of a pack: sealed header and its length. @param iv random unless told (tests). */
export function encodePackEnd(blobs: BlobList, sealer: Sealer, iv?: Uint8Array): Buffer {
  const room = Buffer.allocUnsafe(blobs.length * compressedEntryBytes);
  let at = 0;
  for (const blob of blobs) {
    const compressed = blob.uncompressedLength > 0;
    at = room.writeUInt8((blob.type === 'tree' ? 1 : 0) + (compressed ? compressedBit : 0), at);
    at = room.writeUInt32LE(blob.length, at);
    if (compressed) at = room.writeUInt32LE(blob.uncompressedLength, at);
    at += room.write(blob.id, at, 'hex');
  }
  const sealed = sealer.seal(room.subarray(0, at), iv);
  const length = Buffer.alloc(lengthFieldBytes);
  length.writeUInt32LE(sealed.length);
  return Buffer.concat([sealed, length]);
}

/**
 * Reads a pack's header.
 * @param read brings bytes of the pack; it is called once or twice.
 * @throws REPOSITORY_DAMAGED when the header is not intact or does not add up to `sizeBytes`.
 */
export async function readPackHeader(
  packId: string,
  sizeBytes: number,
  sealer: Sealer,
  read: (offset: number, length: number) => Promise<Uint8Array>,
): Promise<BlobEntry[]> {
  const damaged = (why: string) => repositoryDamaged(`header of pack ${packId}`, why);
  if (sizeBytes < packOverheadBytes) throw damaged(`the file has only ${sizeBytes} bytes`);
  const tailSize = Math.min(sizeBytes, tailBytes);
  const tail = Buffer.from(await read(sizeBytes - tailSize, tailSize));
  if (tail.length !== tailSize) throw damaged(`the file ends ${tailSize - tail.length} bytes early`);
  const length = tail.readUInt32LE(tailSize - lengthFieldBytes);
  const whole = length + lengthFieldBytes;
  if (length < sealOverheadBytes || length > maxHeaderBytes || whole > sizeBytes) {
    throw damaged(`its length of ${length} bytes is impossible`);
  }
  const sealed =
    whole <= tailSize ? tail.subarray(-whole, -lengthFieldBytes) : await read(sizeBytes - whole, length);
  const header = sealer.open(sealed);
  if (header === undefined) throw damaged('it was changed or sealed with another key');
  const blobs = decodeHeader(header, damaged);
  const expected = packSizeOf(blobs);
  if (expected !== sizeBytes) throw damaged(`it describes ${expected} bytes, the file has ${sizeBytes}`);
  return blobs;
}

function decodeHeader(header: Buffer, damaged: (why: string) => Error): BlobEntry[] {
  const blobs: BlobEntry[] = [];
  let offset = 0;
  let at = 0;
  while (at < header.length) {
    const mark = header[at] as number;
    const compressed = (mark & compressedBit) !== 0;
    const entryBytes = compressed ? compressedEntryBytes : plainEntryBytes;
    if (mark > 3 || at + entryBytes > header.length) throw damaged(`entry ${blobs.length} is malformed`);
    const type: BlobType = (mark & 1) === 1 ? 'tree' : 'data';
    const length = header.readUInt32LE(at + 1);
    const uncompressedLength = compressed ? header.readUInt32LE(at + 5) : 0;
    const id = header.toString('hex', at + entryBytes - 32, at + entryBytes);
    blobs.push({ type, id, offset, length, uncompressedLength });
    offset += length;
    at += entryBytes;
  }
  return blobs;
}
