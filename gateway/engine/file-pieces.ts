/**
 * A worker's reading half: files into slots, cut and hashed there. Small files are read whole, many
 * to a slot; a large one piece by piece, each ending with a chunk, the rest carried to the next.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { type ChunkerParameters, resticChunkerParameters } from '../chunker/parameters.js';
import { statFields } from '../files/packed-stat.js';
import type { ContentTags, KnownChunks } from './content-tags.js';
import { FileCutter } from './file-cutter.js';
import type { NodeWriter } from './node-writer.js';
import type { PieceJob, ReadReply } from './protocol.js';
import { fileState } from './slot.js';
import type { SlotWriter } from './slot-writer.js';

/** Not through links, and never waiting for a pipe that took the file's place. */
const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A piece of a large file ends with the first chunk that reaches this far. */
const pieceBytes = 2 * 1024 * 1024;
const readBytes = 1024 * 1024;
/** To look a smaller file's tag up, and to make it, takes as long as to hash it. */
const leastTaggedBytes = 16 * 1024;

const nothing: Buffer = Buffer.alloc(0);

type Piece = Pick<PieceJob, 'file' | 'path' | 'hashes'>;

interface LargeFile {
  readonly file: number;
  /** Of a file as it was opened. */
  readonly numbers: BigInt64Array;
  readonly cutter: FileCutter;
  readonly known: KnownChunks | undefined;
  /** The begun chunk: bytes that the last piece held after its last cut, at the start of `room`. */
  carriedBytes: number;
  room: Buffer;
}

export class FilePieces {
  readonly #parameters: ChunkerParameters;
  readonly #cutter: FileCutter;
  readonly #tags: ContentTags | undefined;
  readonly #large = new Map<number, LargeFile>();
  /** What a file that was read to its end carried its chunks in; the next one's. */
  #spare = nothing;

  /** @param tags of what was read before; without them everything is hashed. */
  constructor(polynomial: bigint, tags: ContentTags | undefined) {
    this.#parameters = resticChunkerParameters(polynomial);
    this.#cutter = new FileCutter(this.#parameters);
    this.#tags = tags;
  }

  /**
   * Reads files whole, in order. One that does not fit into the rest of the slot is `tooLarge`.
   * @param paths as latin1. @param nodes makes the node of each file.
   */
  readWhole(
    list: SlotWriter,
    paths: readonly string[],
    nodes: NodeWriter | undefined,
  ): Omit<ReadReply, 'job'> {
    list.start(paths.length);
    let from = 0;
    paths.forEach((path, at) => {
      from = list.guard(at, () => this.#readOne(list, from, path, at, nodes)) ?? from;
    });
    return list.reply(false);
  }

  /**
   * Reads the next piece of a large file, which closes itself at its end or failure.
   * @param hashes else chunks that are not known are left to be hashed.
   */
  readPiece(list: SlotWriter, { file: number, path, hashes }: Piece): Omit<ReadReply, 'job'> {
    list.start(1, hashes);
    const goesOn = list.guard(0, () => {
      const large = this.#large.get(number) ?? this.#openLarge(number, path, list);
      list.begin(0, large.known);
      try {
        return this.#readOn(large, list);
      } catch (error) {
        this.#closeLarge(number, large);
        throw error;
      }
    });
    const large = this.#large.get(number);
    if (goesOn !== true && large !== undefined) {
      list.numbers.copy(0, large.numbers);
      list.guard(0, () => {
        if (list.numbers.hasChanged(0, large.file)) list.slot.states[0] = fileState.changed;
      });
      this.#closeLarge(number, large);
    }
    return list.reply(goesOn === true);
  }

  /** Hashes what reading left over. @param chunks how many the slot has. */
  hash(list: SlotWriter, path: string, chunks: number): Omit<ReadReply, 'job'> {
    list.hashRest(chunks, this.#tags?.of(path));
    return list.reply(false);
  }

  #readOne(list: SlotWriter, from: number, path: string, at: number, nodes: NodeWriter | undefined): number {
    const { content, states, sizes } = list.slot;
    const pathBytes = Buffer.from(path, 'latin1');
    const file = openFile(pathBytes, list);
    try {
      list.numbers.take(at, file);
      const end = fill(file, content, from, list.numbers.sizeOf(at), list);
      if (end < 0) {
        states[at] = fileState.tooLarge;
        return from;
      }
      const known = end - from < leastTaggedBytes ? undefined : this.#tags?.of(path);
      list.begin(at, known);
      if (end > from) {
        this.#cutter.begin(known);
        this.#cutter.cut(content.subarray(0, end), from, true, list);
      }
      sizes[at] = end - from;
      if (list.numbers.hasChanged(at, file)) states[at] = fileState.changed;
      nodes?.write(list, at, pathBytes, file);
      return end;
    } finally {
      closeSync(file);
    }
  }

  #openLarge(number: number, path: string, list: SlotWriter): LargeFile {
    const file = openFile(Buffer.from(path, 'latin1'), list);
    try {
      list.numbers.take(0, file);
      const cutter = new FileCutter(this.#parameters);
      const known = this.#tags?.of(path);
      cutter.begin(known);
      const numbers = list.numbers.words.slice(0, statFields);
      const large: LargeFile = { file, numbers, cutter, known, carriedBytes: 0, room: this.#spare };
      this.#spare = nothing;
      this.#large.set(number, large);
      return large;
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  #closeLarge(number: number, large: LargeFile): void {
    this.#large.delete(number);
    if (large.room.length > this.#spare.length) this.#spare = large.room;
    closeSync(large.file);
  }

  /** @returns whether the file goes on. A slot holds the longest chunk, so that each piece has one. */
  #readOn(large: LargeFile, list: SlotWriter): boolean {
    const { content: slot, sizes } = list.slot;
    const carried = large.carriedBytes;
    slot.set(large.room.subarray(0, carried));
    let filled = carried;
    let start = 0;
    let isEnd = false;
    list.doing = 'read the file';
    while (!isEnd && start < pieceBytes && filled < slot.length) {
      const count = readSync(large.file, slot, filled, Math.min(readBytes, slot.length - filled), null);
      filled += count;
      isEnd = count === 0;
      start = large.cutter.cut(slot.subarray(0, filled), start, isEnd, list);
    }
    sizes[0] = filled - carried;
    if (!isEnd) carry(large, slot.subarray(start, filled));
    return !isEnd;
  }
}

function carry(large: LargeFile, open: Buffer): void {
  if (large.room.length < open.length)
    large.room = Buffer.allocUnsafeSlow(Math.ceil(open.length / readBytes) * readBytes);
  large.room.set(open);
  large.carriedBytes = open.length;
}

function openFile(path: Buffer, list: SlotWriter): number {
  list.doing = 'open the file';
  return openSync(path, readOnly);
}

/** Reads to the end of the file. @returns the end in the slot, or -1 when it does not fit. */
function fill(file: number, slot: Buffer, from: number, sizeBytes: number, list: SlotWriter): number {
  list.doing = 'read the file';
  let end = from;
  if (from + sizeBytes >= slot.length) return -1;
  for (;;) {
    // One byte more than expected: a read that comes short of it shows the end without a second one.
    const wanted = Math.min(Math.max(from + sizeBytes + 1 - end, 4096), slot.length - end);
    const count = readSync(file, slot, end, wanted, null);
    end += count;
    if (count === 0 || (end === from + sizeBytes && count < wanted)) return end;
    if (end === slot.length) return -1;
  }
}
