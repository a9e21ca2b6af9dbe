/** A bucket whose calls fail when the test says so: `faults` are thrown one per call, oldest first. */
import type { Readable } from 'node:stream';
import type {
  BucketEntry,
  CallOptions,
  GetStreamOptions,
  ObjectFacts,
  PutOptions,
  PutStreamOptions,
} from '../../gateway/bucket/bucket.js';
import { ForwardingBucket } from '../../gateway/bucket/forwarding.js';

export class FaultyBucket extends ForwardingBucket {
  /** Thrown before the next calls begin; undefined lets one call through. */
  readonly faults: (Error | undefined)[] = [];
  /** A listing fails with the next fault after so many entries. */
  listFailsAfter: number | undefined;
  calls = 0;

  override async prepare(options?: CallOptions): Promise<void> {
    this.#strike();
    await this.inner.prepare(options);
  }

  override async put(key: string, content: Uint8Array, options?: PutOptions): Promise<void> {
    this.#strike();
    await this.inner.put(key, content, options);
  }

  override async putFile(
    key: string,
    filePath: string,
    sizeBytes: number,
    options?: PutOptions,
  ): Promise<void> {
    this.#strike();
    await this.inner.putFile(key, filePath, sizeBytes, options);
  }

  override async putStream(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options?: PutStreamOptions,
  ): Promise<number> {
    this.#strike();
    return await this.inner.putStream(key, content, options);
  }

  override async get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    this.#strike();
    return await this.inner.get(key, options);
  }

  override async getRange(
    key: string,
    offset: number,
    length: number,
    options?: CallOptions,
  ): Promise<Uint8Array | undefined> {
    this.#strike();
    return await this.inner.getRange(key, offset, length, options);
  }

  override async getStream(key: string, options?: GetStreamOptions): Promise<Readable | undefined> {
    this.#strike();
    return await this.inner.getStream(key, options);
  }

  override async stat(key: string, options?: CallOptions): Promise<number | undefined> {
    this.#strike();
    return await this.inner.stat(key, options);
  }

  override async describe(key: string, options?: CallOptions): Promise<ObjectFacts | undefined> {
    this.#strike();
    return await this.inner.describe(key, options);
  }

  override async *list(prefix: string, options?: CallOptions): AsyncGenerator<BucketEntry> {
    let given = 0;
    for await (const entry of this.inner.list(prefix, options)) {
      if (given === (this.listFailsAfter ?? 0)) this.#strike();
      yield entry;
      given += 1;
    }
  }

  override async delete(key: string, options?: CallOptions): Promise<void> {
    this.#strike();
    await this.inner.delete(key, options);
  }

  #strike(): void {
    this.calls += 1;
    const fault = this.faults.shift();
    if (fault !== undefined) throw fault;
  }
}
