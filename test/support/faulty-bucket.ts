/** A bucket whose calls fail when the test says so: `faults` are thrown one per call, oldest first. */
import type { Readable } from 'node:stream';
import type { Bucket, BucketEntry, CallOptions } from '../../gateway/bucket/bucket.js';

export class FaultyBucket implements Bucket {
  /** Thrown before the next calls begin; undefined lets one call through. */
  readonly faults: (Error | undefined)[] = [];
  /** A listing fails with the next fault after so many entries. */
  listFailsAfter: number | undefined;
  calls = 0;
  readonly #inner: Bucket;

  constructor(inner: Bucket) {
    this.#inner = inner;
  }

  get location(): string {
    return this.#inner.location;
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }

  async prepare(options?: CallOptions): Promise<void> {
    this.#strike();
    await this.#inner.prepare(options);
  }

  async put(key: string, content: Uint8Array, options?: CallOptions): Promise<void> {
    this.#strike();
    await this.#inner.put(key, content, options);
  }

  async putFile(key: string, filePath: string, sizeBytes: number, options?: CallOptions): Promise<void> {
    this.#strike();
    await this.#inner.putFile(key, filePath, sizeBytes, options);
  }

  async get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    this.#strike();
    return await this.#inner.get(key, options);
  }

  async getRange(
    key: string,
    offset: number,
    length: number,
    options?: CallOptions,
  ): Promise<Uint8Array | undefined> {
    this.#strike();
    return await this.#inner.getRange(key, offset, length, options);
  }

  async getStream(key: string, options?: CallOptions): Promise<Readable | undefined> {
    this.#strike();
    return await this.#inner.getStream(key, options);
  }

  async stat(key: string, options?: CallOptions): Promise<number | undefined> {
    this.#strike();
    return await this.#inner.stat(key, options);
  }

  async *list(prefix: string, options?: CallOptions): AsyncGenerator<BucketEntry> {
    let given = 0;
    for await (const entry of this.#inner.list(prefix, options)) {
      if (given === (this.listFailsAfter ?? 0)) this.#strike();
      yield entry;
      given += 1;
    }
  }

  async delete(key: string, options?: CallOptions): Promise<void> {
    this.#strike();
    await this.#inner.delete(key, options);
  }

  #strike(): void {
    this.calls += 1;
    const fault = this.faults.shift();
    if (fault !== undefined) throw fault;
  }
}
