/** A bucket whose index files and snapshots are read from a cache where it has them. */
import type { Bucket, BucketEntry, CallOptions, PutOptions } from '../bucket/bucket.js';
import { ForwardingBucket } from '../bucket/forwarding.js';
import { isId } from '../repository/layout.js';
import type { CachedFolder, MetadataCache } from './metadata-cache.js';

interface Place {
  readonly folder: CachedFolder;
  readonly id: string;
}

export class CachedBucket extends ForwardingBucket {
  readonly #cache: MetadataCache;

  constructor(inner: Bucket, cache: MetadataCache) {
    super(inner);
    this.#cache = cache;
  }

  override async get(key: string, options?: CallOptions): Promise<Uint8Array | undefined> {
    const place = placeOf(key);
    if (place === undefined) return this.inner.get(key, options);
    const kept = await this.#cache.file(place.folder, place.id);
    if (kept !== undefined) return kept;
    const bytes = await this.inner.get(key, options);
    if (bytes !== undefined) await this.#cache.keepFile(place.folder, place.id, bytes);
    return bytes;
  }

  override async put(key: string, content: Uint8Array, options?: PutOptions): Promise<void> {
    await this.inner.put(key, content, options);
    const place = placeOf(key);
    if (place !== undefined) await this.#cache.keepFile(place.folder, place.id, content);
  }

  override async delete(key: string, options?: CallOptions): Promise<void> {
    const place = placeOf(key);
    if (place !== undefined) await this.#cache.dropFile(place.folder, place.id);
    await this.inner.delete(key, options);
  }

  /** A whole listing also tells which copies have no original any more. */
  override async *list(prefix: string, options?: CallOptions): AsyncGenerator<BucketEntry> {
    const seen = new Set<string>();
    for await (const entry of this.inner.list(prefix, options)) {
      const place = placeOf(entry.key);
      if (place !== undefined) seen.add(place.id);
      yield entry;
    }
    const folder = folders.find((name) => prefix === `${name}/`);
    if (folder !== undefined) await this.#cache.retainFiles(folder, (id) => seen.has(id));
  }
}

const folders = ['index', 'snapshots'] as const;

function placeOf(key: string): Place | undefined {
  const [folder, id, ...rest] = key.split('/');
  const known = folders.find((name) => name === folder);
  return known !== undefined && id !== undefined && rest.length === 0 && isId(id)
    ? { folder: known, id }
    : undefined;
}
