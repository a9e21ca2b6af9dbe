/**
 * The bucket port: where a repository's files live. Implementations: a directory, an S3 bucket;
 * wrappers (throttled, retrying, faulty) have the same interface. Keys use `/` and have no leading
 * slash. One contract suite holds every implementation.
 */
import type { Readable } from 'node:stream';
import type { Closeable } from '../../core/lifecycle.js';
import type { RateLimiter } from '../throttle/rate-limiter.js';
import type { Retention, Versions } from './versions.js';

export interface BucketEntry {
  readonly key: string;
  readonly sizeBytes: number;
  /** Last change, milliseconds since 1970, where the listing says it. */
  readonly modifiedMs?: number;
  /** As the server names it (`STANDARD`, `DEEP_ARCHIVE`), where it does. */
  readonly storageClass?: string;
}

/** What a store tells about one object without its bytes. */
export interface ObjectFacts extends BucketEntry {
  /** Of the whole object, lower-case hex, when the store keeps one. */
  readonly md5?: string;
  readonly sha256?: string;
  /** `absent` when the bytes can be read at once; see `requestThaw`. */
  readonly archive?: ArchiveState;
}

/**
 * `frozen`: must be thawed before it is read; `thawing`: asked for; `thawed`: readable until then
 * (milliseconds since 1970; undefined when the server does not say).
 */
export type ArchiveState =
  | { readonly state: 'frozen' | 'thawing' }
  | { readonly state: 'thawed'; readonly untilMs: number | undefined };

/** The speeds at which AWS fetches from the archive, slowest and cheapest first. */
export const thawTiers = ['Bulk', 'Standard', 'Expedited'] as const;
export type ThawTier = (typeof thawTiers)[number];

export interface ThawRequest {
  readonly tier: ThawTier;
  /** For how long the copy stays readable. */
  readonly days: number;
}

/** An object at a server, for copies that the server makes by itself. */
export interface ObjectAddress {
  /** Origin of the server; objects at one server can be copied there. */
  readonly server: string;
  readonly bucket: string;
  /** With the bucket's prefix. */
  readonly key: string;
}

/** An upload in parts that was begun and neither finished nor dropped. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** When something was last sent to it: a slow upload may go on for days. */
  readonly activeMs: number;
}

/** What an object's bytes wait for on their way out and in; set by the throttled wrapper. */
export interface Pacing {
  readonly upload?: RateLimiter;
  readonly download?: RateLimiter;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Implementations that move bytes over a wire or a disk obey it; one in memory need not. */
  readonly pacing?: Pacing;
  /**
   * Repeats one request of a call that makes several (an upload in parts); set by the retrying
   * wrapper. Without it each request is made once.
   */
  readonly attempt?: Attempt;
  /** Reads look at this version of the object and not at the newest; for stores with `versions`. */
  readonly versionId?: string;
}

export type Attempt = <T>(request: string, work: () => Promise<T>) => Promise<T>;

export interface PutOptions extends CallOptions {
  /** `cold` for what is seldom read (data packs): goes to the cheaper storage class if one is set. */
  readonly kind?: 'hot' | 'cold';
  /** Of `putFile`: the file may be moved instead of copied. It is not to be used after that. */
  readonly mayMove?: boolean;
  /** The store refuses to delete what is written until then; see `ObjectLockBucket`. */
  readonly retention?: Retention;
}

export interface PutStreamOptions extends PutOptions {
  /** Bytes held in memory at a time; 16 MiB unless told. S3 takes 5 MiB to 5 GiB, 10,000 parts at most. */
  readonly partBytes?: number;
}

export interface GetStreamOptions extends CallOptions {
  /** Begin at this byte; 0 unless told. At or beyond the end the stream is empty. */
  readonly fromByte?: number;
  /** Fail (BUCKET_FAILED) unless the object still is this version. */
  readonly ifVersion?: string;
  /** Gets the version that is being read, where the store has such a thing. */
  readonly onVersion?: (version: string) => void;
}

/**
 * Every method: @throws BUCKET_UNREACHABLE (retryable), BUCKET_UNKNOWN, BUCKET_DENIED,
 * BUCKET_SLOW_DOWN (retryable), BUCKET_FAILED.
 */
export interface Bucket extends Closeable {
  /** For messages: `s3://bucket/prefix` or a path, never with credentials. */
  readonly location: string;
  /** Where files lie that `putFile` can move into place; undefined where objects are no files. */
  readonly spoolFolder?: string | undefined;
  /** False where every object can be read at once, so that nothing ever needs `requestThaw`. */
  readonly hasArchive: boolean;
  /** Creates what must exist before the first `put` (the directory, the bucket). Idempotent. */
  prepare(options?: CallOptions): Promise<void>;
  /**
   * Stores a whole object; durable when it resolves, and visible to readers only then.
   * An object that exists under that key is replaced.
   */
  put(key: string, content: Uint8Array, options?: PutOptions): Promise<void>;
  /**
   * As `put`, from a local file that has `sizeBytes` bytes; for packs, so that memory stays flat.
   */
  putFile(key: string, filePath: string, sizeBytes: number, options?: PutOptions): Promise<void>;
  /**
   * As `put`, for a stream of unknown length, with one part of it in memory at a time. When it
   * fails (also when `content` does), nothing is stored and no part is left behind if the server
   * can be reached. `content` is read once: the call as a whole cannot be repeated.
   * @returns how many bytes were stored.
   */
  putStream(key: string, content: AsyncIterable<Uint8Array>, options?: PutStreamOptions): Promise<number>;
  /** The whole object, or undefined when there is none. */
  get(key: string, options?: CallOptions): Promise<Uint8Array | undefined>;
  /** `length` bytes from `offset`; undefined when there is no such object. @throws BUCKET_SHORT_READ. */
  getRange(
    key: string,
    offset: number,
    length: number,
    options?: CallOptions,
  ): Promise<Uint8Array | undefined>;
  /** The object as a stream, or undefined when there is none. */
  getStream(key: string, options?: GetStreamOptions): Promise<Readable | undefined>;
  /**
   * The file that holds the object, for threads that read it by themselves; undefined (or no such
   * method) where objects are no files or their bytes are paced. Says nothing of whether it exists.
   */
  localFile?(key: string): string | undefined;
  /** Size in bytes, or undefined when there is none. */
  stat(key: string, options?: CallOptions): Promise<number | undefined>;
  /** What is known of an object, or undefined when there is none. */
  describe(key: string, options?: CallOptions): Promise<ObjectFacts | undefined>;
  /** Every object whose key begins with `prefix`, in no promised order. */
  list(prefix: string, options?: CallOptions): AsyncIterable<BucketEntry>;
  /** Removes an object; an absent one is no error. */
  delete(key: string, options?: CallOptions): Promise<void>;
  /** Where the server finds that object, or undefined for a store that copies nothing by itself. */
  address(key: string): ObjectAddress | undefined;
  /**
   * Copies an object inside the server. @returns false when this store cannot, for instance because
   * `source` lies elsewhere: the bytes have to be carried then. @throws also when `source` is absent.
   */
  copyFrom(source: ObjectAddress, key: string, options?: PutOptions): Promise<boolean>;
  /** Uploads under `prefix` that were begun and not ended, by whom and when ever. */
  listUnfinished(prefix: string, options?: CallOptions): AsyncIterable<UnfinishedUpload>;
  /** Drops what such an upload has sent; one that is gone already is no error. */
  dropUnfinished(upload: UnfinishedUpload, options?: CallOptions): Promise<void>;
  /**
   * Asks for a readable copy of an archived object; takes hours: `describe` tells when it is there.
   * No error when it is readable or asked for already.
   */
  requestThaw(key: string, request: ThawRequest, options?: CallOptions): Promise<void>;
  /** What was overwritten and deleted; undefined for stores that know only the present. */
  readonly versions?: Versions | undefined;
}
