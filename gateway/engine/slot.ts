/**
 * Memory that all threads share: contents of files, and beside them what the threads tell each other of these. A
 * message costs by the number of its objects, so that messages hold only counts. A slot belongs to one job at a time.
 */
import { statFields } from '../files/packed-stat.js';
import { recordBytes } from './tag-table.js';

/** Most small files that are read in one job. */
export const mostFiles = 128;
const idBytes = 32;
/** Nodes of so many files have 50 to 100 KB; one without room is described by the main thread. */
const textBytes = 128 * 1024;
const fileRecordBytes = 16 * 1024;

export const fileState = { read: 0, changed: 1, gone: 2, failed: 3, tooLarge: 4 } as const;

/** Bits that tell of a chunk: it is still to be hashed, the file's end cut it, it is to be stored. */
export const chunkMark = { unhashed: 1, endsFile: 2, wanted: 4 } as const;

export interface SlotSizes {
  /** Of the longest chunk, bytes. */
  readonly content: number;
  /** A file's chunks are no shorter, bytes; all but the last. */
  readonly leastChunk: number;
}

export class Slot {
  readonly memory: SharedArrayBuffer;
  readonly content: Buffer;
  /** Of each chunk: its id, where it is in `content`, its number in its file, `chunkMark`s. */
  readonly ids: Buffer;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  readonly numbers: Uint32Array;
  readonly marks: Uint8Array;
  /** Of each file: numbers as it was opened (see `StatList`), bytes read, how many chunks, its `fileState`. */
  readonly stats: BigInt64Array;
  readonly sizes: Float64Array;
  readonly chunkCounts: Uint32Array;
  readonly states: Uint8Array;
  /** Of each file: where its node ends in `texts`; where the one before it ends, when it has none. */
  readonly textEnds: Uint32Array;
  readonly texts: Buffer;
  /** Records for the journal of files that were read. */
  readonly fileRecords: Buffer;
  /** Records for the table of tags, at most one for each chunk. */
  readonly tagRecords: Buffer;

  /** @param memory of `slotBytes`. */
  constructor(memory: SharedArrayBuffer, sizes: SlotSizes) {
    this.memory = memory;
    const chunks = mostChunks(sizes);
    let end = 0;
    const take = (bytes: number) => {
      const at = end;
      end += Math.ceil(bytes / 8) * 8;
      return at;
    };
    const buffer = (bytes: number) => Buffer.from(memory, take(bytes), bytes);
    const words = (count: number) => new Uint32Array(memory, take(4 * count), count);
    this.content = buffer(sizes.content);
    this.ids = buffer(chunks * idBytes);
    this.offsets = words(chunks);
    this.lengths = words(chunks);
    this.numbers = words(chunks);
    this.marks = buffer(chunks);
    this.stats = new BigInt64Array(memory, take(8 * mostFiles * statFields), mostFiles * statFields);
    this.sizes = new Float64Array(memory, take(8 * mostFiles), mostFiles);
    this.chunkCounts = words(mostFiles);
    this.states = buffer(mostFiles);
    this.textEnds = words(mostFiles);
    this.texts = buffer(textBytes);
    this.fileRecords = buffer(fileRecordBytes);
    this.tagRecords = buffer(chunks * recordBytes);
  }

  static create(sizes: SlotSizes): Slot {
    return new Slot(new SharedArrayBuffer(slotBytes(sizes)), sizes);
  }

  idOf(chunk: number): string {
    return this.ids.toString('hex', chunk * idBytes, (chunk + 1) * idBytes);
  }

  /** @param id as hex. */
  putId(chunk: number, id: string): void {
    this.ids.write(id, chunk * idBytes, idBytes, 'hex');
  }

  contentOf(chunk: number): Buffer {
    const start = this.offsets[chunk] as number;
    return this.content.subarray(start, start + (this.lengths[chunk] as number));
  }

  has(chunk: number, mark: number): boolean {
    return ((this.marks[chunk] as number) & mark) !== 0;
  }

  /** Of those of the first chunks that have the mark. */
  bytesOf(chunks: number, mark: number): number {
    let bytes = 0;
    for (let chunk = 0; chunk < chunks; chunk++)
      if (this.has(chunk, mark)) bytes += this.lengths[chunk] as number;
    return bytes;
  }
}

function mostChunks({ content, leastChunk }: SlotSizes): number {
  return mostFiles + Math.ceil(content / leastChunk);
}

function slotBytes(sizes: SlotSizes): number {
  const eachChunk = idBytes + 3 * 4 + 1 + recordBytes;
  const eachFile = 8 * statFields + 8 + 2 * 4 + 1;
  const lists = mostChunks(sizes) * eachChunk + mostFiles * eachFile;
  const padding = 14 * 8;
  return sizes.content + lists + textBytes + fileRecordBytes + padding;
}
