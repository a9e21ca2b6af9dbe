/** Gathers what a worker tells of the files that it read. */
import { hash } from 'node:crypto';
import { messageOf, systemCode } from '../../core/errors.js';
import { FileNumbers } from '../files/file-numbers.js';
import { statFields } from '../files/packed-stat.js';
import type { KnownChunks } from './content-tags.js';
import type { ChunkTaker } from './file-cutter.js';
import { type Chunks, type FileFault, fileState, noId, type ReadReply } from './protocol.js';
import { recordBytes } from './tag-table.js';

const firstRecords = 64;

export class ReplyList implements ChunkTaker {
  readonly states: Uint8Array;
  readonly sizes: Float64Array;
  readonly numbers: FileNumbers;
  /** What is being tried, for the message when it fails. */
  doing = '';
  #file = 0;
  #known: KnownChunks | undefined;
  readonly #counts: Uint32Array;
  readonly #ids: string[] = [];
  readonly #offsets: number[] = [];
  readonly #lengths: number[] = [];
  readonly #faults: FileFault[] = [];
  /** Chunks that another thread is to hash: place among the chunks, number in the file, whether it is the last. */
  readonly #unhashed: number[] = [];
  readonly #hashes: boolean;
  #records = Buffer.alloc(0);
  #recordsEnd = 0;

  /** @param hashes else chunks that are not known are left to hash. */
  constructor(files: number, hashes = true) {
    this.#hashes = hashes;
    this.states = new Uint8Array(files);
    this.sizes = new Float64Array(files);
    this.numbers = new FileNumbers(new BigInt64Array(files * statFields));
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

  /** From now on chunks of this file come. */
  begin(file: number, known: KnownChunks | undefined): void {
    this.#file = file;
    this.#known = known;
  }

  unknown(content: Uint8Array, start: number, number: number, isLast: boolean): void {
    if (!this.#hashes) {
      this.#unhashed.push(this.#ids.length, number, isLast ? 1 : 0);
      this.known(noId, start, content.length);
      return;
    }
    const id = hash('sha256', content, 'hex');
    this.known(id, start, content.length);
    if (this.#known !== undefined) this.record(this.#known.recordOf(number, id, content, isLast));
  }

  known(id: string, start: number, sizeBytes: number): void {
    this.#ids.push(id);
    this.#offsets.push(start);
    this.#lengths.push(sizeBytes);
    this.#counts[this.#file] = (this.#counts[this.#file] as number) + 1;
  }

  record(record: Uint8Array): void {
    if (this.#recordsEnd === this.#records.length) {
      const larger = Buffer.alloc(Math.max(2 * this.#records.length, firstRecords * recordBytes));
      larger.set(this.#records);
      this.#records = larger;
    }
    this.#records.set(record, this.#recordsEnd);
    this.#recordsEnd += recordBytes;
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
      stats: this.numbers.words,
      chunkCounts: this.#counts,
      sizes: this.sizes,
      faults: this.#faults,
      unhashed: Uint32Array.from(this.#unhashed),
      tagRecords: this.#records.subarray(0, this.#recordsEnd),
      goesOn,
    };
  }
}
