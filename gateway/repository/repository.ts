/**
 * A restic repository (format 2, and 1) in a bucket: blobs in packs, index, snapshots, locks.
 * Packs are durable before the index that names them, and the index before a snapshot. It knows
 * nothing of what trees and snapshots contain.
 */

import { mapBounded } from '../../core/bounded.js';
import type { Closeable } from '../../core/lifecycle.js';
import { type ChunkerParameters, resticChunkerParameters } from '../chunker/parameters.js';
import type { Engine } from '../engine/engine.js';
import { snapshotAmbiguous, snapshotUnknown } from '../errors.js';
import { assemble, type RepositoryParts } from './assemble.js';
import type { BlobPlace } from './blob-index.js';
import type { LoadOptions } from './blob-loader.js';
import { type KeyMaterial, sealOverheadBytes } from './crypto.js';
import { type EngineStart, startEngine } from './engine-start.js';
import { type LoadIndexOptions, loadIndexFiles } from './index-loader.js';
import { type IndexRewrite, type RewrittenIndex, rewriteIndex } from './index-rewriter.js';
import { isId, keyOf } from './layout.js';
import { thisProcess } from './lock-files.js';
import { removeLocks, takeLock } from './locks.js';
import { Maintenance } from './maintenance.js';
import { boundArenas } from './memory-arenas.js';
import { checkPacks, verifyPack } from './pack-checker.js';
import type { PackSummary } from './pack-table.js';
import type { RepositoryStores } from './stores.js';
import type {
  BlobEntry,
  BlobType,
  CallOptions,
  FileKind,
  InitOptions,
  Lock,
  PackRange,
  Problem,
  RepositoryOptions,
  SavedBlob,
  StoredFile,
} from './types.js';
import { createRepository, unlockRepository } from './unlocking.js';

/** Snapshots read at once. */
const readsAtOnce = 4;

export class Repository implements Closeable {
  /** 64 hex digits, random, from the config. */
  readonly id: string;
  readonly version: 1 | 2;
  readonly chunkerParameters: ChunkerParameters;
  /** For prune and key management. */
  readonly maintenance: Maintenance;
  readonly #parts: RepositoryParts;
  #closed: Promise<void> | undefined;

  private constructor(parts: RepositoryParts) {
    this.id = parts.config.id;
    this.version = parts.config.version;
    this.chunkerParameters = resticChunkerParameters(parts.config.polynomial);
    this.maintenance = new Maintenance(parts);
    this.#parts = parts;
  }

  /** Creates a repository and opens it. The bucket stays the caller's. @throws REPOSITORY_EXISTS. */
  static async init(options: InitOptions): Promise<Repository> {
    boundArenas();
    const holder = options.holder ?? thisProcess();
    return new Repository(await assemble(options, await createRepository({ ...options, holder })));
  }

  /**
   * Opens a repository; the index is not loaded yet. The bucket stays the caller's.
   * @throws REPOSITORY_MISSING, WRONG_PASSWORD, REPOSITORY_VERSION, REPOSITORY_DAMAGED.
   */
  static async open(options: RepositoryOptions): Promise<Repository> {
    boundArenas();
    return new Repository(await assemble(options, await unlockRepository(options)));
  }

  get polynomial(): bigint {
    return this.chunkerParameters.polynomial;
  }

  get stores(): RepositoryStores {
    return this.#parts;
  }

  get location(): string {
    return this.#parts.bucket.location;
  }

  /** Reads every index file; again, to learn of new ones. @throws REPOSITORY_DAMAGED without `onProblem`. */
  async loadIndex(options?: LoadIndexOptions): Promise<void> {
    const { files, index, cache } = this.#parts;
    await loadIndexFiles(files, this.version, index, options);
    await cache?.retainParts((packId) => index.hasPack(packId));
  }

  /** True for blobs in the index and for those that `saveBlob` took in since. */
  hasBlob(type: BlobType, id: string): boolean {
    return this.#parts.saver.has(type, id);
  }

  hasPack(packId: string): boolean {
    return this.#parts.index.hasPack(packId);
  }

  /** Plain size in bytes, or undefined when the index lacks the blob. */
  blobSize(type: BlobType, id: string): number | undefined {
    const place = this.#parts.index.find(type, id);
    if (place === undefined) return undefined;
    return place.uncompressedLength > 0 ? place.uncompressedLength : place.length - sealOverheadBytes;
  }

  /** What the index says of a blob: its place, and its plain size when it is compressed. */
  placeOf(type: BlobType, id: string): BlobPlace | undefined {
    return this.#parts.index.find(type, id);
  }

  /** Where the sealed blob lies, or undefined when the index lacks it. */
  packOf(type: BlobType, id: string): PackRange | undefined {
    const place = this.#parts.index.find(type, id);
    return place && { packId: place.packId, offset: place.offset, length: place.length };
  }

  /**
   * Packs a blob unless it is stored or taken in already; durable after `flush()`. Waits while all
   * uploads are under way. `plain` may be used again once it resolves.
   * @throws what ended an earlier write: after one failure no more is taken in.
   */
  saveBlob(type: BlobType, plain: Uint8Array, options?: CallOptions): Promise<SavedBlob> {
    return this.#parts.saver.save(type, plain, options);
  }

  /** Workers that read files and store what is new of them. The caller finishes it before a flush, and closes it. */
  async startEngine(options: EngineStart): Promise<Engine> {
    const { saver, sealer, workers, packSpool, index } = this.#parts;
    const settings = { ...workers, folder: options.dry ? '' : await packSpool.path() };
    const { chunkerParameters } = this;
    return startEngine({ saver, sealer, settings, chunkerParameters, blobCount: index.blobCount }, options);
  }

  /** The plain bytes, proved by their hash. @throws BLOB_MISSING, REPOSITORY_DAMAGED, REPOSITORY_FILE_MISSING. */
  loadBlob(type: BlobType, id: string, options?: LoadOptions): Promise<Uint8Array> {
    return this.#parts.loader.load(type, id, options);
  }

  /** For the end of a walk: gives the memory of read trees back. */
  forgetTrees(): void {
    this.#parts.loader.forgetTrees();
  }

  /** Sealed bytes of one pack, for callers that read several neighbouring blobs at once. */
  loadRange(range: PackRange, options?: CallOptions): Promise<Uint8Array> {
    return this.#parts.loader.loadRange(range, options);
  }

  /** The plain blob from its sealed bytes. @throws BLOB_MISSING, REPOSITORY_DAMAGED. */
  openSealed(type: BlobType, id: string, sealed: Uint8Array): Promise<Uint8Array> {
    return this.#parts.loader.open(type, id, sealed);
  }

  /** The file that holds a pack, for threads that read it themselves; see `Bucket.localFile`. */
  localPackFile(packId: string): string | undefined {
    return this.#parts.bucket.localFile?.(keyOf('pack', packId));
  }

  /** What opens blobs, for this process's own threads. Never leaves the process. */
  get keyMaterial(): KeyMaterial {
    return this.#parts.sealer.key;
  }

  /** Ends open packs and writes the index; all is durable when it resolves. */
  flush(options?: CallOptions): Promise<void> {
    return this.#parts.saver.flush(options);
  }

  /** Flushes, then stores the snapshot. @returns its id. */
  async saveSnapshot(json: string | Uint8Array, options?: CallOptions): Promise<string> {
    await this.flush(options);
    return this.#parts.files.save('snapshot', Buffer.from(json), options);
  }

  /** @throws REPOSITORY_FILE_MISSING, REPOSITORY_DAMAGED. */
  loadSnapshot(id: string, options?: CallOptions): Promise<Uint8Array> {
    return this.#parts.files.load('snapshot', id, options);
  }

  /** Every snapshot's id and JSON, in no promised order. @throws REPOSITORY_DAMAGED. */
  async *listSnapshots(options?: CallOptions): AsyncGenerator<{ id: string; bytes: Uint8Array }> {
    const { files } = this.#parts;
    const load = async ({ id }: { id: string }) => ({
      id,
      bytes: await files.loadIfThere('snapshot', id, options),
    });
    for await (const { id, bytes } of mapBounded(files.list('snapshot', options), readsAtOnce, load)) {
      if (bytes !== undefined) yield { id, bytes };
    }
  }

  /** The one snapshot id that begins with `prefix`. @throws SNAPSHOT_UNKNOWN, SNAPSHOT_AMBIGUOUS. */
  async resolveSnapshotId(prefix: string, options?: CallOptions): Promise<string> {
    const found: string[] = [];
    const wanted = prefix.toLowerCase();
    for await (const { id } of this.listFiles('snapshot', options)) if (id.startsWith(wanted)) found.push(id);
    const [only] = found;
    if (wanted === '' || only === undefined) throw snapshotUnknown(prefix);
    if (found.length > 1) throw snapshotAmbiguous(prefix, found.length);
    return only;
  }

  /** Every file of a kind in the bucket; for packs see also `indexedPacks`. */
  listFiles(kind: FileKind, options?: CallOptions): AsyncIterable<StoredFile> {
    return this.#parts.files.list(kind, options);
  }

  /** Removes a file; an absent one is no error. What refers to it is the caller's concern. */
  async removeFile(kind: FileKind, id: string, options?: CallOptions): Promise<void> {
    if (!isId(id)) throw new TypeError(`not an id: ${id}`);
    await this.#parts.files.remove(kind, id, options);
  }

  /**
   * @param options with `loadsIndex` the index is loaded in the time that taking a lock needs.
   * @throws LOCKED when another holder's lock conflicts, LOCK_UNREADABLE, and what `loadIndex` throws.
   */
  lock(
    kind: 'shared' | 'exclusive',
    options?: CallOptions & { readonly loadsIndex?: boolean },
  ): Promise<Lock> {
    const { locks, index, files } = this.#parts;
    const ahead = {
      start: () => this.loadIndex(options),
      undo: () => {
        index.dropPacks(Array.from(index.packs(), ({ packId }) => packId));
        files.knownIndexIds.clear();
      },
    };
    const call = options?.loadsIndex === true ? { ...options, ahead } : options;
    return takeLock(locks, kind === 'exclusive', call);
  }

  /** Removes stale locks, or with `all` every lock. @returns how many. */
  unlock(options?: CallOptions & { readonly all?: boolean }): Promise<number> {
    return removeLocks(this.#parts.locks, options?.all ?? false, options);
  }

  /** Packs that the index names, with the size that each must have. */
  indexedPacks(): Iterable<PackSummary> {
    return this.#parts.index.packs();
  }

  /** Blobs that the index places in a pack, by offset. */
  blobsOfPack(packId: string): readonly BlobEntry[] {
    return this.#parts.index.blobsOfPack(packId);
  }

  /**
   * Writes the index anew without `dropPacks` and with `replacePacks`, then removes the old index
   * files; packs are not touched. Flushes first. Hold the exclusive lock, and load the index before.
   */
  async rewriteIndex(rewrite: IndexRewrite): Promise<RewrittenIndex> {
    await this.flush(rewrite);
    return rewriteIndex(this.#parts.files, this.#parts.index, rewrite);
  }

  /** Compares the bucket's listing with the index: packs missing, of wrong size, mixed, orphaned. */
  checkPacks(options?: CallOptions): AsyncIterable<Problem> {
    return checkPacks(this.#parts.checks, options);
  }

  /** `size` compares the stored size; `data` reads it all: hash, header, every blob. */
  verifyPack(packId: string, level: 'size' | 'data', options?: CallOptions): AsyncIterable<Problem> {
    return verifyPack(this.#parts.checks, packId, level, options);
  }

  /** Stops uploads, drops what was not flushed, removes spool files. Locks are closed by their takers. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#parts.saver.close();
    await this.#parts.index.close();
    await this.#parts.cache?.close();
    await this.#parts.packSpool.close();
    await this.#parts.spool.close();
  }
}
