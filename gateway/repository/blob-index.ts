/**
 * Which pack holds which blob. Memory stays flat: five bytes per slot of a hash table, about nine
 * per blob; the records themselves go to a file once they are many. A blob may lie in several
 * packs; look-ups give the first one added.
 */
import type { Closeable } from '../../core/lifecycle.js';
import type { BlobList } from './blob-list.js';
import { BlobRecords, type BlobRecordsOptions, recordWords } from './blob-records.js';
import type { ScannedIndex } from './index-scanner.js';
import { type PackSummary, PackTable } from './pack-table.js';
import type { BlobEntry, BlobType } from './types.js';

export interface BlobPlace {
  readonly packId: string;
  readonly offset: number;
  readonly length: number;
  /** 0 when the blob is stored uncompressed. */
  readonly uncompressedLength: number;
}

/** A place of a blob by numbers instead of ids. */
export interface BlobView {
  /** As `numberOf` gives it: one for all places of a blob. */
  readonly number: number;
  /** Of this very place. */
  readonly place: number;
  readonly type: BlobType;
  readonly length: number;
  readonly uncompressedLength: number;
}

export interface BlobIndex extends Closeable {
  readonly blobCount: number;
  /** Adds the blobs of a pack; those known at that very place are passed over. @returns how many are new. */
  addPack(packId: string, blobs: BlobList): number;
  /** As `addPack`, for the `number`-th pack of a scanned index file. */
  addScanned(scanned: ScannedIndex, number: number): number;
  hasPack(packId: string): boolean;
  has(type: BlobType, id: string): boolean;
  find(type: BlobType, id: string): BlobPlace | undefined;
  /** A number of the blob's own, for sets of blobs; -1 for one that is not there. Never given anew. */
  numberOf(type: BlobType, id: string): number;
  /** As `numberOf`, for the id whose bytes are the eight words at `at`. */
  numberOfWords(type: BlobType, words: Uint32Array, at: number): number;
  packs(): Iterable<PackSummary>;
  pack(packId: string): PackSummary | undefined;
  /** A number of the pack's own, for sets of packs; -1 for one that is not there. Never given anew. */
  packNumberOf(packId: string): number;
  /** Blobs of one pack by offset, all or those `wanted`; empty when the pack is unknown. */
  blobsOfPack(packId: string, wanted?: (blob: BlobView) => boolean): BlobEntry[];
  /** Calls back with each blob of a pack, in no promised order; takes no memory for it. */
  visitPack(packId: string, visit: (blob: BlobView) => void): void;
  /** Forgets packs and their blobs; unknown ones are passed over. */
  dropPacks(packIds: Iterable<string>): void;
}

const firstSlots = 2048;
const idWords = 8;

export class CompactBlobIndex implements BlobIndex {
  blobCount = 0;
  readonly #packs = new PackTable();
  readonly #records: BlobRecords;
  /** Record number + 1 by the first word of the id, or 0; at most seven tenths full. */
  #slots = new Uint32Array(firstSlots);
  /** The fifth byte of the id in each slot: spares nearly all reads for ids that are not there. */
  #prints = new Uint8Array(firstSlots);
  readonly #wanted = new Uint32Array(idWords);
  readonly #wantedBytes = Buffer.from(this.#wanted.buffer);

  constructor(options: BlobRecordsOptions = {}) {
    this.#records = new BlobRecords(options);
  }

  async close(): Promise<void> {
    this.#records.close();
  }

  addPack(packId: string, blobs: BlobList): number {
    const pack = this.#packs.add(packId);
    let added = 0;
    for (const { type, id, offset, length, uncompressedLength } of blobs) {
      this.#want(id);
      if (this.#add(pack, type === 'tree', offset, length, uncompressedLength)) added++;
    }
    return added;
  }

  addScanned(scanned: ScannedIndex, number: number): number {
    const pack = this.#packs.add(scanned.packIds[number] as string);
    const { records } = scanned;
    const end = scanned.ends[number] as number;
    let added = 0;
    const first = scanned.ends[number - 1] ?? 0;
    this.#reserve(this.#records.count + records.length / recordWords - first);
    for (let at = first * recordWords; at < end * recordWords; at += recordWords) {
      for (let word = 0; word < idWords; word++) this.#wanted[word] = records[at + word] as number;
      const isTree = records[at + 8] === 1;
      const offset = records[at + 9] as number;
      const length = records[at + 10] as number;
      if (this.#add(pack, isTree, offset, length, records[at + 11] as number)) added++;
    }
    return added;
  }

  hasPack(packId: string): boolean {
    return this.#packs.find(packId) >= 0;
  }

  has(type: BlobType, id: string): boolean {
    return this.numberOf(type, id) >= 0;
  }

  find(type: BlobType, id: string): BlobPlace | undefined {
    if (this.numberOf(type, id) < 0) return undefined;
    const { words, at } = this.#records;
    return {
      packId: this.#packs.idOf((words[at + 8] as number) >>> 1),
      offset: words[at + 9] as number,
      length: words[at + 10] as number,
      uncompressedLength: words[at + 11] as number,
    };
  }

  numberOf(type: BlobType, id: string): number {
    this.#want(id);
    return this.#numberOfWanted(type === 'tree' ? 1 : 0);
  }

  numberOfWords(type: BlobType, words: Uint32Array, at: number): number {
    for (let word = 0; word < idWords; word++) this.#wanted[word] = words[at + word] as number;
    return this.#numberOfWanted(type === 'tree' ? 1 : 0);
  }

  #numberOfWanted(tree: 0 | 1): number {
    const mask = this.#slots.length - 1;
    const print = this.#wantedPrint();
    let slot = (this.#wanted[0] as number) & mask;
    for (;;) {
      const number = (this.#slots[slot] as number) - 1;
      if (number < 0) return -1;
      if (this.#prints[slot] === print && this.#matches(number)) {
        const owner = this.#records.words[this.#records.at + 8] as number;
        if ((owner & 1) === tree && !this.#packs.isDropped(owner >>> 1)) return number;
      }
      slot = (slot + 1) & mask;
    }
  }

  *packs(): Iterable<PackSummary> {
    for (const number of this.#packs.numbers()) yield this.#packs.summary(number);
  }

  pack(packId: string): PackSummary | undefined {
    const number = this.#packs.find(packId);
    return number < 0 ? undefined : this.#packs.summary(number);
  }

  packNumberOf(packId: string): number {
    return this.#packs.find(packId);
  }

  blobsOfPack(packId: string, wanted?: (blob: BlobView) => boolean): BlobEntry[] {
    const blobs: BlobEntry[] = [];
    this.#scanPack(packId, (words, at, place) => {
      if (wanted === undefined || wanted(this.#viewOf(words, at, place))) blobs.push(entryFrom(words, at));
    });
    return blobs.sort((a, b) => a.offset - b.offset);
  }

  visitPack(packId: string, visit: (blob: BlobView) => void): void {
    this.#scanPack(packId, (words, at, place) => visit(this.#viewOf(words, at, place)));
  }

  #scanPack(packId: string, take: (words: Uint32Array, at: number, place: number) => void): void {
    const number = this.#packs.find(packId);
    if (number < 0) return;
    for (const run of this.#packs.runs(number)) {
      this.#records.scan(run.first, run.count, (words, first, some) => {
        for (let i = 0; i < some; i++) take(words, i * recordWords, first + i);
      });
    }
  }

  #viewOf(words: Uint32Array, at: number, place: number): BlobView {
    for (let word = 0; word < idWords; word++) this.#wanted[word] = words[at + word] as number;
    const tree = ((words[at + 8] as number) & 1) === 1 ? 1 : 0;
    return {
      number: this.#numberOfWanted(tree),
      place,
      type: tree === 1 ? 'tree' : 'data',
      length: words[at + 10] as number,
      uncompressedLength: words[at + 11] as number,
    };
  }

  dropPacks(packIds: Iterable<string>): void {
    for (const packId of packIds) {
      const number = this.#packs.find(packId);
      if (number >= 0) this.blobCount -= this.#packs.drop(number);
    }
  }

  #want(id: string): void {
    this.#wantedBytes.write(id, 'hex');
  }

  #wantedPrint(): number {
    return (this.#wanted[1] as number) & 0xff;
  }

  /** Adds the wanted id. @returns false when it is known at that very place. */
  #add(pack: number, isTree: boolean, offset: number, length: number, plainLength: number): boolean {
    this.#reserve(this.#records.count + 1);
    const owner = pack * 2 + (isTree ? 1 : 0);
    const slot = this.#freeSlot(owner, offset);
    if (slot < 0) return false;
    const number = this.#records.append(this.#wanted, owner, offset, length, plainLength);
    this.#slots[slot] = number + 1;
    this.#prints[slot] = this.#wantedPrint();
    this.#packs.count(pack, number, isTree, length, plainLength);
    this.blobCount++;
    return true;
  }

  /** Where the wanted id goes, or -1 when it is known at that very place. */
  #freeSlot(owner: number, offset: number): number {
    const mask = this.#slots.length - 1;
    const print = this.#wantedPrint();
    let slot = (this.#wanted[0] as number) & mask;
    for (;;) {
      const number = (this.#slots[slot] as number) - 1;
      if (number < 0) return slot;
      if (this.#prints[slot] === print && this.#matches(number)) {
        const { words, at } = this.#records;
        if (words[at + 8] === owner && words[at + 9] === offset) return -1;
      }
      slot = (slot + 1) & mask;
    }
  }

  #matches(number: number): boolean {
    this.#records.seek(number);
    const { words, at } = this.#records;
    for (let word = 0; word < idWords; word++) {
      if (words[at + word] !== this.#wanted[word]) return false;
    }
    return true;
  }

  /** Makes room for so many records in all. */
  #reserve(records: number): void {
    let size = this.#slots.length;
    while (records * 10 > size * 7) size *= 2;
    if (size > this.#slots.length) this.#growTo(size);
  }

  #growTo(size: number): void {
    this.#slots = new Uint32Array(size);
    this.#prints = new Uint8Array(size);
    const slots = this.#slots;
    const mask = size - 1;
    // In order of adding, so that the first place of a blob stays the first one found.
    this.#records.scan(0, this.#records.count, (words, first, count) => {
      for (let i = 0, at = 0; i < count; i++, at += recordWords) {
        let slot = (words[at] as number) & mask;
        while (slots[slot] !== 0) slot = (slot + 1) & mask;
        slots[slot] = first + i + 1;
        this.#prints[slot] = (words[at + 1] as number) & 0xff;
      }
    });
  }
}

function entryFrom(words: Uint32Array, at: number): BlobEntry {
  const id = Buffer.from(words.buffer as ArrayBuffer, words.byteOffset + at * 4, idWords * 4);
  return {
    type: ((words[at + 8] as number) & 1) === 1 ? 'tree' : 'data',
    id: id.toString('hex'),
    offset: words[at + 9] as number,
    length: words[at + 10] as number,
    uncompressedLength: words[at + 11] as number,
  };
}
