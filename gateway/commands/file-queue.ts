/**
 * Gathers small files into batches for the engine and lets large ones go by themselves. Bounded: the
 * walk waits in `whenRoom` when enough is under way.
 */
import { Slots } from '../../core/bounded.js';
import type { Engine } from '../engine/engine.js';
import type { FileReading } from '../engine/readings.js';
import { mostFiles } from '../engine/slot.js';

/** Up to here a file is read whole, with others, bytes. */
const smallBytes = 2 * 1024 * 1024;
const batchBytes = 2 * 1024 * 1024;
/** Batches and large files that may wait for a worker, for each worker. */
const waitingPerWorker = 3;

/** A file that is to be read. There is one for each, so that it is one object and no promise. */
export interface QueuedFile {
  /** As latin1. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Its node is wanted, too. */
  readonly describes: boolean;
  /** So many bytes more were read. */
  tookBytes(sizeBytes: number): void;
  /** It was read, and its chunks are taken in. */
  took(reading: FileReading): void;
  /** All writing has ended. */
  failed(error: unknown): void;
}

export class FileQueue {
  readonly #engine: Engine;
  readonly #largeSlots: Slots;
  readonly #room: Slots;
  #batch: QueuedFile[] = [];
  #batchBytes = 0;
  #starts = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#largeSlots = new Slots(engine.workers);
    this.#room = new Slots(engine.workers * waitingPerWorker);
  }

  add(file: QueuedFile): void {
    if (file.sizeBytes > smallBytes) this.#start(() => this.#readLarge(file));
    else this.#addSmall(file);
  }

  /** Sends the batch that was begun. */
  flush(): void {
    const files = this.#batch;
    if (files.length === 0) return;
    this.#batch = [];
    this.#batchBytes = 0;
    this.#start(() => this.#readBatch(files));
  }

  get isFull(): boolean {
    return this.#starts >= this.#engine.workers * waitingPerWorker;
  }

  /** Resolves when more may be brought. */
  async whenRoom(): Promise<void> {
    await this.#room.whenFree();
  }

  #addSmall(file: QueuedFile): void {
    const isOther = this.#batch[0]?.describes === !file.describes;
    if (isOther || this.#batchBytes + file.sizeBytes > batchBytes) this.flush();
    this.#batch.push(file);
    this.#batchBytes += file.sizeBytes;
    if (this.#batch.length >= mostFiles) this.flush();
  }

  #start(work: () => Promise<void>): void {
    this.#starts += 1;
    const taken = this.#room.take();
    // Failures reach those who wait for the files.
    taken
      .then(work)
      .catch(() => {})
      .finally(() => {
        this.#starts -= 1;
        this.#room.release();
      });
  }

  async #readBatch(files: readonly QueuedFile[]): Promise<void> {
    const describes = files[0]?.describes === true;
    let readings: FileReading[];
    try {
      const paths = files.map(({ path }) => path);
      readings = await this.#engine.readWhole(paths, describes);
    } catch (error) {
      for (const file of files) file.failed(error);
      return;
    }
    for (const [at, file] of files.entries()) this.#settle(file, readings[at] as FileReading);
  }

  #settle(file: QueuedFile, reading: FileReading): void {
    if (reading.kind === 'tooLarge') {
      this.#start(() => this.#readLarge(file));
      return;
    }
    try {
      if (reading.kind === 'read') file.tookBytes(reading.sizeBytes);
      file.took(reading);
    } catch (error) {
      file.failed(error);
    }
  }

  async #readLarge(file: QueuedFile): Promise<void> {
    await this.#largeSlots.take();
    try {
      file.took(await this.#engine.readLarge(file.path, (sizeBytes) => file.tookBytes(sizeBytes)));
    } catch (error) {
      file.failed(error);
    } finally {
      this.#largeSlots.release();
    }
  }
}
