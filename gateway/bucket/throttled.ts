/**
 * A bucket that gives every call the limiters, so that the bytes themselves wait where they are
 * written and read: on the socket or the file. Several buckets may share one pair of limiters.
 */
import type { Readable } from 'node:stream';
import type { Bucket, BucketEntry, CallOptions, Pacing } from './bucket.js';

export class ThrottledBucket implements Bucket {
  readonly #inner: Bucket;
  readonly #pacing: Pacing;

  /** Closing it closes `inner`. */
  constructor(inner: Bucket, pacing: Pacing) {
    this.#inner = inner;
    this.#pacing = pacing;
  }

  get location(): string {
    return this.#inner.location;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  prepare(options?: CallOptions): Promise<void> {
    return this.#inner.prepare(options);
  }

  put(key: string, content: Uint8Array, options?: CallOptions): Promise<void> {
    return this.#inner.put(key, content, this.#paced(options));
  }

  putFile(key: string, filePath: string, sizeBytes: number, options?: CallOptions): Promise<void> {
    return this.#inner.putFile(key, filePath, sizeBytes, this.#paced(options));
  }

  get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    return this.#inner.get(key, this.#paced(options));
  }

  getRange(
    key: string,
    offset: number,
    length: number,
    options?: CallOptions,
  ): Promise<Uint8Array | undefined> {
    return this.#inner.getRange(key, offset, length, this.#paced(options));
  }

  getStream(key: string, options?: CallOptions): Promise<Readable | undefined> {
    return this.#inner.getStream(key, this.#paced(options));
  }

  stat(key: string, options?: CallOptions): Promise<number | undefined> {
    return this.#inner.stat(key, options);
  }

  list(prefix: string, options?: CallOptions): AsyncIterable<BucketEntry> {
    return this.#inner.list(prefix, options);
  }

  delete(key: string, options?: CallOptions): Promise<void> {
    return this.#inner.delete(key, options);
  }

  #paced(options: CallOptions | undefined): CallOptions {
    return { ...options, pacing: this.#pacing };
  }
}
