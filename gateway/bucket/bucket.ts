/**
 * The bucket port: where a repository's files live. Implementations: a directory, an S3 bucket;
 * wrappers (throttled, retrying, faulty) have the same interface. Keys use `/` and have no leading
 * slash. One contract suite holds every implementation.
 */
import type { Readable } from 'node:stream';
import type { Closeable } from '../../core/lifecycle.js';
import type { RateLimiter } from '../throttle/rate-limiter.js';

export interface BucketEntry {
  readonly key: string;
  readonly sizeBytes: number;
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
}

/**
 * Every method: @throws BUCKET_UNREACHABLE (retryable), BUCKET_UNKNOWN, BUCKET_DENIED,
 * BUCKET_SLOW_DOWN (retryable), BUCKET_FAILED.
 */
export interface Bucket extends Closeable {
  /** For messages: `s3://bucket/prefix` or a path, never with credentials. */
  readonly location: string;
  /** Creates what must exist before the first `put` (the directory, the bucket). Idempotent. */
  prepare(options?: CallOptions): Promise<void>;
  /**
   * Stores a whole object; durable when it resolves, and visible to readers only then.
   * An object that exists under that key is replaced.
   */
  put(key: string, content: Uint8Array, options?: CallOptions): Promise<void>;
  /**
   * As `put`, from a local file that has `sizeBytes` bytes; for packs, so that memory stays flat.
   */
  putFile(key: string, filePath: string, sizeBytes: number, options?: CallOptions): Promise<void>;
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
  getStream(key: string, options?: CallOptions): Promise<Readable | undefined>;
  /** Size in bytes, or undefined when there is none. */
  stat(key: string, options?: CallOptions): Promise<number | undefined>;
  /** Every object whose key begins with `prefix`, in no promised order. */
  list(prefix: string, options?: CallOptions): AsyncIterable<BucketEntry>;
  /** Removes an object; an absent one is no error. */
  delete(key: string, options?: CallOptions): Promise<void>;
}
