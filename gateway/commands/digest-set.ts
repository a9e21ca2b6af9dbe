/**
 * A set of digests that keeps 16 bytes of each: about 30 bytes per member, where a Set of strings
 * takes 150. Two different members that share 16 bytes of SHA-256 are not to be expected. Members
 * are numbered in the order they came, so that values can lie in arrays beside the set.
 */
import { createHash } from 'node:crypto';

const wordsEach = 4;

export class DigestSet {
  size = 0;
  #slots = new Uint32Array(1024);
  #members = new Uint32Array(1024 * wordsEach);
  readonly #wanted = new Uint32Array(wordsEach);
  readonly #wantedBytes = Buffer.from(this.#wanted.buffer);

  /** @param id hex, at least 32 digits. @returns false when it was in already. */
  add(id: string): boolean {
    const before = this.size;
    return this.numberOf(id) === before;
  }

  /** Any text: its digest is what is kept. */
  addText(text: string): boolean {
    return this.add(digestOf(text));
  }

  has(id: string): boolean {
    this.#want(id);
    return (this.#slots[this.#slotOf()] as number) !== 0;
  }

  /** The member's number; a new one is added and gets the number that `size` was. */
  numberOf(id: string): number {
    this.#want(id);
    const slot = this.#slotOf();
    const number = (this.#slots[slot] as number) - 1;
    if (number >= 0) return number;
    const added = this.size++;
    if ((added + 1) * wordsEach > this.#members.length) this.#members = doubled(this.#members);
    this.#members.set(this.#wanted, added * wordsEach);
    this.#slots[slot] = added + 1;
    if (this.size * 2 > this.#slots.length) this.#rehash();
    return added;
  }

  #want(id: string): void {
    this.#wantedBytes.write(id.slice(0, 32), 'hex');
  }

  #slotOf(): number {
    const mask = this.#slots.length - 1;
    for (let slot = (this.#wanted[0] as number) & mask; ; slot = (slot + 1) & mask) {
      const number = (this.#slots[slot] as number) - 1;
      if (number < 0 || this.#isWanted(number * wordsEach)) return slot;
    }
  }

  #isWanted(at: number): boolean {
    for (let word = 0; word < wordsEach; word++) {
      if (this.#members[at + word] !== this.#wanted[word]) return false;
    }
    return true;
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 0; number < this.size; number++) {
      let slot = (this.#members[number * wordsEach] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function doubled(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(words.length * 2);
  larger.set(words);
  return larger;
}
