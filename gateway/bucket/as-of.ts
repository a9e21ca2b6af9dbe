/**
 * A versioned bucket as it was at a time, whatever was overwritten or deleted since. Nothing can be
 * written through it. Locks are not shown: who held one then is of no concern now.
 */
import type { Readable } from 'node:stream';
import type {
  Bucket,
  BucketEntry,
  CallOptions,
  GetStreamOptions,
  ObjectFacts,
  UnfinishedUpload,
} from './bucket.js';
import { versionsUnsupported, viewIsReadOnly } from './errors.js';
import { ForwardingBucket } from './forwarding.js';
import type { ObjectVersion, Versions } from './versions.js';

const locksPrefix = 'locks/';

export class AsOfBucket extends ForwardingBucket {
  readonly #atMs: number;
  readonly #past: Versions;
  /** By the part of the key before the first slash and with it: each is listed once. */
  readonly #folders = new Map<string, Promise<ReadonlyMap<string, ObjectVersion>>>();

  private constructor(inner: Bucket, past: Versions, atMs: number) {
    super(inner);
    this.#past = past;
    this.#atMs = atMs;
  }

  /** Closing it closes `inner`. @param atMs milliseconds since 1970. @throws VERSIONS_UNSUPPORTED. */
  static of(inner: Bucket, atMs: number): AsOfBucket {
    if (inner.versions === undefined) throw versionsUnsupported(inner.location);
    return new AsOfBucket(inner, inner.versions, atMs);
  }

  override get spoolFolder(): undefined {
    return undefined;
  }

  override get versions(): undefined {
    return undefined;
  }

  override async prepare(): Promise<void> {}

  override put(key: string): Promise<void> {
    return this.#refuse(key);
  }

  override putFile(key: string): Promise<void> {
    return this.#refuse(key);
  }

  override putStream(key: string): Promise<number> {
    return this.#refuse(key);
  }

  override delete(key: string): Promise<void> {
    return this.#refuse(key);
  }

  override copyFrom(_source: unknown, key: string): Promise<boolean> {
    return this.#refuse(key);
  }

  override async get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    const then = await this.#find(key, options);
    return then && (await super.get(key, { ...options, versionId: then.versionId }));
  }

  override async getRange(
    key: string,
    offset: number,
    length: number,
    options?: CallOptions,
  ): Promise<Uint8Array | undefined> {
    const then = await this.#find(key, options);
    return then && (await super.getRange(key, offset, length, { ...options, versionId: then.versionId }));
  }

  override async getStream(key: string, options?: GetStreamOptions): Promise<Readable | undefined> {
    const then = await this.#find(key, options);
    return then && (await super.getStream(key, { ...options, versionId: then.versionId }));
  }

  override localFile(): undefined {
    return undefined;
  }

  override async stat(key: string, options?: CallOptions): Promise<number | undefined> {
    return (await this.#find(key, options))?.sizeBytes;
  }

  override async describe(key: string, options?: CallOptions): Promise<ObjectFacts | undefined> {
    const then = await this.#find(key, options);
    return then && (await super.describe(key, { ...options, versionId: then.versionId }));
  }

  override async *list(prefix: string, options?: CallOptions): AsyncGenerator<BucketEntry> {
    const versions = await this.#folder(prefix, options);
    for (const version of versions.values()) {
      if (version.key.startsWith(prefix)) yield entryOf(version);
    }
  }

  /** A server cannot be told to copy what is shown here: the bytes have to be carried. */
  override address(): undefined {
    return undefined;
  }

  override async *listUnfinished(): AsyncGenerator<UnfinishedUpload> {}

  async #find(key: string, options: CallOptions | undefined): Promise<ObjectVersion | undefined> {
    return (await this.#folder(key, options)).get(key);
  }

  #folder(key: string, options: CallOptions | undefined): Promise<ReadonlyMap<string, ObjectVersion>> {
    const name = key.slice(0, key.indexOf('/') + 1) || key;
    let known = this.#folders.get(name);
    if (known === undefined) {
      known = versionsAt(this.#past, name, this.#atMs, options);
      this.#folders.set(name, known);
      // What failed may be asked for again.
      known.catch(() => this.#folders.delete(name));
    }
    return known;
  }

  async #refuse(key: string): Promise<never> {
    throw viewIsReadOnly(this.location, key);
  }
}

/** The version that each key had at that time; keys that did not exist then are left out, and so are locks. */
export async function versionsAt(
  past: Versions,
  prefix: string,
  atMs: number,
  options?: CallOptions,
): Promise<Map<string, ObjectVersion>> {
  const then = new Map<string, ObjectVersion>();
  const decided = new Set<string>();
  for await (const version of past.list(prefix, options)) {
    const { key } = version;
    if (version.modifiedMs > atMs || decided.has(key) || key.startsWith(locksPrefix)) continue;
    decided.add(key);
    if (!version.isDeleteMarker) then.set(key, version);
  }
  return then;
}

function entryOf({ key, sizeBytes, modifiedMs, storageClass }: ObjectVersion): BucketEntry {
  return { key, sizeBytes, modifiedMs, ...(storageClass === undefined ? {} : { storageClass }) };
}
