/**
 * Opens blobs with the key of one repository, proves them by their hash and seals them with the key
 * of another, in their own place. A Zstandard frame goes over as it is: nothing is compressed twice.
 */
import { unpackEntries } from '../check/pack-entries.js';
import { keyMaterialFrom, Sealer, sealOverheadBytes } from '../repository/crypto.js';
import { type FrameWriter, openFrameWriter } from '../repository/zstd.js';
import { ChunkOpener } from '../restore/chunk-opener.js';
import type { Resealed, ResealJob, ResealSettings } from './protocol.js';

const ivBytes = 16;
/** A compressed blob has a header entry four bytes longer, and must still be smaller. */
const minGainBytes = 5;
const treeLevel = 3;

export class Resealer {
  readonly #opener: ChunkOpener;
  readonly #sealer: Sealer;
  readonly #frames: Readonly<Record<'data' | 'tree', FrameWriter | undefined>>;
  #room = Buffer.alloc(0);

  private constructor(
    opener: ChunkOpener,
    sealer: Sealer,
    frames: Readonly<Record<'data' | 'tree', FrameWriter | undefined>>,
  ) {
    this.#opener = opener;
    this.#sealer = sealer;
    this.#frames = frames;
  }

  static async open({ sourceKey, targetKey, level }: ResealSettings): Promise<Resealer> {
    const frames = {
      data: level === undefined ? undefined : await openFrameWriter(level),
      tree: await openFrameWriter(treeLevel),
    };
    const opener = await ChunkOpener.open(keyMaterialFrom(sourceKey));
    return new Resealer(opener, new Sealer(keyMaterialFrom(targetKey)), frames);
  }

  /** @throws REPOSITORY_DAMAGED for a blob that is not what its id says; `bytes` are spoilt then. */
  reseal({ bytes, ...packed }: ResealJob): Resealed {
    const blobs = unpackEntries(packed);
    const sizes = new Uint32Array(blobs.length * 2);
    for (const [at, { type, id, offset, length, uncompressedLength }] of blobs.entries()) {
      const sealed = Buffer.from(bytes.buffer, bytes.byteOffset + offset, length);
      const plain = this.#opener.openChunk(Buffer.from(id, 'hex'), sealed, uncompressedLength);
      // The frame, or the plain blob, now lies where the ciphertext was.
      let content = sealed.subarray(ivBytes, length - sealOverheadBytes + ivBytes);
      let plainSize = uncompressedLength;
      const frame = uncompressedLength === 0 ? this.#compress(plain, this.#frames[type]) : undefined;
      if (frame !== undefined) {
        plainSize = plain.length;
        content = sealed.subarray(ivBytes, ivBytes + frame.length);
        content.set(frame);
      }
      sizes[at * 2] = this.#sealer.sealInto(sealed, content).length;
      sizes[at * 2 + 1] = plainSize;
    }
    return { bytes, sizes };
  }

  #compress(plain: Buffer, frames: FrameWriter | undefined): Buffer | undefined {
    const limit = plain.length - minGainBytes;
    if (frames === undefined || limit <= 0) return undefined;
    if (this.#room.length < limit) this.#room = Buffer.allocUnsafeSlow(limit);
    const size = frames.compressInto(this.#room.subarray(0, limit), plain);
    return size === undefined ? undefined : this.#room.subarray(0, size);
  }
}
