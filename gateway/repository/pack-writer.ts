/**
 * A pack being written: sealed blobs are spooled to a file and hashed on the way, since the pack's
 * name is known only at its end. Calls may overlap; blobs lie in the order of the calls.
 */
import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobList, GrowingBlobList } from './blob-list.js';
import type { Sealer } from './crypto.js';
import { encodePackEnd, packOverheadBytes, packSizeShare } from './pack-format.js';
import type { BlobType } from './types.js';

/** Small blobs are written together once they make this many bytes. */
const writeBytes = 1024 * 1024;

export interface SealedBlob {
  readonly id: string;
  readonly sealed: Uint8Array;
  /** Plain size when compressed, else 0. */
  readonly uncompressedLength: number;
}

export interface FinishedPack {
  readonly packId: string;
  readonly filePath: string;
  readonly sizeBytes: number;
  readonly blobs: BlobList;
}

export class PackWriter {
  readonly type: BlobType;
  readonly #filePath: string;
  readonly #hash = createHash('sha256');
  readonly #blobs: GrowingBlobList;
  #file: FileHandle | undefined;
  #unwritten: Uint8Array[] = [];
  #unwrittenBytes = 0;
  #shares = packOverheadBytes;
  #tail: Promise<void> = Promise.resolve();

  constructor(type: BlobType, folder: string) {
    this.type = type;
    this.#blobs = new GrowingBlobList(type);
    this.#filePath = join(folder, `${randomBytes(8).toString('hex')}.pack`);
  }

  /** Size of the pack if it were finished now, bytes. */
  get sizeBytes(): number {
    return this.#shares;
  }

  get blobCount(): number {
    return this.#blobs.length;
  }

  /** Takes the blob over at once; the promise tells when it is safe to go on feeding. */
  add({ id, sealed, uncompressedLength }: SealedBlob): Promise<void> {
    const { length } = sealed;
    this.#blobs.add(id, length, uncompressedLength);
    this.#shares += packSizeShare({ length, uncompressedLength });
    this.#append(sealed);
    return this.#unwrittenBytes >= writeBytes ? this.#write() : Promise.resolve();
  }

  /** Takes over all blobs of `other`, which is finished with after that. */
  async absorb(other: PackWriter): Promise<void> {
    const bytes = await other.#bytes();
    for (const blob of other.#blobs) {
      const sealed = bytes.subarray(blob.offset, blob.offset + blob.length);
      await this.add({ id: blob.id, sealed, uncompressedLength: blob.uncompressedLength });
    }
    await other.discard();
  }

  /** Writes the header and closes the spool file; it is the caller's then. */
  async finish(sealer: Sealer): Promise<FinishedPack> {
    this.#append(encodePackEnd(this.#blobs, sealer));
    await this.#write();
    await this.#file?.close();
    this.#file = undefined;
    const packId = this.#hash.digest('hex');
    return { packId, filePath: this.#filePath, sizeBytes: this.#shares, blobs: this.#blobs };
  }

  /** Removes the spool file. Idempotent. */
  async discard(): Promise<void> {
    await this.#tail.catch(() => {});
    await this.#file?.close();
    this.#file = undefined;
    await unlink(this.#filePath).catch(() => {});
  }

  async #bytes(): Promise<Buffer> {
    await this.#tail;
    const written = this.#file === undefined ? Buffer.alloc(0) : await readFile(this.#filePath);
    return Buffer.concat([written, ...this.#unwritten]);
  }

  #append(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#unwritten.push(bytes);
    this.#unwrittenBytes += bytes.length;
  }

  #write(): Promise<void> {
    const pieces = this.#unwritten;
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
    const written = this.#tail.then(async () => {
      this.#file ??= await open(this.#filePath, 'wx', 0o600);
      await this.#file.writeFile(Buffer.concat(pieces));
    });
    // The failure reaches whoever waits; here it only must not count as unhandled.
    written.catch(() => {});
    this.#tail = written;
    return written;
  }
}
