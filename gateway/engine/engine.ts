/**
 * Reads files and stores their content on all cores. The main thread hands out work and decides what
 * is new; workers read, cut, hash, compress, seal and pack. Contents lie in a few slots of shared
 * memory, which bound what is under way. Workers start when there is work for them.
 */
import type { Closeable } from '../../core/lifecycle.js';
import type { Sealer } from '../repository/crypto.js';
import type { FinishedPack } from '../repository/pack-writer.js';
import { mergePacks } from './pack-merge.js';
import type { Chunks, JobRequest, ReadReply, WorkerSettings } from './protocol.js';
import { type FileReading, idsOf, readingsOf } from './readings.js';
import type { TagTable } from './tag-table.js';
import { decodePack, type ReplyTo, WorkerThread } from './worker-thread.js';

const spareSlots = 1;
const idDigits = 64;
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
  /** No chunk is longer, bytes. */
  readonly maxChunkBytes: number;
  /** Takes the tags of what is read; the engine closes it. */
  readonly tags?: TagTable | undefined;
  readonly signal: AbortSignal;
}

export class Engine implements Closeable {
  readonly #options: EngineOptions;
  readonly #threads: WorkerThread[] = [];
  readonly #freeSlots: SharedArrayBuffer[] = [];
  readonly #waiting: { resolve(slot: SharedArrayBuffer): void; reject(error: unknown): void }[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #slots = 0;
  #files = 0;
  #ended: { readonly reason: unknown } | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** How many large files are worth reading at once. */
  get workers(): number {
    return this.#options.workers;
  }

  /**
   * Reads whole files and stores what is new. Resolves, in the order of `paths`, when their chunks
   * are taken in; a file that has become too large for that is `tooLarge`.
   * @param paths as latin1. @throws what ends all writing.
   */
  async readWhole(paths: readonly string[]): Promise<FileReading[]> {
    const slot = await this.#takeSlot();
    const weight = paths.length * smallFileWeight;
    const thread = this.#idlest();
    const reply = await this.#run(thread, slot, { type: 'read', slot, paths: paths.join('\0') }, weight);
    this.#options.tags?.add(reply.tagRecords);
    await this.#storeNew(slot, reply.chunks, thread);
    return readingsOf(reply);
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
    first: SharedArrayBuffer,
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
      const [reading] = readingsOf(reply);
      if (reading?.kind !== 'read') {
        this.#giveSlot(slot);
        await Promise.all(contents);
        return reading ?? { kind: 'gone' };
      }
      sizeBytes += reading.sizeBytes;
      onPiece(reading.sizeBytes);
      this.#options.tags?.add(reply.tagRecords);
      // While this thread reads on, the others hash and store; slots bound how far it gets ahead of them.
      const content = this.#takePiece(slot, reply, path, thread);
      content.catch(() => {}); // Seen in the end, or before that by whoever asks for a slot.
      contents.push(content);
      if (!reply.goesOn) return { ...reading, content: (await Promise.all(contents)).flat(), sizeBytes };
    }
  }

  /** Stores what is new of a piece. @returns ids of its chunks. */
  async #takePiece(
    slot: SharedArrayBuffer,
    reply: ReadReply,
    path: string,
    reader: WorkerThread,
  ): Promise<readonly string[]> {
    try {
      const chunks = await this.#hashRest(slot, reply, path, reader);
      await this.#storeNew(slot, chunks, reader);
      return idsOf(chunks);
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
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended.reason);
    await Promise.all(this.#threads.splice(0).map((thread) => thread.close()));
    await Promise.allSettled(this.#underWay);
    await this.#options.tags?.close();
  }

  /** Of one large file one thread can hash while another reads on. */
  async #hashRest(
    slot: SharedArrayBuffer,
    { chunks, unhashed }: ReadReply,
    path: string,
    reader: WorkerThread,
  ): Promise<Chunks> {
    if (unhashed.length === 0) return chunks;
    const places = unhashed.filter((_, at) => at % 3 === 0);
    const offsets = places.map((place) => chunks.offsets[place] as number);
    const lengths = places.map((place) => chunks.lengths[place] as number);
    const weight = lengths.reduce((sum, length) => sum + length, 0);
    const job = { type: 'hash', slot, path, offsets, lengths, unhashed } as const;
    const hashed = await this.#run(this.#idlest(reader), slot, job, weight);
    this.#options.tags?.add(hashed.tagRecords);
    const ids = idsOf(chunks);
    for (const [at, id] of idsOf(hashed.chunks).entries()) ids[places[at] as number] = id;
    return { ...chunks, ids: ids.join('') };
  }

  /** Claims the new chunks and has them stored; the slot is free again after that. */
  async #storeNew(slot: SharedArrayBuffer, chunks: Chunks, reader: WorkerThread): Promise<void> {
    const { target, signal } = this.#options;
    let wanted: Chunks;
    try {
      if (target.stores) await target.whenFree(signal);
      wanted = this.#claim(chunks);
    } catch (error) {
      this.#giveSlot(slot);
      throw error;
    }
    if (wanted.offsets.length === 0 || !target.stores) {
      this.#giveSlot(slot);
      return;
    }
    const storing = this.#store(slot, wanted, reader).finally(() => this.#underWay.delete(storing));
    this.#underWay.add(storing);
    storing.catch(() => {}); // Seen by the next caller and by `finish`.
  }

  async #store(slot: SharedArrayBuffer, chunks: Chunks, reader: WorkerThread): Promise<void> {
    const bytes = chunks.lengths.reduce((sum, length) => sum + length, 0);
    const thread = this.#idlest(reader);
    const weight = bytes * storingWeight;
    const { storedBytes } = await this.#run(thread, slot, { type: 'store', slot, chunks }, weight);
    this.#options.target.stored(storedBytes);
    this.#giveSlot(slot);
  }

  #claim({ ids, offsets, lengths }: Chunks): Chunks {
    const { target } = this.#options;
    const wanted: number[] = [];
    let wantedIds = '';
    for (let at = 0; at < offsets.length; at++) {
      const id = ids.slice(at * idDigits, (at + 1) * idDigits);
      if (!target.claim(id, lengths[at] as number)) continue;
      wanted.push(at);
      wantedIds += id;
    }
    return {
      ids: wantedIds,
      offsets: Uint32Array.from(wanted, (at) => offsets[at] as number),
      lengths: Uint32Array.from(wanted, (at) => lengths[at] as number),
    };
  }

  /** A failure here may have lost a claimed chunk: it ends all writing. */
  async #run<R extends JobRequest>(
    thread: WorkerThread,
    slot: SharedArrayBuffer,
    request: R,
    weight: number,
  ): Promise<ReplyTo<R>> {
    thread.load += weight;
    try {
      return await thread.run(request);
    } catch (error) {
      this.#giveSlot(slot);
      throw this.#end(error);
    } finally {
      thread.load -= weight;
    }
  }

  #end(error: unknown): unknown {
    if (this.#ended === undefined) {
      this.#ended = { reason: error };
      this.#options.target.fail(error);
      for (const { reject } of this.#waiting.splice(0)) reject(error);
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

  async #takeSlot(): Promise<SharedArrayBuffer> {
    this.#throwIfEnded();
    const free = this.#freeSlots.pop();
    if (free !== undefined) return free;
    if (this.#slots < this.#options.workers + spareSlots) {
      if (this.#threads.length < Math.min(this.#slots + 1, this.#options.workers)) this.#startThread();
      this.#slots += 1;
      return new SharedArrayBuffer(this.#options.maxChunkBytes);
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #giveSlot(slot: SharedArrayBuffer): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#freeSlots.push(slot);
    else next.resolve(slot);
  }

  #startThread(): void {
    const { settings, target } = this.#options;
    this.#threads.push(WorkerThread.start(settings, (pack) => target.takePack(pack)));
  }

  #throwIfEnded(): void {
    if (this.#ended !== undefined) throw this.#ended.reason;
  }
}
