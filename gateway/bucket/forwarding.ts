/**
 * A bucket that passes every call on: the base of wrappers, which override what they change. It
 * changes nothing itself.
 */
import type { Readable } from 'node:stream';
import type {
  Bucket,
  BucketEntry,
  CallOptions,
  GetStreamOptions,
  ObjectAddress,
  ObjectFacts,
  PutOptions,
  PutStreamOptions,
  ThawRequest,
  UnfinishedUpload,
} from './bucket.js';
import type { Versions } from './versions.js';

export class ForwardingBucket implements Bucket {
  protected readonly inner: Bucket;

  /** Closing it closes `inner`. */
  constructor(inner: Bucket) {
    this.inner = inner;
  }

  get location(): string {
    return this.inner.location;
  }

  get spoolFolder(): string | undefined {
    return this.inner.spoolFolder;
  }

  get hasArchive(): boolean {
    return this.inner.hasArchive;
  }

  get versions(): Versions | undefined {
    return this.inner.versions;
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  prepare(options?: CallOptions): Promise<void> {
    return this.inner.prepare(options);
  }

  put(key: string, content: Uint8Array, options?: PutOptions): Promise<void> {
    return this.inner.put(key, content, options);
  }

  putFile(key: string, filePath: string, sizeBytes: number, options?: PutOptions): Promise<void> {
    return this.inner.putFile(key, filePath, sizeBytes, options);
  }

  putStream(key: string, content: AsyncIterable<Uint8Array>, options?: PutStreamOptions): Promise<number> {
    return this.inner.putStream(key, content, options);
  }

  get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    return this.inner.get(key, options);
  }

  getRange(
    key: string,
    offset: number,
    length: number,
    options?: CallOptions,
  ): Promise<Uint8Array | undefined> {
    return this.inner.getRange(key, offset, length, options);
  }

  getStream(key: string, options?: GetStreamOptions): Promise<Readable | undefined> {
    return this.inner.getStream(key, options);
  }

  localFile(key: string): string | undefined {
    return this.inner.localFile?.(key);
  }

  stat(key: string, options?: CallOptions): Promise<number | undefined> {
    return this.inner.stat(key, options);
  }

  describe(key: string, options?: CallOptions): Promise<ObjectFacts | undefined> {
    return this.inner.describe(key, options);
  }

  list(prefix: string, options?: CallOptions): AsyncIterable<BucketEntry> {
    return this.inner.list(prefix, options);
  }

  delete(key: string, options?: CallOptions): Promise<void> {
    return this.inner.delete(key, options);
  }

  address(key: string): ObjectAddress | undefined {
    return this.inner.address(key);
  }

  copyFrom(source: ObjectAddress, key: string, options?: PutOptions): Promise<boolean> {
    return this.inner.copyFrom(source, key, options);
  }

  listUnfinished(prefix: string, options?: CallOptions): AsyncIterable<UnfinishedUpload> {
    return this.inner.listUnfinished(prefix, options);
  }

  dropUnfinished(upload: UnfinishedUpload, options?: CallOptions): Promise<void> {
    return this.inner.dropUnfinished(upload, options);
  }

  requestThaw(key: string, request: ThawRequest, options?: CallOptions): Promise<void> {
    return this.inner.requestThaw(key, request, options);
  }
}
