/**
 * Files that are sealed as a whole: index, snapshot and lock files, named by the hash of their
 * stored bytes. In format 2 the plain text is JSON, or the byte 2 and a Zstandard frame of it.
 */
import { GatehouseError, messageOf } from '../../core/errors.js';
import type { Bucket, CallOptions } from '../bucket/bucket.js';
import { repositoryDamaged, repositoryFileMissing } from '../errors.js';
import type { Sealer } from './crypto.js';
import { folderOf, idFromKey, keyOf, sha256Hex } from './layout.js';
import type { FileKind, StoredFile } from './types.js';
import { loadZstd } from './zstd.js';

const compressedMark = 2;
/** Twice the largest index file that restic or rustic can write; against frames made to burst. */
const plainLimitBytes = 128 * 1024 * 1024;
/** Ids of 64 digits shrink to half; lists of paths in a snapshot shrink more. Small files shrink as they like. */
const largestRatio = { index: 16, snapshot: 128, lock: 16 } as const;
const unquestionedBytes = 1024 * 1024;

export type UnpackedKind = Exclude<FileKind, 'pack' | 'key'>;

export class UnpackedFiles {
  /** Index files whose content the index in memory holds: loaded ones, and those saved here. */
  readonly knownIndexIds = new Set<string>();
  readonly #bucket: Bucket;
  readonly #sealer: Sealer;
  readonly #version: 1 | 2;

  constructor(bucket: Bucket, sealer: Sealer, version: 1 | 2) {
    this.#bucket = bucket;
    this.#sealer = sealer;
    this.#version = version;
  }

  /** Stores `json`; durable when it resolves. @returns the id. */
  async save(kind: UnpackedKind, json: Uint8Array, options?: CallOptions): Promise<string> {
    const sealed = this.#sealer.seal(await this.#encode(kind, json));
    const id = sha256Hex(sealed);
    await this.#bucket.put(keyOf(kind, id), sealed, options);
    if (kind === 'index') this.knownIndexIds.add(id);
    return id;
  }

  /** The JSON text. @throws REPOSITORY_FILE_MISSING, REPOSITORY_DAMAGED. */
  async load(kind: UnpackedKind, id: string, options?: CallOptions): Promise<Uint8Array> {
    const json = await this.loadIfThere(kind, id, options);
    if (json === undefined) throw repositoryFileMissing(`${kind} file ${id}`);
    return json;
  }

  /** As `load`, or undefined when there is no such file or it is empty (a write cut short). */
  async loadIfThere(kind: UnpackedKind, id: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    const sealed = await this.#bucket.get(keyOf(kind, id), options);
    if (sealed === undefined || sealed.length === 0) return undefined;
    const what = `${kind} file ${id}`;
    if (sha256Hex(sealed) !== id) throw repositoryDamaged(what, 'its bytes do not have the hash in its name');
    const plain = this.#sealer.open(sealed);
    if (plain === undefined)
      throw repositoryDamaged(what, 'it was not sealed with the key of this repository');
    return this.#decode(what, plain, unquestionedBytes + sealed.length * largestRatio[kind]);
  }

  /** All files of a kind, in no promised order. */
  async *list(kind: FileKind, options?: CallOptions): AsyncGenerator<StoredFile> {
    for await (const { key, sizeBytes, storageClass } of this.#bucket.list(folderOf(kind), options)) {
      const id = idFromKey(key);
      if (id !== undefined) yield { id, sizeBytes, storageClass };
    }
  }

  async remove(kind: FileKind, id: string, options?: CallOptions): Promise<void> {
    await this.#bucket.delete(keyOf(kind, id), options);
  }

  async #encode(kind: UnpackedKind, json: Uint8Array): Promise<Uint8Array> {
    // Locks are a few bytes, and readable ones help where a reader lacks Zstandard.
    if (this.#version === 1 || kind === 'lock') return json;
    const frame = await (await loadZstd()).compress(json);
    if (frame.length + 1 >= json.length) return json;
    return Buffer.concat([Buffer.of(compressedMark), frame]);
  }

  async #decode(what: string, plain: Buffer, mostBytes: number): Promise<Uint8Array> {
    const mark = plain[0];
    if (this.#version === 1 || plain.length === 0 || mark === 0x7b || mark === 0x5b) return plain;
    if (mark !== compressedMark) throw repositoryDamaged(what, `it begins with the unknown mark ${mark}`);
    try {
      return await (await loadZstd()).decompress(plain.subarray(1), Math.min(mostBytes, plainLimitBytes));
    } catch (error) {
      if (error instanceof GatehouseError) throw error;
      throw repositoryDamaged(what, `it does not decompress (${messageOf(error)})`, error);
    }
  }
}
