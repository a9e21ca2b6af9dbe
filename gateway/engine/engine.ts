/**
 * Reads files and stores their content on all cores. The main thread hands out work and decides what
 * is new; workers read, cut, hash, compress, seal and pack. Contents lie in a few slots of shared
 * memory, which bound what is under way. Workers start when there is work for them.
 */
import type { Closeable } from '../../core/lifecycle.js';
import type { Sealer } from '../repository/crypto.js';
import type { FinishedPack } from '../repository/pack-writer.js';
import { mergePacks } from './pack-merge.js';
import type { JobRequest, ReadReply, WorkerSettings } from './protocol.js';
import { type FileReading, idsOf, readingsOf } from './readings.js';
import { chunkMark } from './slot.js';
import { SlotPool } from './slot-pool.js';
import type { TagTable } from './tag-table.js';
import { decodePack, type ReplyTo, WorkerThread } from './worker-thread.js';

const spareSlots = 1;
/** Loads are in bytes to read and hash; storing a new byte takes about this much more. */
const storingWeight = 1.5;
const pieceWeight = 2_000_000;
const smallFileWeight = 20_000;

/** Where new chunks and packs go; the writing half of the repository, or a pretence of it. */
export interface EngineTarget {
  /** True when the chunk is new and is to be stored. @throws what ended an earlier write. */
  claim(id: string, sizeBytes: number): boolean;
  /** False in a dry run: nothing is packed. */
  readonly stores: boolean;
  /** Resolves when more may be packed. */
  whenFree(signal: AbortSignal): Promise<void>;
  takePack(pack: FinishedPack): void;
  stored(sizeBytes: number): void;
  fail(error: unknown): void;
}

export interface EngineOptions {
  readonly settings: WorkerSettings;
  readonly sealer: Sealer;
  readonly target: EngineTarget;
  /** Most worker threads. */
  readonly workers: number;
  /** Takes the tags of what is read; the engine closes it. */
  readonly tags?: TagTable | undefined;
  /** Takes records of small files that were read and described, once their chunks are taken in. */
  readonly keepRecords?: ((records: Uint8Array) => void) | undefined;
  readonly signal: AbortSignal;
}

export class Engine implements Closeable {
  readonly #options: EngineOptions;
  readonly #threads: WorkerThread[] = [];
  readonly #slots: SlotPool;
  readonly #underWay = new Set<Promise<void>>();
  #files = 0;
  #ended: { readonly reason: unknown } | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#slots = new SlotPool(options.settings.slots, options.workers + spareSlots);
  }

  /** How many large files are worth reading at once. */
  get workers(): number {
    return this.#options.workers;
  }

  /**
   * Reads whole files and stores what is new. Resolves, in the order of `paths`, when their chunks
   * are taken in; a file that has become too large for that is `tooLarge`.
   * @param paths as latin1, `mostFiles` at most. @param describes make their nodes, too.
   * @throws what ends all writing.
   */
  async readWhole(paths: readonly string[], describes: boolean): Promise<FileReading[]> {
    const slot = await this.#takeSlot();
    const weight = paths.length * smallFileWeight;
    const thread = this.#idlest();
    const job = { type: 'read', slot, paths: paths.join('\0'), describes } as const;
    const reply = await this.#run(thread, slot, job, weight);
    this.#keepTags(slot, reply);
    await this.#whenFree(slot);
    const shared = this.#slots.at(slot);
    const ids = idsOf(shared, reply.chunks);
    const store = this.#claim(slot, ids);
    const readings = readingsOf(shared, paths.length, ids, reply.faults);
    if (reply.fileRecordBytes > 0)
      this.#options.keepRecords?.(shared.fileRecords.subarray(0, reply.fileRecordBytes));
    store(thread);
    return readings;
  }

  /**
   * Reads one file of any size piece by piece.
   * @param onPiece is told how many bytes each piece had. @throws what ends all writing.
   */
  async readLarge(path: string, onPiece: (sizeBytes: number) => void): Promise<FileReading> {
    const slot = await this.#takeSlot();
    const thread = this.#idlest();
    // All the time there is a piece to read: what the others can do is theirs.
    thread.load += pieceWeight;
    try {
      return await this.#readPieces(slot, path, thread, onPiece);
    } finally {
      thread.load -= pieceWeight;
    }
  }

  async #readPieces(
    first: number,
    path: string,
    thread: WorkerThread,
    onPiece: (sizeBytes: number) => void,
  ): Promise<FileReading> {
    const piece = { type: 'piece', file: ++this.#files, path } as const;
    const contents: Promise<readonly string[]>[] = [];
    let sizeBytes = 0;
    for (let slot = first; ; slot = await this.#takeSlot()) {
      // A thread that has nothing else to do can hash; else the bytes are best hashed where they were read.
      const hashes = this.#threads.every((other) => other === thread || other.load > 0);
      const reply = await this.#run(thread, slot, { ...piece, hashes, slot }, 0);
      const [reading] = readingsOf(this.#slots.at(slot), 1, [], reply.faults);
      if (reading?.kind !== 'read') {
        this.#slots.give(slot);
        await Promise.all(contents);
        return reading ?? { kind: 'gone' };
      }
      sizeBytes += reading.sizeBytes;
      onPiece(reading.sizeBytes);
      this.#keepTags(slot, reply);
      // While this thread reads on, the others hash and store; slots bound how far it gets ahead of them.
      const content = this.#takePiece(slot, reply, path, thread);
      content.catch(() => {}); // Seen in the end, or before that by whoever asks for a slot.
      contents.push(content);
      if (!reply.goesOn) return { ...reading, content: (await Promise.all(contents)).flat(), sizeBytes };
    }
  }

  /** Stores what is new of a piece. @returns ids of its chunks. */
  async #takePiece(
    slot: number,
    reply: ReadReply,
    path: string,
    reader: WorkerThread,
  ): Promise<readonly string[]> {
    try {
      await this.#hashRest(slot, reply, path, reader);
      await this.#whenFree(slot);
      const ids = idsOf(this.#slots.at(slot), reply.chunks);
      this.#claim(slot, ids)(reader);
      return ids;
    } catch (error) {
      throw this.#end(error);
    }
  }

  /** Waits for all work and hands over the packs that are still open. */
  async finish(): Promise<void> {
    const { target, settings, sealer } = this.#options;
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    this.#throwIfEnded();
    try {
      const replies = await Promise.all(this.#threads.map((thread) => thread.run({ type: 'finish' })));
      const packs = replies.flatMap(({ packs: open }) => open.map(decodePack));
      for (const pack of await mergePacks(packs, settings.packSizeBytes, settings.folder, sealer)) {
        target.takePack(pack);
      }
    } catch (error) {
      throw this.#end(error);
    }
  }

  /** Stops all work, also what is half done. */
  async close(): Promise<void> {
    this.#ended ??= { reason: new Error('the engine was closed') };
    this.#slots.rejectWaiting(this.#ended.reason);
    await Promise.all(this.#threads.splice(0).map((thread) => thread.close()));
    await Promise.allSettled(this.#underWay);
    await this.#options.tags?.close();
  }

  /** Of one large file one thread can hash while another reads on. */
  async #hashRest(slot: number, { chunks }: ReadReply, path: string, reader: WorkerThread): Promise<void> {
    const weight = this.#slots.at(slot).bytesOf(chunks, chunkMark.unhashed);
    if (weight === 0) return;
    const job = { type: 'hash', slot, path, chunks } as const;
    this.#keepTags(slot, await this.#run(this.#idlest(reader), slot, job, weight));
  }

  #keepTags(slot: number, { tagRecordBytes }: ReadReply): void {
    this.#options.tags?.add(this.#slots.at(slot).tagRecords.subarray(0, tagRecordBytes));
  }

  /** @throws what ends all writing; the slot is free again then. */
  async #whenFree(slot: number): Promise<void> {
    const { target, signal } = this.#options;
    try {
      if (target.stores) await target.whenFree(signal);
    } catch (error) {
      this.#slots.give(slot);
      throw error;
    }
  }

  /**
   * Claims the new chunks. @returns what starts to store them, for the caller who is done with the slot: it is free
   * again after that. @throws what ends all writing.
   */
  #claim(slot: number, ids: readonly string[]): (reader: WorkerThread) => void {
    const { target } = this.#options;
    const shared = this.#slots.at(slot);
    try {
      for (const [chunk, id] of ids.entries()) {
        const isNew = target.claim(id, shared.lengths[chunk] as number);
        shared.marks[chunk] = isNew ? chunkMark.wanted : 0;
      }
    } catch (error) {
      this.#slots.give(slot);
      throw error;
    }
    return (reader) => {
      const bytes = target.stores ? shared.bytesOf(ids.length, chunkMark.wanted) : 0;
      if (bytes === 0) {
        this.#slots.give(slot);
        return;
      }
      const storing = this.#store(slot, ids.length, bytes, reader).finally(() =>
        this.#underWay.delete(storing),
      );
      this.#underWay.add(storing);
      storing.catch(() => {}); // Seen by the next caller and by `finish`.
    };
  }

  async #store(slot: number, chunks: number, bytes: number, reader: WorkerThread): Promise<void> {
    const job = { type: 'store', slot, chunks } as const;
    const { storedBytes } = await this.#run(this.#idlest(reader), slot, job, bytes * storingWeight);
    this.#options.target.stored(storedBytes);
    this.#slots.give(slot);
  }

  /** A failure here may have lost a claimed chunk: it ends all writing. */
  async #run<R extends JobRequest>(
    thread: WorkerThread,
    slot: number,
    request: R,
    weight: number,
  ): Promise<ReplyTo<R>> {
    thread.load += weight;
    try {
      return await thread.run(request);
    } catch (error) {
      this.#slots.give(slot);
      throw this.#end(error);
    } finally {
      thread.load -= weight;
    }
  }

  #end(error: unknown): unknown {
    if (this.#ended === undefined) {
      this.#ended = { reason: error };
      this.#options.target.fail(error);
      this.#slots.rejectWaiting(error);
    }
    return this.#ended.reason;
  }

  /** The thread with the least to do; `preferred` when it is not busier than the others. */
  #idlest(preferred?: WorkerThread): WorkerThread {
    let best = preferred ?? this.#threads[0];
    for (const thread of this.#threads) if (best === undefined || thread.load < best.load) best = thread;
    if (best === undefined) throw new Error('no worker thread was started');
    return best;
  }

  async #takeSlot(): Promise<number> {
    this.#throwIfEnded();
    return this.#slots.take((slot) => {
      if (this.#threads.length < Math.min(slot + 1, this.#options.workers)) this.#startThread(slot);
      for (const thread of this.#threads) thread.share(slot, this.#slots.at(slot).memory);
    });
  }

  /** @param known how many slots it is told of at once. */
  #startThread(known: number): void {
    const { settings, target } = this.#options;
    const thread = WorkerThread.start(settings, (pack) => target.takePack(pack));
    for (const [slot, { memory }] of this.#slots.slots.slice(0, known).entries()) thread.share(slot, memory);
    this.#threads.push(thread);
  }

  #throwIfEnded(): void {
    if (this.#ended !== undefined) throw this.#ended.reason;
  }
}
