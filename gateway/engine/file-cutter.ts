/** Cuts a file that comes in pieces: chunks that are known from an earlier reading are taken as they are. */
import { Chunker } from '../chunker/chunker.js';
import type { ChunkerParameters } from '../chunker/parameters.js';
import type { KnownChunks } from './content-tags.js';

/** Where chunks go. */
export interface ChunkTaker {
  known(id: string, start: number, sizeBytes: number): void;
  /** A chunk that is still to be hashed. @param number among the file's chunks. @param isLast the file's end cut it. */
  unknown(content: Uint8Array, start: number, number: number, isLast: boolean): void;
  /** Takes in a tag's record, which does not stay as it is. */
  record(record: Uint8Array): void;
}

export class FileCutter {
  readonly #chunker: Chunker;
  readonly #maxSizeBytes: number;
  #known: KnownChunks | undefined;
  #number = 0;
  /** Bytes of the open chunk that the chunker has taken in. */
  #scanned = 0;

  constructor(parameters: ChunkerParameters) {
    this.#chunker = new Chunker(parameters);
    this.#maxSizeBytes = parameters.maxSizeBytes;
  }

  /** Begins a file. */
  begin(known: KnownChunks | undefined): void {
    this.#known = known;
    this.#number = 0;
    this.#scanned = 0;
    this.#chunker.reset();
  }

  /**
   * Cuts what is there of the file. @param open where in `data` the chunk begins that is not cut yet.
   * @param isEnd nothing follows. @returns where the then open chunk begins.
   */
  cut(data: Buffer, open: number, isEnd: boolean, taker: ChunkTaker): number {
    let start = open;
    while (start < data.length) {
      const end = this.#takeKnown(data, start, isEnd, taker) ?? this.#cutNext(data, start, isEnd, taker);
      if (end < 0) break;
      start = end;
    }
    return start;
  }

  /** @returns the known chunk's end, -1 when that takes more data, undefined when none is known. */
  #takeKnown(data: Buffer, start: number, isEnd: boolean, taker: ChunkTaker): number | undefined {
    const known = this.#known;
    const sizeBytes = known?.expectedBytes ?? 0;
    if (known === undefined || sizeBytes === 0) return undefined;
    const there = data.length - start;
    const needed = known.endsFile ? sizeBytes + 1 : sizeBytes;
    // A damaged record must not have a file wait for more than there is room for.
    if (!isEnd && there < needed && needed <= this.#maxSizeBytes) return -1;
    if (there < sizeBytes || (known.endsFile && there !== sizeBytes)) {
      known.lose();
      return undefined;
    }
    const content = data.subarray(start, start + sizeBytes);
    const id = known.take(content, this.#number, (record) => taker.record(record));
    if (id === undefined) return undefined;
    this.#number += 1;
    taker.known(id, start, sizeBytes);
    return start + sizeBytes;
  }

  #cutNext(data: Buffer, start: number, isEnd: boolean, taker: ChunkTaker): number {
    let end = this.#chunker.nextCut(data, start + this.#scanned);
    if (end < 0 && !isEnd) {
      this.#scanned = data.length - start;
      return -1;
    }
    const isLast = end < 0 && data.length - start < this.#maxSizeBytes;
    if (end < 0) {
      end = data.length;
      this.#chunker.reset();
    }
    this.#scanned = 0;
    const content = data.subarray(start, end);
    const id = isLast
      ? undefined
      : this.#known?.meet(content, this.#number, (record) => taker.record(record));
    if (id === undefined) taker.unknown(content, start, this.#number, isLast);
    else taker.known(id, start, content.length);
    this.#number += 1;
    return end;
  }
}
