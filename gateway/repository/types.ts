/** The words shared by the repository's parts and its users. Types only. */
import type { Clock } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { Secret } from '../../core/secret.js';
import type { Bucket, CallOptions } from '../bucket/bucket.js';

export type { CallOptions };

export type BlobType = 'data' | 'tree';

/** Files named by the SHA-256 of their stored bytes, in lower-case hex. */
export type FileKind = 'key' | 'lock' | 'snapshot' | 'index' | 'pack';

export interface StoredFile {
  readonly id: string;
  readonly sizeBytes: number;
  /** See `BucketEntry`. */
  readonly storageClass?: string | undefined;
}

export interface SavedBlob {
  /** SHA-256 of the plain bytes, 64 lower-case hex digits. */
  readonly id: string;
  /** False when the repository, or a pack still open, has it already. */
  readonly isNew: boolean;
  /** Bytes that it takes up in its pack (compressed and sealed); 0 when it is not new. */
  readonly storedBytes: number;
}

/** Where a blob's sealed bytes lie. */
export interface PackRange {
  readonly packId: string;
  readonly offset: number;
  /** Sealed length, bytes. */
  readonly length: number;
}

/** A place in a pack as index files and pack headers state it. */
export interface BlobEntry {
  readonly type: BlobType;
  readonly id: string;
  readonly offset: number;
  readonly length: number;
  /** Plain size when the blob is compressed; 0 when it is not. */
  readonly uncompressedLength: number;
}

export interface ScryptCost {
  /** CPU and memory cost, a power of two; memory is 128·n·r bytes. */
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** Who holds a lock; informative, but the host and process decide whether a lock is stale. */
export interface LockHolder {
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

export interface RepositoryOptions {
  readonly bucket: Bucket;
  readonly password: Secret;
  /** Packs are spooled here before their upload; needs about `packSizeBytes` × (uploads + 4). */
  readonly temporaryFolder: string;
  /** Holds copies of distant repositories' metadata; none are kept unless told. */
  readonly cacheFolder?: string;
  readonly clock: Clock;
  readonly log?: Logger;
  readonly signal?: AbortSignal;
  /** A pack is closed once it has this many bytes; 16 MiB unless told. */
  readonly packSizeBytes?: number;
  /** Packs uploaded at once; 3 unless told. */
  readonly uploads?: number;
  /** What was stored is recorded so often, so that it counts after a crash; 5 minutes unless told. */
  readonly indexEveryMs?: number;
  /** Zstandard for data blobs; true unless told. Format 2 always tries it on trees and index files. */
  readonly compress?: boolean;
  /** Opens, decompresses and hashes every sealed blob before it is packed; off unless told. */
  readonly verifySealed?: boolean;
  /** How long to wait for a lock that conflicts, trying again; not at all unless told. */
  readonly retryLockMs?: number;
  /** Shared locks are not taken: for reading where nothing can be written. Off unless told. */
  readonly noLock?: boolean;
  /** Who we are in lock and key files; this process unless told. */
  readonly holder?: LockHolder;
}

export interface InitOptions extends RepositoryOptions {
  /** 2 unless told. */
  readonly version?: 1 | 2;
  /** Cost of guessing the password; 32768/8/4 unless told (32 MiB, under a second on a small NAS). */
  readonly scryptCost?: ScryptCost;
  /** A random one unless told; to share chunks with another repository. */
  readonly polynomial?: bigint;
}

/** A lock that is held; it refreshes itself. `close()` gives it up. */
export interface Lock extends Closeable {
  readonly exclusive: boolean;
  /** Aborts, with LOCK_LOST as its reason, when the lock could not be refreshed in time: stop writing. */
  readonly signal: AbortSignal;
}

/** One finding of a check. Hints are oddities that lose nothing; errors mean damage. */
export interface Problem {
  readonly severity: 'error' | 'hint';
  readonly code:
    | 'INDEX_UNREADABLE'
    | 'PACK_MISSING'
    | 'PACK_SIZE'
    | 'PACK_HASH'
    | 'PACK_HEADER'
    | 'PACK_ORPHAN'
    | 'PACK_MIXED'
    | 'PACK_LAYOUT'
    | 'PACK_DUPLICATE'
    | 'PACK_SPLIT'
    | 'BLOB_DAMAGED';
  /** The pack's or index file's id. */
  readonly fileId: string;
  readonly blobId?: string;
  readonly message: string;
}
