/** A bucket in memory that tells what was done to it, and can be made to fail or to wait. */
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { interrupted } from '../../core/errors.js';
import type {
  Bucket,
  BucketEntry,
  CallOptions,
  GetStreamOptions,
  ObjectAddress,
  ObjectFacts,
  UnfinishedUpload,
} from '../../gateway/bucket/bucket.js';
import { bucketShortRead, sourceChanged, sourceUnreadable } from '../../gateway/bucket/errors.js';

export class MemoryBucket implements Bucket {
  readonly location = 'memory';
  readonly hasArchive = false;
  readonly objects = new Map<string, Buffer>();
  /** `put key`, `get key`, `delete key`… in the order in which they took effect. */
  readonly calls: string[] = [];
  /** Runs before each operation takes effect; throw or wait here. */
  before: (operation: string, key: string, options?: CallOptions) => Promise<void> | void = () => {};

  keys(prefix: string): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  async prepare(): Promise<void> {}

  async put(key: string, content: Uint8Array, options?: CallOptions): Promise<void> {
    await this.#step('put', key, options);
    this.objects.set(key, Buffer.from(content));
  }

  async putFile(key: string, filePath: string, sizeBytes: number, options?: CallOptions): Promise<void> {
    const content = await readFile(filePath).catch((error: unknown) => {
      throw sourceUnreadable(filePath, error);
    });
    if (content.length !== sizeBytes) throw sourceChanged(filePath, sizeBytes, content.length);
    await this.put(key, content, options);
  }

  async putStream(key: string, content: AsyncIterable<Uint8Array>, options?: CallOptions): Promise<number> {
    const chunks: Buffer[] = [];
    for await (const chunk of content) chunks.push(Buffer.from(chunk));
    const whole = Buffer.concat(chunks);
    await this.put(key, whole, options);
    return whole.length;
  }

  async get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    await this.#step('get', key, options);
    return this.objects.get(key);
  }

  async getRange(
    key: string,
    offset: number,
    length: number,
    options?: CallOptions,
  ): Promise<Uint8Array | undefined> {
    await this.#step('getRange', key, options);
    const object = this.objects.get(key);
    if (object !== undefined && offset + length > object.length) {
      throw bucketShortRead(this.location, key, length, Math.max(0, object.length - offset));
    }
    return object?.subarray(offset, offset + length);
  }

  async getStream(key: string, options?: GetStreamOptions): Promise<Readable | undefined> {
    await this.#step('getStream', key, options);
    const object = this.objects.get(key)?.subarray(options?.fromByte ?? 0);
    return object && Readable.from([object.subarray(0, 1000), object.subarray(1000)]);
  }

  async stat(key: string, options?: CallOptions): Promise<number | undefined> {
    await this.#step('stat', key, options);
    return this.objects.get(key)?.length;
  }

  async describe(key: string, options?: CallOptions): Promise<ObjectFacts | undefined> {
    const sizeBytes = await this.stat(key, options);
    return sizeBytes === undefined ? undefined : { key, sizeBytes };
  }

  address(): ObjectAddress | undefined {
    return undefined;
  }

  async copyFrom(): Promise<boolean> {
    return false;
  }

  async *listUnfinished(): AsyncGenerator<UnfinishedUpload> {}

  async dropUnfinished(): Promise<void> {}

  async requestThaw(): Promise<void> {}

  async *list(prefix: string, options?: CallOptions): AsyncGenerator<BucketEntry> {
    await this.#step('list', prefix, options);
    for (const key of this.keys(prefix)) {
      const object = this.objects.get(key);
      if (object !== undefined) yield { key, sizeBytes: object.length };
    }
  }

  async delete(key: string, options?: CallOptions): Promise<void> {
    await this.#step('delete', key, options);
    this.objects.delete(key);
  }

  async close(): Promise<void> {}

  async #step(operation: string, key: string, options?: CallOptions): Promise<void> {
    await this.before(operation, key, options);
    if (options?.signal?.aborted) throw interrupted(options.signal.reason);
    this.calls.push(`${operation} ${key}`);
  }
}
