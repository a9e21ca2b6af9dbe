/**
 * What only prune and key management do to a repository: moving sealed blobs to new packs, adding
 * and removing keys, rewriting the config. The caller holds the lock that its work needs.
 */
import type { Secret } from '../../core/secret.js';
import type { Bucket } from '../bucket/bucket.js';
import type { WorkerSettings } from '../engine/protocol.js';
import { keyInUse, keyNotVerified, repositoryDamaged } from '../errors.js';
import type { BlobIndex, BlobView } from './blob-index.js';
import { openBlob } from './blob-opener.js';
import type { BlobSaver } from './blob-saver.js';
import { upgradeConfig } from './config.js';
import type { Sealer } from './crypto.js';
import { createKeyFile, defaultScryptCost, type KeyInfo, listKeyFiles, openKeyFile } from './keys.js';
import { keyOf } from './layout.js';
import { thisProcess } from './lock-files.js';
import type { SealedBlob } from './pack-writer.js';
import type { BlobEntry, BlobType, CallOptions, ScryptCost } from './types.js';

export interface NewKey extends CallOptions {
  readonly password: Secret;
  /** This machine's and this user's unless told. */
  readonly hostname?: string;
  readonly username?: string;
  readonly nowMs: number;
  readonly scryptCost?: ScryptCost;
}

interface Parts {
  readonly bucket: Bucket;
  readonly sealer: Sealer;
  readonly keyId: string;
  readonly index: BlobIndex;
  readonly saver: BlobSaver;
  readonly workers: Pick<WorkerSettings, 'level'>;
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

  /** Calls back with each blob that the index places in a pack; see `BlobIndex.visitPack`. */
  visitPack(packId: string, visit: (blob: BlobView) => void): void {
    this.#parts.index.visitPack(packId, visit);
  }

  /** Those that are wanted of the blobs of a pack, by offset. */
  blobsOfPack(packId: string, wanted: (blob: BlobView) => boolean): BlobEntry[] {
    return this.#parts.index.blobsOfPack(packId, wanted);
  }

  /**
   * Copies a sealed blob as it is into a new pack, wherever else it lies; durable after the
   * repository's `flush()`. @throws REPOSITORY_DAMAGED when its bytes were changed.
   */
  async moveBlob(blob: BlobEntry, sealed: Uint8Array, options?: CallOptions): Promise<void> {
    const { sealer, saver } = this.#parts;
    if (!sealer.isIntact(sealed)) {
      throw repositoryDamaged(`${blob.type} blob ${blob.id}`, 'its bytes were changed');
    }
    const { type, id, uncompressedLength } = blob;
    await saver.saveSealed(type, { id, sealed, uncompressedLength }, options);
  }

  /** As `moveBlob` for one that was sealed for this repository just now, so that it needs no proof. */
  async takeSealed(type: BlobType, blob: SealedBlob, options?: CallOptions): Promise<void> {
    await this.#parts.saver.saveSealed(type, blob, options);
  }

  /** Zstandard level for data blobs; undefined where they are left plain. */
  get dataLevel(): number | undefined {
    return this.#parts.workers.level;
  }

  /** As `moveBlob` for one that is not compressed: it is then, even where that saves nothing. */
  async compressBlob(blob: BlobEntry, sealed: Uint8Array, options?: CallOptions): Promise<void> {
    const { sealer, saver } = this.#parts;
    await saver.saveCompressed(blob.type, blob.id, await openBlob(sealer, blob, sealed), options);
  }

  /** What key files say about themselves, which nothing proves. */
  listKeys(options?: CallOptions): AsyncIterable<KeyInfo> {
    return listKeyFiles(this.#parts.bucket, options);
  }

  /**
   * Adds a key for another password. It counts once it was read back and opened.
   * @returns its id. @throws KEY_NOT_VERIFIED.
   */
  async addKey({ password, nowMs, scryptCost = defaultScryptCost, ...more }: NewKey): Promise<string> {
    const { bucket, sealer } = this.#parts;
    const { hostname, username, ...call } = more;
    const holder = thisProcess();
    const id = await createKeyFile({
      bucket,
      password: password.reveal(),
      master: sealer.key,
      cost: scryptCost,
      holder: { ...holder, hostname: hostname ?? holder.hostname, username: username ?? holder.username },
      nowMs,
      ...call,
    });
    const file = await bucket.get(keyOf('key', id), call);
    const opened = file && (await openKeyFile(file, password.reveal()));
    if (typeof opened === 'object' && Buffer.compare(opened.encryption, sealer.key.encryption) === 0)
      return id;
    throw keyNotVerified(id);
  }

  /** @throws KEY_IN_USE for the key that the repository was opened with, unless there is a `successor`. */
  async removeKey(id: string, options?: CallOptions & { readonly successor?: string }): Promise<void> {
    if (id === this.#parts.keyId && options?.successor === undefined) throw keyInUse(id);
    await this.#parts.bucket.delete(keyOf('key', id), options);
  }

  /** Makes the stored repository one of version 2; open it again after that. */
  async upgradeToVersion2(options?: CallOptions): Promise<void> {
    await upgradeConfig(this.#parts.bucket, this.#parts.sealer, options);
  }
}
