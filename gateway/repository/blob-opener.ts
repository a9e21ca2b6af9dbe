/** From sealed bytes to a blob: authenticated, decompressed to the stated size, hashed to its id. */
import { messageOf } from '../../core/errors.js';
import { repositoryDamaged } from '../errors.js';
import type { Sealer } from './crypto.js';
import { sha256Hex } from './layout.js';
import type { BlobType } from './types.js';
import { type FrameReader, loadZstd, openFrameReader } from './zstd.js';

/**
 * Eight times the largest chunk that restic makes, and the chunk list of a hole of sixteen TB. A
 * larger one must be worth its size: a frame of zeros shrinks 30,000-fold.
 */
const plainUnquestioned = { data: 64 * 1024 * 1024, tree: 128 * 1024 * 1024 } as const;
const largestRatio = 256;

/** True for a blob that was made to fill memory: lists of real folders shrink fifty-fold at the most. */
export function isBurst(type: BlobType, plainBytes: number, sealedBytes: number): boolean {
  return plainBytes > plainUnquestioned[type] && plainBytes > sealedBytes * largestRatio;
}

/** As large as the largest chunk that restic makes, and room for what sealing and packing add. */
const scratchBytes = 8 * 1024 * 1024 + 64 * 1024;

/** Before the ciphertext; see `Sealer`. */
const ivBytes = 16;

/** Memory for one blob at a time, used again for the next: what was opened before is overwritten. */
export class Scratch {
  readonly #frames: FrameReader;
  readonly #opened = Buffer.allocUnsafeSlow(scratchBytes);
  readonly #plain = Buffer.allocUnsafeSlow(scratchBytes);

  private constructor(frames: FrameReader) {
    this.#frames = frames;
  }

  static async open(): Promise<Scratch> {
    return new Scratch(await openFrameReader());
  }

  /** Room for a sealed blob, which `unseal` then opens where it lies. */
  roomFor(sealedBytes: number): Buffer {
    return sealedBytes > scratchBytes
      ? Buffer.allocUnsafeSlow(sealedBytes)
      : this.#opened.subarray(0, sealedBytes);
  }

  /** As `sealer.open`. */
  unseal(sealer: Sealer, sealed: Uint8Array): Buffer | undefined {
    const isHere = sealed.buffer === this.#opened.buffer && sealed.length > ivBytes;
    if (isHere) return sealer.openInto(this.#opened.subarray(ivBytes), sealed);
    return sealed.length > scratchBytes ? sealer.open(sealed) : sealer.openInto(this.#opened, sealed);
  }

  /** As `Zstd.decompress`; undefined when it has no room for so much. */
  inflate(frame: Uint8Array, sizeBytes: number): Uint8Array | undefined {
    if (sizeBytes >= scratchBytes) return undefined;
    const size = this.#frames.decompressInto(this.#plain.subarray(0, sizeBytes + 1), frame);
    return this.#plain.subarray(0, size);
  }
}

/**
 * @param uncompressedLength plain size of a compressed blob, 0 for one that is not.
 * @throws REPOSITORY_DAMAGED when a step fails.
 */
export async function openBlob(
  sealer: Sealer,
  blob: { readonly type: BlobType; readonly id: string; readonly uncompressedLength: number },
  sealed: Uint8Array,
  scratch?: Scratch,
): Promise<Uint8Array> {
  const what = `${blob.type} blob ${blob.id}`;
  if (isBurst(blob.type, blob.uncompressedLength, sealed.length)) {
    throw repositoryDamaged(what, `its ${sealed.length} bytes would become ${blob.uncompressedLength}`);
  }
  const opened = scratch === undefined ? sealer.open(sealed) : scratch.unseal(sealer, sealed);
  if (opened === undefined) throw repositoryDamaged(what, 'its bytes were changed');
  const plain =
    blob.uncompressedLength > 0 ? await inflate(what, opened, blob.uncompressedLength, scratch) : opened;
  if (sha256Hex(plain) !== blob.id)
    throw repositoryDamaged(what, 'its content does not have the hash in its id');
  return plain;
}

async function inflate(
  what: string,
  frame: Uint8Array,
  sizeBytes: number,
  scratch?: Scratch,
): Promise<Uint8Array> {
  try {
    const plain =
      scratch?.inflate(frame, sizeBytes) ?? (await (await loadZstd()).decompress(frame, sizeBytes));
    if (plain.length === sizeBytes) return plain;
  } catch (error) {
    throw repositoryDamaged(what, `it does not decompress (${messageOf(error)})`, error);
  }
  throw repositoryDamaged(what, 'it does not have the size that the index states');
}
