/**
 * What only prune and key management do to a repository: moving sealed blobs to new packs, adding
 * and removing keys, rewriting the config. The caller holds the lock that its work needs.
 */
import type { Bucket } from '../bucket/bucket.js';
import { repositoryDamaged } from '../errors.js';
import type { BlobIndex } from './blob-index.js';
import { openBlob } from './blob-opener.js';
import type { BlobSaver } from './blob-saver.js';
import type { Sealer } from './crypto.js';
import type { BlobEntry, BlobType, CallOptions } from './types.js';

interface Parts {
  readonly bucket: Bucket;
  readonly sealer: Sealer;
  readonly keyId: string;
  readonly index: BlobIndex;
  readonly saver: BlobSaver;
}

export class Maintenance {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Id of the key file that the repository was opened with. */
  get keyId(): string {
    return this.#parts.keyId;
  }

  /** What new packs are to have, bytes. */
  get packSizeBytes(): number {
    return this.#parts.saver.packSizeBytes;
  }

  /** A number of the blob's own, for sets of blobs; -1 when the index lacks it. */
  blobNumber(type: BlobType, id: string): number {
    return this.#parts.index.numberOf(type, id);
  }

  /**
   * Copies a sealed blob as it is into a new pack, wherever else it lies; durable after the
   * repository's `flush()`. @throws REPOSITORY_DAMAGED when its bytes were changed.
   */
  async moveBlob(blob: BlobEntry, sealed: Uint8Array, options?: CallOptions): Promise<void> {
    const { sealer, saver } = this.#parts;
    if (sealer.open(sealed) === undefined) {
      throw repositoryDamaged(`${blob.type} blob ${blob.id}`, 'its bytes were changed');
    }
    const { type, id, uncompressedLength } = blob;
    await saver.saveSealed(type, { id, sealed, uncompressedLength }, options);
  }

  /** As `moveBlob` for one that is not compressed: it is then, even where that saves nothing. */
  async compressBlob(blob: BlobEntry, sealed: Uint8Array, options?: CallOptions): Promise<void> {
    const { sealer, saver } = this.#parts;
    await saver.saveCompressed(blob.type, blob.id, await openBlob(sealer, blob, sealed), options);
  }
}
