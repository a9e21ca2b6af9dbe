/**
 * The writing half of a repository: compress, seal, pack, upload, index. A blob counts as stored
 * from the moment it is taken in, so the first failure ends all writing: nothing may be recorded
 * that rests on a blob that was lost.
 */
import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { Slots, throwIfAborted, untilAborted } from '../../core/bounded.js';
import type { Clock } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { Bucket, CallOptions } from '../bucket/bucket.js';
import { repositoryClosed, sealVerificationFailed } from '../errors.js';
import type { BlobIndex } from './blob-index.js';
import type { Sealer } from './crypto.js';
import { IdTable } from './id-table.js';
import { encodeIndex, type IndexedPack } from './index-file.js';
import { keyOf, sha256Hex } from './layout.js';
import { maxBlobsPerPack } from './pack-format.js';
import { type FinishedPack, PackWriter, type SealedBlob } from './pack-writer.js';
import type { BlobType, SavedBlob } from './types.js';
import type { UnpackedFiles } from './unpacked.js';
import { loadZstd } from './zstd.js';

/** Two open packs per type, one picked at random per blob: chunk sizes then tell less. */
const openPacksPerType = 2;
/** What an interrupted backup has to upload again is bounded by these three. */
const indexBlobLimit = 50_000;
const indexByteLimit = 2 * 1024 ** 3;
export const defaultIndexEveryMs = 5 * 60_000;

export interface BlobSaverOptions {
  readonly bucket: Bucket;
  readonly sealer: Sealer;
  readonly index: BlobIndex;
  readonly files: UnpackedFiles;
  readonly clock: Clock;
  readonly log: Logger;
  /** For spool files. */
  readonly folder: string;
  readonly packSizeBytes: number;
  readonly uploads: number;
  /** An index is written when a pack is stored and the last one is so long ago. */
  readonly indexEveryMs: number;
  readonly compressData: boolean;
  readonly compressTrees: boolean;
  readonly verifySealed: boolean;
}

export class BlobSaver implements Closeable {
  readonly #options: BlobSaverOptions;
  readonly #uploadSlots: Slots;
  readonly #stop = new AbortController();
  /** Blobs taken in whose pack is not uploaded yet. */
  readonly #pending: Record<BlobType, IdTable> = { data: new IdTable(), tree: new IdTable() };
  readonly #open: Record<BlobType, (PackWriter | undefined)[]> = { data: [], tree: [] };
  readonly #underWay = new Set<Promise<unknown>>();
  #unindexed: IndexedPack[] = [];
  #unindexedBlobs = 0;
  #unindexedBytes = 0;
  #indexedAtMs: number;
  #failure: unknown;
  #failed = false;

  constructor(options: BlobSaverOptions) {
    this.#options = options;
    this.#uploadSlots = new Slots(options.uploads);
    this.#indexedAtMs = options.clock.monotonicMs();
  }

  /** What new packs are to have, bytes. */
  get packSizeBytes(): number {
    return this.#options.packSizeBytes;
  }

  has(type: BlobType, id: string): boolean {
    return this.#options.index.has(type, id) || this.#pending[type].find(id) >= 0;
  }

  /** See `Repository.saveBlob`. @throws what ended an earlier write. */
  async save(type: BlobType, plain: Uint8Array, options?: CallOptions): Promise<SavedBlob> {
    this.#throwIfFailed();
    const id = sha256Hex(plain);
    if (this.has(type, id)) return { id, isNew: false, storedBytes: 0 };
    await this.#uploadSlots.whenFree(options?.signal);
    this.#throwIfFailed();
    // From this look to the mark nothing may be awaited, or two callers would both store the blob.
    if (this.has(type, id)) return { id, isNew: false, storedBytes: 0 };
    this.#pending[type].add(id);
    return { id, isNew: true, storedBytes: await this.#track(this.#store(type, id, plain)) };
  }

  /** See `Repository.moveBlob`. */
  async saveSealed(type: BlobType, blob: SealedBlob, options?: CallOptions): Promise<void> {
    await this.#uploadSlots.whenFree(options?.signal);
    this.#throwIfFailed();
    this.#pending[type].add(blob.id);
    await this.#track(this.#place(type, blob));
  }

  /** See `Repository.compressBlob`. */
  async saveCompressed(type: BlobType, id: string, plain: Uint8Array, options?: CallOptions): Promise<void> {
    const frame = await (await loadZstd()).compress(plain);
    const sealed = this.#options.sealer.seal(frame);
    await this.saveSealed(type, { id, sealed, uncompressedLength: plain.length }, options);
  }

  /**
   * Takes a data blob in that a worker will store: true when it is new, and the caller's from now on.
   * @throws what ended an earlier write.
   */
  claim(id: string): boolean {
    this.#throwIfFailed();
    if (this.has('data', id)) return false;
    this.#pending.data.add(id);
    return true;
  }

  /** Resolves once an upload can begin; what fills packs waits here. @throws INTERRUPTED. */
  async whenFree(signal?: AbortSignal): Promise<void> {
    await this.#uploadSlots.whenFree(signal);
    this.#throwIfFailed();
  }

  /** Uploads and indexes a pack of claimed blobs; its file is removed. */
  takePack(pack: FinishedPack): void {
    const discard = () => rm(pack.filePath, { force: true }).catch(() => {});
    this.#track(this.#upload({ finish: async () => pack, discard })).catch(() => {});
  }

  /** Ends all writing: a claimed blob was lost. */
  fail(error: unknown): void {
    this.#track(Promise.reject(error)).catch(() => {});
  }

  /** See `Repository.flush`. */
  async flush(options?: CallOptions): Promise<void> {
    await this.#settle(options?.signal);
    for (const type of ['data', 'tree'] as const) await this.#closePacks(type);
    await this.#settle(options?.signal);
    await this.#track(this.#writeIndex(this.#stop.signal));
    this.#throwIfFailed();
  }

  /** Stops uploads and drops what was not flushed. */
  async close(): Promise<void> {
    if (!this.#failed) {
      this.#failed = true;
      this.#failure = repositoryClosed();
    }
    this.#stop.abort(this.#failure);
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    const left = [...this.#open.data.splice(0), ...this.#open.tree.splice(0)];
    await Promise.all(left.map((pack) => pack?.discard()));
  }

  async #store(type: BlobType, id: string, plain: Uint8Array): Promise<number> {
    return this.#place(type, await this.#seal(type, id, plain));
  }

  /** @returns its size in the pack, once it is safe to go on feeding. */
  async #place(type: BlobType, blob: SealedBlob): Promise<number> {
    const place = blob.sealed.length >= this.#options.packSizeBytes ? -1 : randomInt(openPacksPerType);
    const pack = this.#open[type][place] ?? new PackWriter(type, this.#options.folder);
    const written = pack.add(blob);
    const isFull = pack.sizeBytes >= this.#options.packSizeBytes || pack.blobCount >= maxBlobsPerPack;
    if (place >= 0) this.#open[type][place] = isFull ? undefined : pack;
    if (isFull) this.#startUpload(pack);
    await written;
    return blob.sealed.length;
  }

  async #seal(type: BlobType, id: string, plain: Uint8Array): Promise<SealedBlob> {
    const { sealer, compressData, compressTrees, verifySealed } = this.#options;
    const compress = plain.length > 0 && (type === 'tree' ? compressTrees : compressData);
    const frame = compress ? await (await loadZstd()).compress(plain) : plain;
    // A header entry of a compressed blob is four bytes longer; what does not shrink is kept plain.
    const isSmaller = compress && frame.length + 4 < plain.length;
    const sealed = sealer.seal(isSmaller ? frame : plain);
    if (verifySealed) await verify(id, sealer.open(sealed), isSmaller ? plain.length : 0);
    return { id, sealed, uncompressedLength: isSmaller ? plain.length : 0 };
  }

  /** Ends the open packs of a type; the rests of two that fit in one pack become one. */
  async #closePacks(type: BlobType): Promise<void> {
    const packs = this.#open[type].splice(0).filter((pack) => pack !== undefined);
    const total = packs.reduce((sum, pack) => sum + pack.sizeBytes, 0);
    const [first, ...others] = packs;
    if (first === undefined) return;
    if (total <= this.#options.packSizeBytes) {
      for (const other of others.splice(0)) await this.#track(first.absorb(other));
    }
    for (const pack of [first, ...others]) this.#startUpload(pack);
  }

  #startUpload(pack: PackWriter): void {
    this.#track(this.#upload(pack)).catch(() => {});
  }

  async #upload(pack: Pick<PackWriter, 'finish' | 'discard'>): Promise<void> {
    const { bucket, index, log, sealer } = this.#options;
    const signal = this.#stop.signal;
    try {
      await this.#uploadSlots.take(signal);
      try {
        const { packId, filePath, sizeBytes, blobs } = await pack.finish(sealer);
        throwIfAborted(signal);
        // Trees are read at every run; file contents only when something is restored.
        const [first] = blobs;
        const kind = first?.type === 'data' ? 'cold' : 'hot';
        await bucket.putFile(keyOf('pack', packId), filePath, sizeBytes, { signal, kind, mayMove: true });
        await rm(filePath, { force: true });
        index.addPack(packId, blobs);
        this.#unindexed.push({ packId, blobs });
        this.#unindexedBlobs += blobs.length;
        this.#unindexedBytes += sizeBytes;
        for (const { type, id } of blobs) this.#pending[type].delete(id);
        log.debug('pack stored', { packId, sizeBytes, blobs: blobs.length });
      } finally {
        this.#uploadSlots.release();
      }
      if (this.#isIndexDue()) await this.#writeIndex(signal);
    } finally {
      await pack.discard();
    }
  }

  #isIndexDue(): boolean {
    return (
      this.#unindexedBlobs >= indexBlobLimit ||
      this.#unindexedBytes >= indexByteLimit ||
      this.#options.clock.monotonicMs() - this.#indexedAtMs >= this.#options.indexEveryMs
    );
  }

  async #writeIndex(signal: AbortSignal): Promise<void> {
    const packs = this.#unindexed;
    if (packs.length === 0) return;
    this.#unindexed = [];
    this.#unindexedBlobs = 0;
    this.#unindexedBytes = 0;
    this.#indexedAtMs = this.#options.clock.monotonicMs();
    const id = await this.#options.files.save('index', encodeIndex(packs), { signal });
    this.#options.log.debug('index stored', { id, packs: packs.length });
  }

  /** Keeps count of work under way; its failure ends all writing. */
  async #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } catch (error) {
      if (!this.#failed) {
        this.#failed = true;
        this.#failure = error;
        this.#stop.abort(error);
      }
      throw this.#failure;
    } finally {
      this.#underWay.delete(work);
    }
  }

  /** Waits until nothing is under way. @throws INTERRUPTED, or what ended the writing. */
  async #settle(signal: AbortSignal | undefined): Promise<void> {
    while (this.#underWay.size > 0) await untilAborted(Promise.allSettled(this.#underWay), signal);
    throwIfAborted(signal);
    this.#throwIfFailed();
  }

  #throwIfFailed(): void {
    if (this.#failed) throw this.#failure;
  }
}

/** @throws SEAL_VERIFICATION when the sealed blob does not lead back to its id. */
async function verify(id: string, opened: Uint8Array | undefined, plainSize: number): Promise<void> {
  const plain =
    opened === undefined || plainSize === 0 ? opened : await (await loadZstd()).decompress(opened, plainSize);
  if (plain === undefined || sha256Hex(plain) !== id) throw sealVerificationFailed(id);
}
