/**
 * A worker's reading half: files into slots, cut and hashed there. Small files are read whole, many
 * to a slot; a large one piece by piece, each ending with a chunk, the rest carried to the next.
 */
import { hash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { messageOf, systemCode } from '../../core/errors.js';
import { Chunker } from '../chunker/chunker.js';
import { type ChunkerParameters, resticChunkerParameters } from '../chunker/parameters.js';
import { statFields } from '../files/packed-stat.js';
import { type Chunks, type FileFault, fileState, type ReadReply } from './protocol.js';

/** Not through links, and never waiting for a pipe that took the file's place. */
const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A piece of a large file ends with the first chunk that reaches this far. */
const pieceBytes = 2 * 1024 * 1024;
const readBytes = 1024 * 1024;

const nothing: Buffer = Buffer.alloc(0);

interface LargeFile {
  readonly file: number;
  readonly before: BigIntStats;
  readonly chunker: Chunker;
  /** The begun chunk: bytes that the last piece held after its last cut, at the start of `room`. */
  carriedBytes: number;
  room: Buffer;
}

export class FilePieces {
  readonly #parameters: ChunkerParameters;
  readonly #chunker: Chunker;
  readonly #large = new Map<number, LargeFile>();
  /** What a file that was read to its end carried its chunks in; the next one's. */
  #spare = nothing;

  constructor(polynomial: bigint) {
    this.#parameters = resticChunkerParameters(polynomial);
    this.#chunker = new Chunker(this.#parameters);
  }

  /** Reads files whole, in order. One that does not fit into the rest of the slot is `tooLarge`. */
  readWhole(slot: Buffer, paths: readonly string[]): Omit<ReadReply, 'job'> {
    const list = new ReplyList(paths.length);
    let from = 0;
    paths.forEach((path, at) => {
      from = list.guard(at, () => this.#readOne(slot, from, path, at, list)) ?? from;
    });
    return list.reply(false);
  }

  /** Reads the next piece of a large file, which closes itself at its end or failure. */
  readPiece(slot: Buffer, number: number, path: string): Omit<ReadReply, 'job'> {
    const list = new ReplyList(1);
    const goesOn = list.guard(0, () => {
      const large = this.#large.get(number) ?? this.#openLarge(number, path, list);
      try {
        return this.#readOn(slot, large, list);
      } catch (error) {
        this.#closeLarge(number, large);
        throw error;
      }
    });
    const large = this.#large.get(number);
    if (goesOn !== true && large !== undefined) {
      list.stat(0, large.before);
      list.guard(0, () => {
        if (hasChanged(large.file, large.before)) list.states[0] = fileState.changed;
      });
      this.#closeLarge(number, large);
    }
    return list.reply(goesOn === true);
  }

  #readOne(slot: Buffer, from: number, path: string, at: number, list: ReplyList): number {
    const file = openFile(path, list);
    try {
      const before = list.stat(at, statOf(file, list));
      const end = fill(file, slot, from, Number(before.size), list);
      if (end < 0) {
        list.states[at] = fileState.tooLarge;
        return from;
      }
      this.#cut(slot.subarray(0, end), from, list, at);
      list.sizes[at] = end - from;
      if (hasChanged(file, before)) list.states[at] = fileState.changed;
      return end;
    } finally {
      closeSync(file);
    }
  }

  #cut(data: Buffer, from: number, list: ReplyList, at: number): void {
    if (data.length === from) return;
    this.#chunker.reset();
    for (let start = from; start < data.length; ) {
      const fits = data.length - start <= this.#parameters.minSizeBytes;
      const cut = fits ? -1 : this.#chunker.nextCut(data, start);
      const end = cut < 0 ? data.length : cut;
      list.chunk(at, data, start, end);
      start = end;
    }
  }

  #openLarge(number: number, path: string, list: ReplyList): LargeFile {
    const file = openFile(path, list);
    try {
      const before = statOf(file, list);
      const chunker = new Chunker(this.#parameters);
      chunker.reset();
      const large: LargeFile = { file, before, chunker, carriedBytes: 0, room: this.#spare };
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
  #readOn(slot: Buffer, large: LargeFile, list: ReplyList): boolean {
    const carried = large.carriedBytes;
    slot.set(large.room.subarray(0, carried));
    let filled = carried;
    let start = 0;
    list.doing = 'read the file';
    while (start < pieceBytes && filled < slot.length) {
      const count = readSync(large.file, slot, filled, Math.min(readBytes, slot.length - filled), null);
      if (count === 0) {
        if (filled > start) list.chunk(0, slot, start, filled);
        list.sizes[0] = filled - carried;
        return false;
      }
      const data = slot.subarray(0, filled + count);
      start = this.#cutOn(data, filled, start, large.chunker, list);
      filled += count;
    }
    list.sizes[0] = filled - carried;
    carry(large, slot.subarray(start, filled));
    return true;
  }

  /** Takes in `data` from `fresh` on. @returns where the chunk that is still open begins. */
  #cutOn(data: Buffer, fresh: number, open: number, chunker: Chunker, list: ReplyList): number {
    let start = open;
    for (let at = fresh; at < data.length; ) {
      const cut = chunker.nextCut(data, at);
      if (cut < 0) break;
      list.chunk(0, data, start, cut);
      start = cut;
      at = cut;
    }
    return start;
  }
}

function carry(large: LargeFile, open: Buffer): void {
  if (large.room.length < open.length)
    large.room = Buffer.allocUnsafeSlow(Math.ceil(open.length / readBytes) * readBytes);
  large.room.set(open);
  large.carriedBytes = open.length;
}

function openFile(path: string, list: ReplyList): number {
  list.doing = 'open the file';
  return openSync(Buffer.from(path, 'latin1'), readOnly);
}

function statOf(file: number, list: ReplyList): BigIntStats {
  list.doing = 'open the file';
  const stat = fstatSync(file, { bigint: true });
  if (!stat.isFile()) throw new Error('no regular file any more');
  return stat;
}

/** Reads to the end of the file. @returns the end in the slot, or -1 when it does not fit. */
function fill(file: number, slot: Buffer, from: number, sizeBytes: number, list: ReplyList): number {
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

function hasChanged(file: number, before: BigIntStats): boolean {
  const now = fstatSync(file, { bigint: true });
  return now.size !== before.size || now.mtimeNs !== before.mtimeNs;
}

/** Gathers what a reply tells. */
class ReplyList {
  readonly states: Uint8Array;
  readonly sizes: Float64Array;
  /** What is being tried, for the message when it fails. */
  doing = '';
  readonly #stats: BigInt64Array;
  readonly #counts: Uint32Array;
  readonly #ids: string[] = [];
  readonly #offsets: number[] = [];
  readonly #lengths: number[] = [];
  readonly #faults: FileFault[] = [];

  constructor(files: number) {
    this.states = new Uint8Array(files);
    this.sizes = new Float64Array(files);
    this.#stats = new BigInt64Array(files * statFields);
    this.#counts = new Uint32Array(files);
  }

  /** Runs `work`; its failure becomes that of the file. */
  guard<T>(at: number, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      const code = systemCode(error);
      this.states[at] = code === 'ENOENT' ? fileState.gone : fileState.failed;
      this.#faults.push({ at, doing: this.doing, code, message: messageOf(error) });
      return undefined;
    }
  }

  stat(at: number, stat: BigIntStats): BigIntStats {
    const { dev, ino, mode, nlink, uid, gid, rdev, size, atimeNs, mtimeNs, ctimeNs } = stat;
    const numbers = [dev, ino, mode, nlink, uid, gid, rdev, size, atimeNs, mtimeNs, ctimeNs];
    this.#stats.set(numbers, at * statFields);
    return stat;
  }

  chunk(at: number, data: Buffer, start: number, end: number): void {
    this.#ids.push(hash('sha256', data.subarray(start, end), 'hex'));
    this.#offsets.push(start);
    this.#lengths.push(end - start);
    this.#counts[at] = (this.#counts[at] as number) + 1;
  }

  reply(goesOn: boolean): Omit<ReadReply, 'job'> {
    const chunks: Chunks = {
      ids: this.#ids.join(''),
      offsets: Uint32Array.from(this.#offsets),
      lengths: Uint32Array.from(this.#lengths),
    };
    return {
      type: 'read',
      chunks,
      states: this.states,
      stats: this.#stats,
      chunkCounts: this.#counts,
      sizes: this.sizes,
      faults: this.#faults,
      goesOn,
    };
  }
}
