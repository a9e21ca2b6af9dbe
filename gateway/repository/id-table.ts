/**
 * Numbers for ids: 0 for the first one added, 1 for the next; those of deleted ids are given anew.
 * Takes 32 bytes per id and 6 to 11 for finding it; nothing is copied when it grows but the slots.
 */
const idWords = 8;
const idBytes = idWords * 4;
const idsPerChunk = 4096;
const firstSlots = 1024;

export class IdTable {
  /** One more than the largest number that was given. */
  size = 0;
  readonly #freed: number[] = [];
  readonly #chunks: Uint32Array[] = [];
  /** Number + 1 by the first word of the id, or 0; at most three quarters full. */
  #slots = new Uint32Array(firstSlots);
  readonly #wanted = new Uint32Array(idWords);
  readonly #wantedBytes = Buffer.from(this.#wanted.buffer);

  /** The number of `id`, 64 hex digits, or -1. The latest one when it was added anew. */
  find(id: string): number {
    this.#want(id);
    return this.#find();
  }

  /** The number of `id`, which is added unless it is there. */
  add(id: string): number {
    this.#want(id);
    const known = this.#find();
    return known >= 0 ? known : this.addNew(id);
  }

  /** Adds `id` even if it is there; `find` gives the new number from then on. */
  addNew(id: string): number {
    this.#want(id);
    if ((this.size + 1) * 4 > this.#slots.length * 3) this.#grow();
    const number = this.#freed.pop() ?? this.size++;
    if (number === this.#chunks.length * idsPerChunk) {
      this.#chunks.push(new Uint32Array(idsPerChunk * idWords));
    }
    this.#chunkOf(number).set(this.#wanted, (number % idsPerChunk) * idWords);
    this.#put(this.#wanted[0] as number, number);
    return number;
  }

  /** An unknown id is passed over. */
  delete(id: string): void {
    this.#want(id);
    const number = this.#find();
    if (number < 0) return;
    const mask = this.#slots.length - 1;
    let hole = (this.#wanted[0] as number) & mask;
    while (this.#slots[hole] !== number + 1) hole = (hole + 1) & mask;
    // What lies behind the hole and was pushed past it moves up, or it would not be found again.
    for (let slot = (hole + 1) & mask; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#hashOf((this.#slots[slot] as number) - 1) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      this.#slots[hole] = this.#slots[slot] as number;
      hole = slot;
    }
    this.#slots[hole] = 0;
    this.#freed.push(number);
  }

  /** The id with that number, as hex. */
  idOf(number: number): string {
    const words = this.#chunkOf(number);
    const start = words.byteOffset + (number % idsPerChunk) * idBytes;
    return Buffer.from(words.buffer as ArrayBuffer, start, idBytes).toString('hex');
  }

  #want(id: string): void {
    if (this.#wantedBytes.write(id, 'hex') !== idBytes) throw new TypeError(`not an id: ${id}`);
  }

  #find(): number {
    const mask = this.#slots.length - 1;
    let slot = (this.#wanted[0] as number) & mask;
    let found = -1;
    for (;;) {
      const number = (this.#slots[slot] as number) - 1;
      if (number < 0) return found;
      if (number > found && this.#matches(number)) found = number;
      slot = (slot + 1) & mask;
    }
  }

  #matches(number: number): boolean {
    const words = this.#chunkOf(number);
    const at = (number % idsPerChunk) * idWords;
    for (let word = 0; word < idWords; word++) {
      if (words[at + word] !== this.#wanted[word]) return false;
    }
    return true;
  }

  #chunkOf(number: number): Uint32Array {
    return this.#chunks[Math.floor(number / idsPerChunk)] as Uint32Array;
  }

  #hashOf(number: number): number {
    return this.#chunkOf(number)[(number % idsPerChunk) * idWords] as number;
  }

  #put(hash: number, number: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = number + 1;
  }

  #grow(): void {
    const slots = this.#slots;
    this.#slots = new Uint32Array(slots.length * 2);
    for (const taken of slots) if (taken !== 0) this.#put(this.#hashOf(taken - 1), taken - 1);
  }
}
