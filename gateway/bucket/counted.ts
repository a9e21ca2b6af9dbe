/** A bucket that tells how many bytes it has taken; whole objects, once they are safe. */
import type { Bucket, PutOptions, PutStreamOptions } from './bucket.js';
import { ForwardingBucket } from './forwarding.js';

export class CountedBucket extends ForwardingBucket {
  readonly #onTaken: (sizeBytes: number) => void;

  /** Closing it closes `inner`. */
  constructor(inner: Bucket, onTaken: (sizeBytes: number) => void) {
    super(inner);
    this.#onTaken = onTaken;
  }

  override async put(key: string, content: Uint8Array, options?: PutOptions): Promise<void> {
    await super.put(key, content, options);
    this.#onTaken(content.length);
  }

  override async putFile(
    key: string,
    filePath: string,
    sizeBytes: number,
    options?: PutOptions,
  ): Promise<void> {
    await super.putFile(key, filePath, sizeBytes, options);
    this.#onTaken(sizeBytes);
  }

  override async putStream(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options?: PutStreamOptions,
  ): Promise<number> {
    const sizeBytes = await super.putStream(key, content, options);
    this.#onTaken(sizeBytes);
    return sizeBytes;
  }
}
