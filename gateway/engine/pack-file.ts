/**
 * A pack as a worker writes it: hashed on the way, in pieces of about half a mebibyte, without a wait.
 * Meant for a thread that has nothing else to do; the main thread has `PackWriter`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Sealer } from '../repository/crypto.js';
import { encodePackEnd, packOverheadBytes, packSizeShare } from '../repository/pack-format.js';
import type { FinishedPack } from '../repository/pack-writer.js';
import type { BlobEntry } from '../repository/types.js';

const gatherBytes = 512 * 1024;
/** Copying more than this costs more than a write of its own. */
const directBytes = 256 * 1024;

export class PackFile {
  readonly #filePath: string;
  readonly #file: number;
  readonly #gathered: Buffer;
  readonly #hash = createHash('sha256');
  readonly #blobs: BlobEntry[] = [];
  #gatheredBytes = 0;
  #offset = 0;
  #sizeBytes = packOverheadBytes;

  private constructor(filePath: string, gathered: Buffer) {
    this.#filePath = filePath;
    this.#file = openSync(filePath, 'wx', 0o600);
    this.#gathered = gathered;
  }

  static create(folder: string): PackFile {
    const filePath = join(folder, `${randomBytes(8).toString('hex')}.pack`);
    return new PackFile(filePath, freeBuffers.pop() ?? Buffer.allocUnsafeSlow(gatherBytes));
  }

  /** Size of the pack if it were finished now, bytes. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get blobCount(): number {
    return this.#blobs.length;
  }

  /** `sealed` may be used again at once. @throws system errors. */
  add(id: string, sealed: Uint8Array, uncompressedLength: number): void {
    const entry: BlobEntry = {
      type: 'data',
      id,
      offset: this.#offset,
      length: sealed.length,
      uncompressedLength,
    };
    this.#blobs.push(entry);
    this.#sizeBytes += packSizeShare(entry);
    this.#offset += sealed.length;
    this.#append(sealed);
  }

  /** Writes the header and closes the file; it is the caller's then. */
  finish(sealer: Sealer): FinishedPack {
    this.#append(encodePackEnd(this.#blobs, sealer));
    this.#flush();
    this.#close();
    const packId = this.#hash.digest('hex');
    return { packId, filePath: this.#filePath, sizeBytes: this.#sizeBytes, blobs: this.#blobs };
  }

  /** Closes and removes the file. */
  discard(): void {
    this.#close();
    unlinkSync(this.#filePath);
  }

  #close(): void {
    closeSync(this.#file);
    freeBuffers.push(this.#gathered);
  }

  #append(bytes: Uint8Array): void {
    if (this.#gatheredBytes + bytes.length > gatherBytes || bytes.length > directBytes) this.#flush();
    if (bytes.length > directBytes) {
      this.#write(bytes);
      return;
    }
    this.#gathered.set(bytes, this.#gatheredBytes);
    this.#gatheredBytes += bytes.length;
  }

  #flush(): void {
    if (this.#gatheredBytes > 0) this.#write(this.#gathered.subarray(0, this.#gatheredBytes));
    this.#gatheredBytes = 0;
  }

  #write(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at, bytes.length - at);
  }
}

const freeBuffers: Buffer[] = [];
