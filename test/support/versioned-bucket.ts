/** A bucket in memory that keeps versions and locks, by a clock that the test sets. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BucketEntry, CallOptions, GetStreamOptions, PutOptions } from '../../gateway/bucket/bucket.js';
import { bucketDenied, bucketObjectLocked } from '../../gateway/bucket/errors.js';
import type { ObjectVersion, Retention, Versions } from '../../gateway/bucket/versions.js';
import { MemoryBucket } from './memory-bucket.js';

interface Stored extends ObjectVersion {
  readonly bytes: Buffer;
  retention: Retention | undefined;
}

export class VersionedBucket extends MemoryBucket {
  nowMs = 0;
  mayRemoveVersions = true;
  readonly versions: Versions;
  /** The newest first. */
  readonly #stored = new Map<string, Stored[]>();
  #count = 0;

  constructor() {
    super();
    this.versions = {
      list: (prefix) => this.#list(prefix),
      areKept: async () => true,
      bringBack: async (key, versionId) => this.#add(key, this.#find(key, versionId)?.bytes ?? Buffer.of()),
      remove: async (key, versionId, options) => this.#remove(key, versionId, options?.bypassGovernance),
      retention: async (key, options) => this.#find(key, options?.versionId)?.retention,
      retain: async (key, retention, options) => {
        const found = this.#find(key, options?.versionId);
        if (found !== undefined) found.retention = retention;
      },
    };
  }

  history(key: string): readonly ObjectVersion[] {
    return this.#stored.get(key) ?? [];
  }

  override async put(key: string, content: Uint8Array, options?: PutOptions): Promise<void> {
    this.#add(key, Buffer.from(content), options?.retention);
  }

  override async delete(key: string): Promise<void> {
    this.#add(key, undefined);
  }

  override async get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    return this.#find(key, options?.versionId)?.bytes;
  }

  override async getRange(key: string, offset: number, length: number, options?: CallOptions) {
    return (await this.get(key, options))?.subarray(offset, offset + length);
  }

  override async getStream(key: string, options?: GetStreamOptions): Promise<Readable | undefined> {
    const bytes = await this.get(key, options);
    return bytes && Readable.from([bytes]);
  }

  override async stat(key: string, options?: CallOptions): Promise<number | undefined> {
    return (await this.get(key, options))?.length;
  }

  override async *list(prefix: string): AsyncGenerator<BucketEntry> {
    for await (const version of this.#list(prefix))
      if (version.isLatest && !version.isDeleteMarker) yield version;
  }

  async *#list(prefix: string): AsyncGenerator<ObjectVersion> {
    for (const key of [...this.#stored.keys()].sort()) {
      if (!key.startsWith(prefix)) continue;
      for (const [at, version] of this.history(key).entries()) yield { ...version, isLatest: at === 0 };
    }
  }

  #find(key: string, versionId: string | undefined): Stored | undefined {
    const history = this.#stored.get(key) ?? [];
    const found = versionId === undefined ? history[0] : history.find((one) => one.versionId === versionId);
    return found?.isDeleteMarker ? undefined : found;
  }

  #add(key: string, bytes: Buffer | undefined, retention?: Retention): void {
    this.#count += 1;
    const version = {
      key,
      versionId: `v${this.#count}`,
      isLatest: true,
      isDeleteMarker: bytes === undefined,
      modifiedMs: this.nowMs,
      sizeBytes: bytes?.length ?? 0,
      etag: createHash('md5')
        .update(bytes ?? '')
        .digest('hex'),
      bytes: bytes ?? Buffer.of(),
      retention,
    };
    this.#stored.set(key, [version, ...(this.#stored.get(key) ?? [])]);
  }

  #remove(key: string, versionId: string, bypass = false): void {
    if (!this.mayRemoveVersions) throw bucketDenied({ location: this.location });
    const lock = this.#find(key, versionId)?.retention;
    const isHeld = lock !== undefined && lock.untilMs > this.nowMs;
    if (isHeld && !(bypass && lock.mode === 'GOVERNANCE'))
      throw bucketObjectLocked(this.location, key, new Date(lock.untilMs).toISOString());
    const left = (this.#stored.get(key) ?? []).filter((one) => one.versionId !== versionId);
    if (left.length === 0) this.#stored.delete(key);
    else this.#stored.set(key, left);
  }
}
