/**
 * The blobs of a pack as a list that need not be an array: a pack of tiny blobs has tens of
 * thousands, and as objects they take five times the 40 bytes that each has here.
 */
import type { BlobEntry, BlobType } from './types.js';

/** Gives its entries in the order of offsets, made anew each time. */
export interface BlobList extends Iterable<BlobEntry> {
  readonly length: number;
}

const idBytes = 32;
const sizesEach = 2;
const firstRoom = 64;

/** Of one type, back to back from the beginning of their pack. */
export class GrowingBlobList implements BlobList {
  length = 0;
  readonly #type: BlobType;
  #ids = Buffer.allocUnsafeSlow(firstRoom * idBytes);
  /** Sealed length, then plain size or 0. */
  #sizes = new Uint32Array(firstRoom * sizesEach);

  constructor(type: BlobType) {
    this.#type = type;
  }

  add(id: string, length: number, uncompressedLength: number): void {
    const at = this.length++;
    if (this.#sizes.length < this.length * sizesEach) this.#grow();
    this.#ids.write(id, at * idBytes, 'hex');
    this.#sizes[at * sizesEach] = length;
    this.#sizes[at * sizesEach + 1] = uncompressedLength;
  }

  *[Symbol.iterator](): Generator<BlobEntry> {
    let offset = 0;
    for (let at = 0; at < this.length; at++) {
      const id = this.#ids.toString('hex', at * idBytes, (at + 1) * idBytes);
      const length = this.#sizes[at * sizesEach] as number;
      const uncompressedLength = this.#sizes[at * sizesEach + 1] as number;
      yield { type: this.#type, id, offset, length, uncompressedLength };
      offset += length;
    }
  }

  #grow(): void {
    const ids = Buffer.allocUnsafeSlow(this.#ids.length * 2);
    this.#ids.copy(ids);
    this.#ids = ids;
    const sizes = new Uint32Array(this.#sizes.length * 2);
    sizes.set(this.#sizes);
    this.#sizes = sizes;
  }
}
