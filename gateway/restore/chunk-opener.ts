/**
 * Opens sealed chunks one after the other in rooms that are used again: nothing is allocated per
 * chunk. What it gives is valid until the next call.
 */
import * as crypto from 'node:crypto';
import { messageOf } from '../../core/errors.js';
import { repositoryDamaged } from '../errors.js';
import { isBurst } from '../repository/blob-opener.js';
import { type KeyMaterial, Sealer } from '../repository/crypto.js';
import { type FrameReader, openFrameReader } from '../repository/zstd.js';

/** Sixteen times what restic makes; against sizes made to fill memory. */
export const chunkLimitBytes = 128 * 1024 * 1024;

export class ChunkOpener {
  readonly #sealer: Sealer;
  readonly #frames: FrameReader;
  #room = Buffer.alloc(0);

  private constructor(sealer: Sealer, frames: FrameReader) {
    this.#sealer = sealer;
    this.#frames = frames;
  }

  static async open(key: KeyMaterial): Promise<ChunkOpener> {
    return new ChunkOpener(new Sealer(key), await openFrameReader());
  }

  /**
   * @param sealed is decrypted in its place.
   * @param plainLength size of a compressed chunk, 0 for one that is not.
   * @throws REPOSITORY_DAMAGED when its bytes, its size or its hash are wrong.
   */
  openChunk(id: Uint8Array, sealed: Buffer, plainLength: number): Buffer {
    const damaged = (why: string) => repositoryDamaged(`data blob ${Buffer.from(id).toString('hex')}`, why);
    if (plainLength > chunkLimitBytes) throw damaged(`${plainLength} bytes are more than a blob can have`);
    if (isBurst('data', plainLength, sealed.length))
      throw damaged(`its ${sealed.length} bytes would become ${plainLength}`);
    const opened = this.#sealer.openInto(sealed.subarray(16), sealed);
    if (opened === undefined) throw damaged('its bytes were changed');
    const plain = plainLength > 0 ? this.#inflate(opened, plainLength, damaged) : opened;
    if (!hashOf(plain).equals(id)) throw damaged('its content does not have the hash in its id');
    return plain;
  }

  #inflate(frame: Buffer, plainLength: number, damaged: (why: string) => Error): Buffer {
    // One byte more, so that a frame which holds more than it should is noticed.
    if (this.#room.length <= plainLength) this.#room = Buffer.allocUnsafeSlow(roundUp(plainLength + 1));
    let size: number;
    try {
      size = this.#frames.decompressInto(this.#room.subarray(0, plainLength + 1), frame);
    } catch (error) {
      throw damaged(`it does not decompress (${messageOf(error)})`);
    }
    if (size !== plainLength) throw damaged('it does not have the size that the index states');
    return this.#room.subarray(0, plainLength);
  }
}

function roundUp(sizeBytes: number): number {
  const grain = 1024 * 1024;
  return Math.ceil(sizeBytes / grain) * grain;
}

interface OneShotHash {
  readonly hash?: (algorithm: string, data: Uint8Array, encoding: 'buffer') => Buffer;
}

const { hash } = crypto as OneShotHash;

/** SHA-256, 32 bytes. */
export function hashOf(bytes: Uint8Array): Buffer {
  // Node 20.12 has it; it spares an object per chunk.
  if (hash !== undefined) return hash('sha256', bytes, 'buffer');
  return crypto.createHash('sha256').update(bytes).digest();
}
