/** Ids as bytes in one piece of memory: they are looked up without a text of each. */

import { takeHexId } from '../repository/byte-scanner.js';

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
    if (!takeHexId(bytes, from, this.#bytes, this.length * idBytes)) return false;
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
