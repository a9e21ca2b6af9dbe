/**
 * Which pack holds which blob. A port, so that an index on disk can take the place of the one in
 * memory: an open-addressed table over typed arrays, about 70 bytes per blob. A blob may lie in
 * several packs; look-ups give the first one added.
 */
import { packOverheadBytes, packSizeShare } from './pack-format.js';
import type { BlobEntry, BlobType } from './types.js';

export interface BlobPlace {
  readonly packId: string;
  readonly offset: number;
  readonly length: number;
  /** 0 when the blob is stored uncompressed. */
  readonly uncompressedLength: number;
}

export interface PackSummary {
  readonly packId: string;
  /** The size that the file must have, from its blobs and header. */
  readonly sizeBytes: number;
  readonly blobCount: number;
  readonly treeCount: number;
}

export interface BlobIndex {
  readonly blobCount: number;
  /** Adds the blobs of a pack; those known at that very place are passed over. */
  addPack(packId: string, blobs: readonly BlobEntry[]): void;
  hasPack(packId: string): boolean;
  has(type: BlobType, id: string): boolean;
  find(type: BlobType, id: string): BlobPlace | undefined;
  packs(): Iterable<PackSummary>;
  pack(packId: string): PackSummary | undefined;
  /** Blobs of one pack by offset; empty when the pack is unknown. */
  blobsOfPack(packId: string): BlobEntry[];
  /** Forgets packs and their blobs; unknown ones are passed over. */
  dropPacks(packIds: Iterable<string>): void;
}

interface PackTotals {
  sizeBytes: number;
  blobCount: number;
  treeCount: number;
}

const initialCapacity = 1024;
const idWords = 8;

export class MemoryBlobIndex implements BlobIndex {
  blobCount = 0;
  #capacity = initialCapacity;
  #ids = new Uint32Array(initialCapacity * idWords);
  /** Pack number × 2, plus 1 for a tree. */
  #owners = new Uint32Array(initialCapacity);
  #offsets = new Uint32Array(initialCapacity);
  #lengths = new Uint32Array(initialCapacity);
  #plainLengths = new Uint32Array(initialCapacity);
  /** Entry number + 1 by hash, or 0; always at most half full. */
  #slots = new Uint32Array(initialCapacity * 2);
  readonly #packIds: string[] = [];
  readonly #packTotals: PackTotals[] = [];
  readonly #packNumbers = new Map<string, number>();
  readonly #dropped = new Set<number>();
  readonly #wanted = new Uint32Array(idWords);
  readonly #wantedBytes = Buffer.from(this.#wanted.buffer);
  /** Entry numbers ordered by pack, made when first asked for. */
  #byPack: { readonly order: Uint32Array; readonly starts: Uint32Array } | undefined;

  addPack(packId: string, blobs: readonly BlobEntry[]): void {
    const packNumber = this.#numberOf(packId);
    this.#byPack = undefined;
    for (const blob of blobs) this.#add(packNumber, blob);
  }

  hasPack(packId: string): boolean {
    return this.#packNumbers.has(packId);
  }

  has(type: BlobType, id: string): boolean {
    return this.#entryOf(type, id) >= 0;
  }

  find(type: BlobType, id: string): BlobPlace | undefined {
    const entry = this.#entryOf(type, id);
    if (entry < 0) return undefined;
    return {
      packId: this.#packIds[(this.#owners[entry] as number) >>> 1] as string,
      offset: this.#offsets[entry] as number,
      length: this.#lengths[entry] as number,
      uncompressedLength: this.#plainLengths[entry] as number,
    };
  }

  *packs(): Iterable<PackSummary> {
    for (const packId of [...this.#packNumbers.keys()]) yield this.pack(packId) as PackSummary;
  }

  pack(packId: string): PackSummary | undefined {
    const totals = this.#packTotals[this.#packNumbers.get(packId) ?? -1];
    return totals && { packId, ...totals };
  }

  blobsOfPack(packId: string): BlobEntry[] {
    const packNumber = this.#packNumbers.get(packId);
    if (packNumber === undefined) return [];
    const { order, starts } = this.#ordered();
    const entries = order.subarray(starts[packNumber], starts[packNumber + 1]);
    return Array.from(entries, (entry) => this.#entry(entry)).sort((a, b) => a.offset - b.offset);
  }

  dropPacks(packIds: Iterable<string>): void {
    for (const packId of packIds) {
      const packNumber = this.#packNumbers.get(packId);
      if (packNumber === undefined) continue;
      this.#dropped.add(packNumber);
      this.#packNumbers.delete(packId);
    }
  }

  #numberOf(packId: string): number {
    const known = this.#packNumbers.get(packId);
    if (known !== undefined) return known;
    const fresh = this.#packIds.push(packId) - 1;
    this.#packTotals.push({ sizeBytes: packOverheadBytes, blobCount: 0, treeCount: 0 });
    this.#packNumbers.set(packId, fresh);
    return fresh;
  }

  #add(packNumber: number, blob: BlobEntry): void {
    if (this.blobCount === this.#capacity) this.#grow();
    const owner = packNumber * 2 + (blob.type === 'tree' ? 1 : 0);
    this.#wantedBytes.write(blob.id, 'hex');
    const slot = this.#freeSlot(owner, blob.offset);
    if (slot < 0) return;
    const entry = this.blobCount++;
    this.#ids.set(this.#wanted, entry * idWords);
    this.#owners[entry] = owner;
    this.#offsets[entry] = blob.offset;
    this.#lengths[entry] = blob.length;
    this.#plainLengths[entry] = blob.uncompressedLength;
    this.#slots[slot] = entry + 1;
    const totals = this.#packTotals[packNumber] as PackTotals;
    totals.sizeBytes += packSizeShare(blob);
    totals.blobCount++;
    if (blob.type === 'tree') totals.treeCount++;
  }

  /** Where the wanted id goes, or -1 when it is known at that very place. */
  #freeSlot(owner: number, offset: number): number {
    const mask = this.#slots.length - 1;
    let slot = (this.#wanted[0] as number) & mask;
    for (;;) {
      const entry = (this.#slots[slot] as number) - 1;
      if (entry < 0) return slot;
      if (this.#owners[entry] === owner && this.#offsets[entry] === offset && this.#matches(entry)) return -1;
      slot = (slot + 1) & mask;
    }
  }

  #entryOf(type: BlobType, id: string): number {
    this.#wantedBytes.write(id, 'hex');
    const tree = type === 'tree' ? 1 : 0;
    const mask = this.#slots.length - 1;
    let slot = (this.#wanted[0] as number) & mask;
    for (;;) {
      const entry = (this.#slots[slot] as number) - 1;
      if (entry < 0) return -1;
      const owner = this.#owners[entry] as number;
      if ((owner & 1) === tree && this.#matches(entry) && !this.#dropped.has(owner >>> 1)) return entry;
      slot = (slot + 1) & mask;
    }
  }

  #matches(entry: number): boolean {
    const at = entry * idWords;
    for (let word = 0; word < idWords; word++) {
      if (this.#ids[at + word] !== this.#wanted[word]) return false;
    }
    return true;
  }

  #entry(entry: number): BlobEntry {
    const words = this.#ids.subarray(entry * idWords, (entry + 1) * idWords);
    return {
      type: ((this.#owners[entry] as number) & 1) === 1 ? 'tree' : 'data',
      id: Buffer.from(words.buffer, words.byteOffset, words.byteLength).toString('hex'),
      offset: this.#offsets[entry] as number,
      length: this.#lengths[entry] as number,
      uncompressedLength: this.#plainLengths[entry] as number,
    };
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#ids = enlarged(this.#ids, this.#capacity * idWords);
    this.#owners = enlarged(this.#owners, this.#capacity);
    this.#offsets = enlarged(this.#offsets, this.#capacity);
    this.#lengths = enlarged(this.#lengths, this.#capacity);
    this.#plainLengths = enlarged(this.#plainLengths, this.#capacity);
    this.#slots = new Uint32Array(this.#capacity * 2);
    const mask = this.#slots.length - 1;
    // In order of adding, so that the first place of a blob stays the first one found.
    for (let entry = 0; entry < this.blobCount; entry++) {
      let slot = (this.#ids[entry * idWords] as number) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = entry + 1;
    }
  }

  /** A counting sort of the entries by pack. */
  #ordered(): { readonly order: Uint32Array; readonly starts: Uint32Array } {
    if (this.#byPack !== undefined) return this.#byPack;
    const starts = new Uint32Array(this.#packIds.length + 1);
    this.#packTotals.forEach(({ blobCount }, i) => {
      starts[i + 1] = (starts[i] as number) + blobCount;
    });
    const next = starts.slice();
    const order = new Uint32Array(this.blobCount);
    for (let entry = 0; entry < this.blobCount; entry++) {
      const packNumber = (this.#owners[entry] as number) >>> 1;
      const at = next[packNumber] as number;
      order[at] = entry;
      next[packNumber] = at + 1;
    }
    this.#byPack = { order, starts };
    return this.#byPack;
  }
}

function enlarged(from: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(length);
  to.set(from);
  return to;
}
