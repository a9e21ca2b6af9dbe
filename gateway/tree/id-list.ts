/** Ids as bytes in one piece of memory: they are looked up without a text of each. */

/** Of an id. */
export const idWords = 8;
const idBytes = 32;
const firstIds = 1024;

/** A list of ids that is used again for the next tree. */
export class IdList {
  length = 0;
  /** Eight words for each id, in the order of its bytes. */
  words = new Uint32Array(firstIds * idWords);
  #bytes = Buffer.from(this.words.buffer);

  /** Takes the 64 lower-case hex digits at `from`. @returns false when there is something else. */
  addHex(bytes: Uint8Array, from: number): boolean {
    if ((this.length + 1) * idWords > this.words.length) this.#grow();
    const target = this.#bytes;
    let to = this.length * idBytes;
    // Both sets of bits stay within 0x0f unless a digit was none; beyond the end there is none.
    let seen = 0;
    for (let at = from, end = to + idBytes; to < end; at += 2, to++) {
      const high = nibbles[bytes[at] as number] ?? 0xff;
      const low = nibbles[bytes[at + 1] as number] ?? 0xff;
      seen |= high | low;
      target[to] = (high << 4) | low;
    }
    if (seen > 0x0f) return false;
    this.length++;
    return true;
  }

  /** In lower-case hex. */
  idAt(place: number): string {
    return this.#bytes.toString('hex', place * idBytes, (place + 1) * idBytes);
  }

  #grow(): void {
    const words = new Uint32Array(this.words.length * 2);
    words.set(this.words);
    this.words = words;
    this.#bytes = Buffer.from(words.buffer);
  }
}

const nibbles = new Uint8Array(256).fill(0xff);
for (let digit = 0; digit < 16; digit++) nibbles[digit.toString(16).charCodeAt(0)] = digit;
