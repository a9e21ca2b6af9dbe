/**
 * The reading half of a repository. Trees are small and lie in packs in the order of the walk, so
 * their packs are read in pages, the latest of which are kept; data is read blob by blob.
 */

import { untilAborted } from '../../core/bounded.js';
import type { Bucket, CallOptions } from '../bucket/bucket.js';
import type { MetadataCache } from '../cache/metadata-cache.js';
import { blobMissing, repositoryDamaged, repositoryFileMissing } from '../errors.js';
import type { BlobIndex, BlobPlace } from './blob-index.js';
import { openBlob, type Scratch } from './blob-opener.js';
import type { Sealer } from './crypto.js';
import { keyOf } from './layout.js';
import { usingSound } from './rereading.js';
import type { BlobType, PackRange } from './types.js';

const pageBytes = 512 * 1024;
/** 32 MiB at most. */
const pagesKept = 64;

export interface LoadOptions extends CallOptions {
  /** Takes the plain bytes, which are then good until it is used again. */
  readonly scratch?: Scratch;
}

export class BlobLoader {
  readonly #bucket: Bucket;
  readonly #sealer: Sealer;
  readonly #index: BlobIndex;
  /** Pages of tree packs in order of use, the latest last. */
  readonly #pages = new Map<string, Promise<Uint8Array>>();

  readonly #cache: MetadataCache | undefined;

  /** @param cache takes what is read of trees. */
  constructor(bucket: Bucket, sealer: Sealer, index: BlobIndex, cache?: MetadataCache) {
    this.#cache = cache;
    this.#bucket = bucket;
    this.#sealer = sealer;
    this.#index = index;
  }

  async load(type: BlobType, id: string, options?: LoadOptions): Promise<Uint8Array> {
    const place = this.#placeOf(type, id);
    const blob = { type, id, uncompressedLength: place.uncompressedLength };
    const sealed =
      type === 'tree' ? await this.#fromPages(place, options) : await this.loadRange(place, options);
    const again = async () => {
      if (type === 'tree') await this.#forgetPages(place.packId);
      return this.loadRange(place, options);
    };
    return usingSound(sealed, again, (bytes) => openBlob(this.#sealer, blob, bytes, options?.scratch));
  }

  async loadRange(range: PackRange, options?: CallOptions): Promise<Uint8Array> {
    const { packId, offset, length } = range;
    const bytes = await this.#bucket.getRange(keyOf('pack', packId), offset, length, options);
    if (bytes === undefined) throw repositoryFileMissing(`pack ${packId}`);
    if (bytes.length !== length) throw repositoryDamaged(`pack ${packId}`, 'it is too short');
    return bytes;
  }

  async open(type: BlobType, id: string, sealed: Uint8Array): Promise<Uint8Array> {
    const { uncompressedLength } = this.#placeOf(type, id);
    return openBlob(this.#sealer, { type, id, uncompressedLength }, sealed);
  }

  #placeOf(type: BlobType, id: string): BlobPlace {
    const place = this.#index.find(type, id);
    if (place === undefined) throw blobMissing(type, id);
    return place;
  }

  async #fromPages(place: BlobPlace, options?: CallOptions): Promise<Uint8Array> {
    const first = Math.floor(place.offset / pageBytes);
    const last = Math.floor((place.offset + place.length - 1) / pageBytes);
    // A tree that spans pages is read by itself: it would push the pages of its neighbours out.
    if (last !== first) return this.#treeRange(place, options);
    // Others may wait for the same page, so that an abort ends the wait, not the reading.
    const page = await untilAborted(this.#page(place.packId, first), options?.signal);
    const start = place.offset - first * pageBytes;
    if (page.length < start + place.length)
      throw repositoryDamaged(`pack ${place.packId}`, 'it is too short');
    return page.subarray(start, start + place.length);
  }

  /** Gives the memory of read trees back. */
  forgetTrees(): void {
    this.#pages.clear();
  }

  async #forgetPages(packId: string): Promise<void> {
    for (const name of this.#pages.keys()) if (name.startsWith(packId)) this.#pages.delete(name);
    await this.#cache?.dropParts(packId);
  }

  #treeRange(range: PackRange, options?: CallOptions): Promise<Uint8Array> {
    const load = () => this.loadRange(range, options);
    return this.#cache?.part(range, load) ?? load();
  }

  #page(packId: string, number: number): Promise<Uint8Array> {
    const name = `${packId} ${number}`;
    const kept = this.#pages.get(name);
    const page = kept ?? this.#loadPage(packId, number);
    this.#pages.delete(name);
    this.#pages.set(name, page);
    if (kept === undefined) page.catch(() => this.#pages.delete(name));
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > pagesKept && oldest !== undefined) this.#pages.delete(oldest);
    return page;
  }

  #loadPage(packId: string, number: number): Promise<Uint8Array> {
    const offset = number * pageBytes;
    const packSize = this.#index.pack(packId)?.sizeBytes ?? offset;
    return this.#treeRange({ packId, offset, length: Math.min(pageBytes, packSize - offset) });
  }
}
