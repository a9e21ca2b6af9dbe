/**
 * A bucket that gives every call the limiters, so that the bytes themselves wait where they are
 * written and read: on the socket or the file. Several buckets may share one pair of limiters.
 */
import type { Readable } from 'node:stream';
import type {
  Bucket,
  CallOptions,
  GetStreamOptions,
  Pacing,
  PutOptions,
  PutStreamOptions,
} from './bucket.js';
import { ForwardingBucket } from './forwarding.js';

export class ThrottledBucket extends ForwardingBucket {
  readonly #pacing: Pacing;

  /** Closing it closes `inner`. */
  constructor(inner: Bucket, pacing: Pacing) {
    super(inner);
    this.#pacing = pacing;
  }

  override put(key: string, content: Uint8Array, options?: PutOptions): Promise<void> {
    return super.put(key, content, this.#paced(options));
  }

  override putFile(key: string, filePath: string, sizeBytes: number, options?: PutOptions): Promise<void> {
    return super.putFile(key, filePath, sizeBytes, this.#paced(options));
  }

  override putStream(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options?: PutStreamOptions,
  ): Promise<number> {
    return super.putStream(key, content, this.#paced(options));
  }

  override get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    return super.get(key, this.#paced(options));
  }

  override getRange(
    key: string,
    offset: number,
    length: number,
    options?: CallOptions,
  ): Promise<Uint8Array | undefined> {
    return super.getRange(key, offset, length, this.#paced(options));
  }

  override getStream(key: string, options?: GetStreamOptions): Promise<Readable | undefined> {
    return super.getStream(key, this.#paced(options));
  }

  override localFile(key: string): string | undefined {
    return this.#pacing.download === undefined ? super.localFile(key) : undefined;
  }

  #paced<T extends CallOptions>(options: T | undefined): T & CallOptions {
    return { ...options, pacing: this.#pacing } as T & CallOptions;
  }
}
