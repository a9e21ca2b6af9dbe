/**
 * Gathers small files into batches for the engine and lets large ones go by themselves. Bounded: the
 * walk waits in `whenRoom` when enough is under way.
 */
import { Slots } from '../../core/bounded.js';
import type { Engine } from '../engine/engine.js';
import type { FileReading } from '../engine/readings.js';

/** Up to here a file is read whole, with others, bytes. */
const smallBytes = 2 * 1024 * 1024;
const batchBytes = 2 * 1024 * 1024;
const batchFiles = 128;
/** Batches and large files that may wait for a worker, for each worker. */
const waitingPerWorker = 3;

interface Waiting {
  /** As latin1. */
  readonly path: string;
  readonly resolve: (reading: FileReading) => void;
  readonly reject: (error: unknown) => void;
  readonly onBytes: (sizeBytes: number) => void;
}

export class FileQueue {
  readonly #engine: Engine;
  readonly #largeSlots: Slots;
  readonly #room: Slots;
  #batch: Waiting[] = [];
  #batchBytes = 0;
  #starts = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#largeSlots = new Slots(engine.workers);
    this.#room = new Slots(engine.workers * waitingPerWorker);
  }

  /**
   * Resolves when the file was read and its chunks are taken in. `onBytes` is told what was read.
   * @throws what ends all writing.
   */
  read(path: Buffer, sizeBytes: bigint, onBytes: (sizeBytes: number) => void): Promise<FileReading> {
    return new Promise((resolve, reject) => {
      const file: Waiting = { path: path.toString('latin1'), resolve, reject, onBytes };
      if (sizeBytes > smallBytes) this.#start(() => this.#readLarge(file));
      else this.#add(file, Number(sizeBytes));
    });
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

  #add(file: Waiting, sizeBytes: number): void {
    if (this.#batchBytes + sizeBytes > batchBytes) this.flush();
    this.#batch.push(file);
    this.#batchBytes += sizeBytes;
    if (this.#batch.length >= batchFiles) this.flush();
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

  async #readBatch(files: readonly Waiting[]): Promise<void> {
    try {
      const readings = await this.#engine.readWhole(files.map(({ path }) => path));
      for (const [at, file] of files.entries()) this.#settle(file, readings[at] as FileReading);
    } catch (error) {
      for (const { reject } of files) reject(error);
    }
  }

  #settle(file: Waiting, reading: FileReading): void {
    if (reading.kind === 'tooLarge') {
      this.#start(() => this.#readLarge(file));
      return;
    }
    if (reading.kind === 'read') file.onBytes(reading.sizeBytes);
    file.resolve(reading);
  }

  async #readLarge(file: Waiting): Promise<void> {
    await this.#largeSlots.take();
    try {
      file.resolve(await this.#engine.readLarge(file.path, file.onBytes));
    } catch (error) {
      file.reject(error);
    } finally {
      this.#largeSlots.release();
    }
  }
}
