/**
 * Records of blobs by number, twelve words each: eight of the id, then owner, offset, length and
 * plain length. A small repository's stay in memory; beyond that they go to a file without a name,
 * where reading one is a call into the page cache. Records are never changed.
 */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export const recordWords = 12;
const recordBytes = recordWords * 4;
const recordsPerChunk = 65_536;
/** Read from the file in one go. */
const recordsPerRead = 8192;
const chunkBytes = recordsPerChunk * recordBytes;
/** 12 MiB. */
const defaultMemoryChunks = 4;

export interface BlobRecordsOptions {
  /** For the file; without it all stays in memory. */
  readonly folder?: string;
  /** Records held in memory before the file is begun, rounded up to 65,536. */
  readonly memoryRecords?: number;
}

export class BlobRecords {
  count = 0;
  /** Where `seek` found the record: its words begin at `at` in `words`. Valid until the next call. */
  words = new Uint32Array(recordWords);
  at = 0;
  readonly #folder: string | undefined;
  readonly #memoryChunks: number;
  /** Records from number `#filed` on. */
  #chunks: Uint32Array<ArrayBuffer>[] = [];
  #filed = 0;
  #file: number | undefined;
  readonly #read = new Uint32Array(recordWords);
  readonly #readBytes = Buffer.from(this.#read.buffer);

  constructor(options: BlobRecordsOptions = {}) {
    this.#folder = options.folder;
    const { memoryRecords } = options;
    this.#memoryChunks =
      memoryRecords === undefined ? defaultMemoryChunks : Math.ceil(memoryRecords / recordsPerChunk);
  }

  /** @returns the number of the new record. @throws system errors when the disk is full. */
  append(id: Uint32Array, owner: number, offset: number, length: number, plainLength: number): number {
    const place = (this.count - this.#filed) % recordsPerChunk;
    if (place === 0) this.#nextChunk();
    const words = this.#chunks.at(-1) as Uint32Array;
    const at = place * recordWords;
    words.set(id, at);
    words[at + 8] = owner;
    words[at + 9] = offset;
    words[at + 10] = length;
    words[at + 11] = plainLength;
    return this.count++;
  }

  /** Finds a record: see `words` and `at`. */
  seek(number: number): void {
    const inMemory = number - this.#filed;
    if (inMemory >= 0) {
      this.words = this.#chunks[Math.floor(inMemory / recordsPerChunk)] as Uint32Array<ArrayBuffer>;
      this.at = (inMemory % recordsPerChunk) * recordWords;
      return;
    }
    readSync(this.#file as number, this.#readBytes, 0, recordBytes, number * recordBytes);
    this.words = this.#read;
    this.at = 0;
  }

  /** Calls back with each run of records in order; `words` is used again after each call. */
  scan(from: number, count: number, take: (words: Uint32Array, first: number, count: number) => void): void {
    const end = from + count;
    let next = from;
    let buffer: Uint32Array<ArrayBuffer> | undefined;
    while (next < end && next < this.#filed) {
      const some = Math.min(recordsPerRead, end - next, this.#filed - next);
      buffer ??= new Uint32Array(some * recordWords);
      const bytes = Buffer.from(buffer.buffer, 0, some * recordBytes);
      readSync(this.#file as number, bytes, 0, bytes.length, next * recordBytes);
      take(buffer, next, some);
      next += some;
    }
    while (next < end) {
      const place = (next - this.#filed) % recordsPerChunk;
      const some = Math.min(recordsPerChunk - place, end - next);
      const words = this.#chunks[Math.floor((next - this.#filed) / recordsPerChunk)] as Uint32Array;
      take(words.subarray(place * recordWords, (place + some) * recordWords), next, some);
      next += some;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #nextChunk(): void {
    const isRoom = this.#folder === undefined || this.#chunks.length < this.#memoryChunks;
    if (this.#file !== undefined || !isRoom) this.#spill();
    if (this.#file !== undefined && this.#chunks.length > 0) return;
    this.#chunks.push(new Uint32Array(chunkBytes / 4));
  }

  /** Every full chunk goes to the file; the last one's memory is used again. */
  #spill(): void {
    this.#file ??= openNameless(join(this.#folder as string, 'blob-records'));
    for (const chunk of this.#chunks) {
      writeWhole(this.#file, Buffer.from(chunk.buffer), this.#filed * recordBytes);
      this.#filed += recordsPerChunk;
    }
    this.#chunks = this.#chunks.slice(-1);
  }
}

/** The file goes with the process, however that ends. */
function openNameless(path: string): number {
  const file = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return file;
}

function writeWhole(file: number, bytes: Buffer, position: number): void {
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(file, bytes, at, bytes.length - at, position + at);
  }
}
