/** A worker's writing half: compresses, seals and packs chunks, one after the other, in one scratch. */
import { randomInt } from 'node:crypto';
import { GatehouseError } from '../../core/errors.js';
import { sealVerificationFailed } from '../errors.js';
import { openBlob } from '../repository/blob-opener.js';
import { keyMaterialFrom, Sealer, sealOverheadBytes } from '../repository/crypto.js';
import { maxBlobsPerPack } from '../repository/pack-format.js';
import type { FinishedPack } from '../repository/pack-writer.js';
import { type FrameWriter, openFrameWriter } from '../repository/zstd.js';
import { PackFile } from './pack-file.js';
import type { WorkerSettings } from './protocol.js';

/** One picked at random per chunk: the order of chunk sizes then tells less of what is stored. */
const openPacks = 2;
const ivBytes = 16;
/** A compressed blob has a header entry four bytes longer, and must still be smaller. */
const minGainBytes = 5;
const largestBytes = 8 * 1024 * 1024 + sealOverheadBytes;

export class BlobPacker {
  readonly #settings: WorkerSettings;
  readonly #sealer: Sealer;
  readonly #frames: FrameWriter | undefined;
  readonly #onPack: (pack: FinishedPack) => void;
  readonly #open: (PackFile | undefined)[] = [];
  #scratch = Buffer.alloc(0);

  private constructor(
    settings: WorkerSettings,
    frames: FrameWriter | undefined,
    onPack: (pack: FinishedPack) => void,
  ) {
    this.#settings = settings;
    this.#sealer = new Sealer(keyMaterialFrom(settings.key));
    this.#frames = frames;
    this.#onPack = onPack;
  }

  static async open(settings: WorkerSettings, onPack: (pack: FinishedPack) => void): Promise<BlobPacker> {
    const frames = settings.level === undefined ? undefined : await openFrameWriter(settings.level);
    return new BlobPacker(settings, frames, onPack);
  }

  /** @returns sealed bytes. @throws SEAL_VERIFICATION, system errors. */
  async store(id: string, plain: Uint8Array): Promise<number> {
    const { sealed, uncompressedLength } = this.#seal(plain);
    if (this.#settings.verifySealed) await this.#verify(id, sealed, uncompressedLength);
    const place = sealed.length >= this.#settings.packSizeBytes ? openPacks : randomInt(openPacks);
    const pack = this.#open[place] ?? PackFile.create(this.#settings.folder);
    this.#open[place] = pack;
    pack.add(id, sealed, uncompressedLength);
    if (pack.sizeBytes >= this.#settings.packSizeBytes || pack.blobCount >= maxBlobsPerPack) {
      this.#open[place] = undefined;
      this.#onPack(pack.finish(this.#sealer));
    }
    return sealed.length;
  }

  /** Ends the open packs. */
  finish(): FinishedPack[] {
    return this.#open.splice(0).flatMap((pack) => (pack === undefined ? [] : [pack.finish(this.#sealer)]));
  }

  #seal(plain: Uint8Array): { readonly sealed: Buffer; readonly uncompressedLength: number } {
    const room = this.#room(plain.length + sealOverheadBytes);
    const limit = plain.length - minGainBytes;
    if (this.#frames !== undefined && limit > 0) {
      const size = this.#frames.compressInto(room.subarray(ivBytes, ivBytes + limit), plain);
      if (size !== undefined) {
        const sealed = this.#sealer.sealInto(room, room.subarray(ivBytes, ivBytes + size));
        return { sealed, uncompressedLength: plain.length };
      }
    }
    return { sealed: this.#sealer.sealInto(room, plain), uncompressedLength: 0 };
  }

  #room(sizeBytes: number): Buffer {
    if (this.#scratch.length < sizeBytes) {
      // Of the largest chunk at once: pages that are never written to cost nothing.
      this.#scratch = Buffer.allocUnsafeSlow(Math.max(sizeBytes, largestBytes));
    }
    return this.#scratch;
  }

  async #verify(id: string, sealed: Buffer, uncompressedLength: number): Promise<void> {
    try {
      await openBlob(this.#sealer, { type: 'data', id, uncompressedLength }, sealed);
    } catch (error) {
      throw error instanceof GatehouseError ? sealVerificationFailed(id) : error;
    }
  }
}
