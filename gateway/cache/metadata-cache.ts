/**
 * Copies on this machine of a distant repository's metadata: index files, snapshots, and parts of
 * packs that hold trees, all as sealed as they are in the bucket. Everything is proved when read:
 * files by their name, parts by a hash in front of them. What is damaged counts as absent. A cache
 * that cannot be read or written makes the work slower, never wrong.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { messageOf } from '../../core/errors.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { PackRange } from '../repository/types.js';
import { openCacheFolder } from './cache-folders.js';

const hashBytes = 32;
const defaultPartsLimitBytes = 2 * 1024 ** 3;
/** Eviction stops at this share of the limit, so that not every run evicts. */
const keptShare = 0.8;

export type CachedFolder = 'index' | 'snapshots';

export interface MetadataCacheOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** For parts of packs; those unused for longest go first. 2 GiB unless told. */
  readonly partsLimitBytes?: number;
}

export class MetadataCache implements Closeable {
  readonly #folder: string;
  readonly #options: MetadataCacheOptions;
  #hasNewParts = false;
  #isBroken = false;

  private constructor(folder: string, options: MetadataCacheOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /** Undefined when there is no place for it; that is logged. @param base holds the caches of all repositories. */
  static async open(
    base: string,
    repositoryId: string,
    options: MetadataCacheOptions,
  ): Promise<MetadataCache | undefined> {
    try {
      const folder = await openCacheFolder(base, repositoryId, options.clock);
      for (const name of ['index', 'snapshots', 'parts'])
        await mkdir(join(folder, name), { recursive: true });
      return new MetadataCache(folder, options);
    } catch (error) {
      options.log.warn('working without a cache', { folder: base, error: messageOf(error) });
      return undefined;
    }
  }

  /** The stored bytes of a file, or undefined. */
  async file(folder: CachedFolder, id: string): Promise<Uint8Array | undefined> {
    const path = join(this.#folder, folder, id);
    const bytes = await this.#quietly(() => readFile(path));
    if (bytes === undefined || sha256(bytes).toString('hex') === id) return bytes;
    await this.#quietly(() => rm(path, { force: true }));
    return undefined;
  }

  async keepFile(folder: CachedFolder, id: string, bytes: Uint8Array): Promise<void> {
    if (sha256(bytes).toString('hex') === id) await this.#write(join(this.#folder, folder, id), [bytes]);
  }

  /** Removes what the bucket no longer has. */
  async retainFiles(folder: CachedFolder, isThere: (id: string) => boolean): Promise<void> {
    await this.#removeWhere(folder, (name) => !isThere(name));
  }

  async dropFile(folder: CachedFolder, id: string): Promise<void> {
    await this.#quietly(() => rm(join(this.#folder, folder, id), { force: true }));
  }

  /** Bytes of a pack: from here, or from `load` and kept. @throws what `load` throws. */
  async part(range: PackRange, load: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const path = join(this.#folder, 'parts', `${range.packId}-${range.offset}-${range.length}`);
    const kept = await this.#quietly(() => readFile(path));
    if (kept !== undefined) {
      const bytes = kept.subarray(hashBytes);
      if (bytes.length === range.length && sha256(bytes).equals(kept.subarray(0, hashBytes))) {
        const now = new Date(this.#options.clock.now());
        await this.#quietly(() => utimes(path, now, now));
        return bytes;
      }
    }
    const bytes = await load();
    await this.#write(path, [sha256(bytes), bytes]);
    this.#hasNewParts = true;
    return bytes;
  }

  /** Forgets the parts of a pack, whose blobs turned out damaged. */
  async dropParts(packId: string): Promise<void> {
    await this.#removeWhere('parts', (name) => name.startsWith(packId));
  }

  /** Removes parts of packs that are no more. */
  async retainParts(isThere: (packId: string) => boolean): Promise<void> {
    await this.#removeWhere('parts', (name) => !isThere(name.slice(0, 64)));
  }

  /** Makes room when it has grown too large. */
  async close(): Promise<void> {
    if (!this.#hasNewParts) return;
    this.#hasNewParts = false;
    await this.#quietly(() => this.#evict());
  }

  async #evict(): Promise<void> {
    const limit = this.#options.partsLimitBytes ?? defaultPartsLimitBytes;
    const folder = join(this.#folder, 'parts');
    const parts: { path: string; size: number; mtimeMs: number }[] = [];
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      const stats = await stat(path).catch(() => undefined);
      if (stats !== undefined) parts.push({ path, size: stats.size, mtimeMs: stats.mtimeMs });
    }
    let total = parts.reduce((sum, { size }) => sum + size, 0);
    if (total <= limit) return;
    parts.sort((a, b) => a.mtimeMs - b.mtimeMs);
    for (const { path, size } of parts) {
      if (total <= limit * keptShare) return;
      await rm(path, { force: true });
      total -= size;
    }
  }

  async #removeWhere(folder: string, isOld: (name: string) => boolean): Promise<void> {
    const path = join(this.#folder, folder);
    const names = (await this.#quietly(() => readdir(path))) ?? [];
    for (const name of names.filter(isOld)) {
      await this.#quietly(() => rm(join(path, name), { force: true }));
    }
  }

  async #write(path: string, pieces: readonly Uint8Array[]): Promise<void> {
    // Not flushed: what a power cut tears does not have its hash.
    const temporary = `${path}.${randomBytes(6).toString('hex')}`;
    await this.#quietly(async () => {
      await writeFile(temporary, Buffer.concat(pieces), { flag: 'wx', mode: 0o600 });
      await rename(temporary, path);
    });
  }

  /** Undefined on a failure, which is logged once unless the file is just not there. */
  async #quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!isAbsent && !this.#isBroken) {
        this.#isBroken = true;
        this.#options.log.warn('the cache does not work', { folder: this.#folder, error: messageOf(error) });
      }
      return undefined;
    }
  }
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
