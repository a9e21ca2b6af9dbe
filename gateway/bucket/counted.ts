/** A bucket that tells how many bytes it has taken; whole objects, once they are safe. */
import type { Bucket, PutOptions, PutStreamOptions } from './bucket.js';
import { ForwardingBucket } from './forwarding.js';

export type OnTaken = (sizeBytes: number, key: string) => void;

export class CountedBucket extends ForwardingBucket {
  readonly #onTaken: OnTaken;

  /** Closing it closes `inner`. */
  constructor(inner: Bucket, onTaken: OnTaken) {
    super(inner);
    this.#onTaken = onTaken;
  }

  override async put(key: string, content: Uint8Array, options?: PutOptions): Promise<void> {
    await super.put(key, content, options);
    this.#onTaken(content.length, key);
  }

  override async putFile(
    key: string,
    filePath: string,
    sizeBytes: number,
    options?: PutOptions,
  ): Promise<void> {
    await super.putFile(key, filePath, sizeBytes, options);
    this.#onTaken(sizeBytes, key);
  }

  override async putStream(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options?: PutStreamOptions,
  ): Promise<number> {
    const sizeBytes = await super.putStream(key, content, options);
    this.#onTaken(sizeBytes, key);
    return sizeBytes;
  }
}
