/**
 * A restic repository (format 2, and 1) in a bucket: blobs in packs, index, snapshots, locks.
 * Packs are durable before the index that names them, and the index before a snapshot. It knows
 * nothing of what trees and snapshots contain.
 */
import type { Closeable } from '../../core/lifecycle.js';
import type { ChunkerParameters } from '../chunker/parameters.js';
import type {
  BlobEntry,
  BlobType,
  CallOptions,
  FileKind,
  InitOptions,
  Lock,
  PackRange,
  Problem,
  RepositoryOptions,
  SavedBlob,
} from './types.js';

const notYet = (): never => {
  throw new Error('under construction');
};

export class Repository implements Closeable {
  /** 64 hex digits, random, from the config. */
  readonly id: string = '';
  readonly version: 1 | 2 = 2;
  readonly chunkerParameters: ChunkerParameters = notYet();

  /** @throws REPOSITORY_EXISTS, and the bucket's errors. */
  static async init(_options: InitOptions): Promise<Repository> {
    return notYet();
  }
  /** @throws REPOSITORY_MISSING, WRONG_PASSWORD, REPOSITORY_VERSION, REPOSITORY_DAMAGED. */
  static async open(_options: RepositoryOptions): Promise<Repository> {
    return notYet();
  }
  get polynomial(): bigint {
    return this.chunkerParameters.polynomial;
  }
  /** Reads every index file. With `onProblem` a damaged one is reported and passed over. */
  async loadIndex(_options?: CallOptions & { onProblem?: (problem: Problem) => void }): Promise<void> {}
  hasBlob(_type: BlobType, _id: string): boolean {
    return notYet();
  }
  /** Plain size in bytes, or undefined when the index lacks the blob. */
  blobSize(_type: BlobType, _id: string): number | undefined {
    return notYet();
  }
  packOf(_type: BlobType, _id: string): PackRange | undefined {
    return notYet();
  }
  /** Packs a blob unless it is there already. Durable only after `flush()`. */
  async saveBlob(_type: BlobType, _plain: Uint8Array, _options?: CallOptions): Promise<SavedBlob> {
    return notYet();
  }
  /** @throws BLOB_MISSING, REPOSITORY_DAMAGED. */
  async loadBlob(_type: BlobType, _id: string, _options?: CallOptions): Promise<Uint8Array> {
    return notYet();
  }
  /** Sealed bytes of one pack, for callers that read several neighbouring blobs at once. */
  async loadRange(_range: PackRange, _options?: CallOptions): Promise<Uint8Array> {
    return notYet();
  }
  /** Authenticates, decompresses and hashes what `loadRange` brought. @throws REPOSITORY_DAMAGED. */
  async openSealed(_type: BlobType, _id: string, _sealed: Uint8Array): Promise<Uint8Array> {
    return notYet();
  }
  /** Ends open packs and writes the index; all is durable when it resolves. */
  async flush(_options?: CallOptions): Promise<void> {}
  /** Flushes, then stores the snapshot. @returns its id. */
  async saveSnapshot(_json: string | Uint8Array, _options?: CallOptions): Promise<string> {
    return notYet();
  }
  async loadSnapshot(_id: string, _options?: CallOptions): Promise<Uint8Array> {
    return notYet();
  }
  listSnapshots(_options?: CallOptions): AsyncIterable<{ id: string; bytes: Uint8Array }> {
    return notYet();
  }
  /** @throws SNAPSHOT_UNKNOWN, SNAPSHOT_AMBIGUOUS. */
  async resolveSnapshotId(_prefix: string, _options?: CallOptions): Promise<string> {
    return notYet();
  }
  listFiles(_kind: FileKind, _options?: CallOptions): AsyncIterable<{ id: string; sizeBytes: number }> {
    return notYet();
  }
  async removeFile(_kind: FileKind, _id: string, _options?: CallOptions): Promise<void> {}
  /** @throws LOCKED when another holder's lock conflicts. */
  async lock(_kind: 'shared' | 'exclusive', _options?: CallOptions): Promise<Lock> {
    return notYet();
  }
  /** Removes stale locks, or all of them. @returns how many. */
  async unlock(_options?: CallOptions & { all?: boolean }): Promise<number> {
    return notYet();
  }
  /** Packs that the index names, with the size that each must have. */
  indexedPacks(): Iterable<{ packId: string; sizeBytes: number; blobCount: number }> {
    return notYet();
  }
  blobsOfPack(_packId: string): readonly BlobEntry[] {
    return notYet();
  }
  /** Compares the packs in the bucket with the index: missing, wrong size, orphans, mixed. */
  checkPacks(_options?: CallOptions): AsyncIterable<Problem> {
    return notYet();
  }
  /** `size` compares the stored size; `data` reads it all: hash, header, every blob. */
  verifyPack(_packId: string, _level: 'size' | 'data', _options?: CallOptions): AsyncIterable<Problem> {
    return notYet();
  }
  /** Drops what was not flushed. Idempotent. */
  async close(): Promise<void> {}
}
