/** Writes into a slot what a worker finds in the files that it reads. */
import { hash } from 'node:crypto';
import { messageOf, systemCode } from '../../core/errors.js';
import { FileNumbers } from '../files/file-numbers.js';
import type { KnownChunks } from './content-tags.js';
import type { ChunkTaker } from './file-cutter.js';
import type { FileFault, ReadReply } from './protocol.js';
import { chunkMark, fileState, type Slot } from './slot.js';

const noId = '0'.repeat(64);

export class SlotWriter implements ChunkTaker {
  readonly slot: Slot;
  readonly numbers: FileNumbers;
  /** What is being tried, for the message when it fails. */
  doing = '';
  #file = 0;
  #chunks = 0;
  #known: KnownChunks | undefined;
  #hashes = true;
  #faults: FileFault[] = [];
  #textEnd = 0;
  #fileRecordsEnd = 0;
  #tagRecordsEnd = 0;

  constructor(slot: Slot) {
    this.slot = slot;
    this.numbers = new FileNumbers(slot.stats);
  }

  /** Begins a job. @param hashes else chunks that are not known are left to be hashed. */
  start(files: number, hashes = true): this {
    const { states, sizes, chunkCounts } = this.slot;
    states.fill(fileState.read, 0, files);
    sizes.fill(0, 0, files);
    chunkCounts.fill(0, 0, files);
    this.#hashes = hashes;
    this.#chunks = 0;
    this.#textEnd = 0;
    this.#fileRecordsEnd = 0;
    return this.#startRecords();
  }

  /** Hashes what reading has left over. @param known of the file. */
  hashRest(chunks: number, known: KnownChunks | undefined): void {
    const { slot } = this.#startRecords();
    this.#chunks = chunks;
    this.#known = known;
    for (let chunk = 0; chunk < chunks; chunk++) if (slot.has(chunk, chunkMark.unhashed)) this.#hash(chunk);
  }

  /** Runs `work`; its failure becomes that of the file. */
  guard<T>(at: number, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      const code = systemCode(error);
      this.slot.states[at] = code === 'ENOENT' ? fileState.gone : fileState.failed;
      this.#faults.push({ at, doing: this.doing, code, message: messageOf(error) });
      return undefined;
    } finally {
      this.slot.textEnds[at] = this.#textEnd;
    }
  }

  /** From now on chunks of this file come. */
  begin(file: number, known: KnownChunks | undefined): void {
    this.#file = file;
    this.#known = known;
  }

  unknown(content: Uint8Array, start: number, number: number, isLast: boolean): void {
    const chunk = this.#chunks;
    this.known(noId, start, content.length);
    this.slot.numbers[chunk] = number;
    this.slot.marks[chunk] = chunkMark.unhashed | (isLast ? chunkMark.endsFile : 0);
    if (this.#hashes) this.#hash(chunk);
  }

  known(id: string, start: number, sizeBytes: number): void {
    const { slot } = this;
    const chunk = this.#chunks++;
    if (chunk >= slot.marks.length) throw new Error('the file has more chunks than fit');
    slot.putId(chunk, id);
    slot.offsets[chunk] = start;
    slot.lengths[chunk] = sizeBytes;
    slot.marks[chunk] = 0;
    slot.chunkCounts[this.#file] = (slot.chunkCounts[this.#file] as number) + 1;
  }

  record(record: Uint8Array): void {
    this.slot.tagRecords.set(record, this.#tagRecordsEnd);
    this.#tagRecordsEnd += record.length;
  }

  /** Ids of the chunks of the file that was begun last. */
  get content(): string[] {
    const count = this.slot.chunkCounts[this.#file] as number;
    const first = this.#chunks - count;
    return Array.from({ length: count }, (_, at) => this.slot.idOf(first + at));
  }

  /** Adds a node. Without room for it the file has none. */
  addText(text: string): void {
    const { texts } = this.slot;
    if (Buffer.byteLength(text) <= texts.length - this.#textEnd)
      this.#textEnd += texts.write(text, this.#textEnd, 'utf8');
  }

  /** Room for a record of the journal, or undefined when there is none. */
  fileRecord(sizeBytes: number): Buffer | undefined {
    const { fileRecords } = this.slot;
    const start = this.#fileRecordsEnd;
    if (start + sizeBytes > fileRecords.length) return undefined;
    this.#fileRecordsEnd += sizeBytes;
    return fileRecords.subarray(start, this.#fileRecordsEnd);
  }

  reply(goesOn: boolean): Omit<ReadReply, 'job'> {
    return {
      type: 'read',
      chunks: this.#chunks,
      fileRecordBytes: this.#fileRecordsEnd,
      tagRecordBytes: this.#tagRecordsEnd,
      faults: this.#faults,
      goesOn,
    };
  }

  #startRecords(): this {
    this.#faults = [];
    this.#tagRecordsEnd = 0;
    return this;
  }

  #hash(chunk: number): void {
    const { slot } = this;
    const content = slot.contentOf(chunk);
    const id = hash('sha256', content, 'hex');
    slot.putId(chunk, id);
    const isLast = slot.has(chunk, chunkMark.endsFile);
    slot.marks[chunk] = 0;
    const known = this.#known;
    if (known !== undefined) this.record(known.recordOf(slot.numbers[chunk] as number, id, content, isLast));
  }
}
