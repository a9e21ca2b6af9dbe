/** Lists of numbers and of records that grow to millions without an object for each. */

const firstLength = 1024;

export class GrowingWords {
  length = 0;
  #words = new Uint32Array(firstLength);

  push(word: number): void {
    if (this.length === this.#words.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[this.length++] = word;
  }

  /** 0 beyond the end. */
  at(index: number): number {
    return this.#words[index] ?? 0;
  }

  set(index: number, word: number): void {
    this.#words[index] = word;
  }
}

export class GrowingFloats {
  length = 0;
  #floats = new Float64Array(firstLength);

  push(value: number): void {
    if (this.length === this.#floats.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.#floats);
      this.#floats = larger;
    }
    this.#floats[this.length++] = value;
  }

  /** 0 beyond the end. */
  at(index: number): number {
    return this.#floats[index] ?? 0;
  }
}

const chunkBytes = 1024 * 1024;

/** Byte records by number. */
export class RecordHeap {
  readonly #chunks: Buffer[] = [];
  /** Chunk number and offset in it, as one number. */
  readonly #starts = new GrowingFloats();
  readonly #lengths = new GrowingWords();
  #used = chunkBytes;

  get count(): number {
    return this.#lengths.length;
  }

  /** Copies the record. @returns its number. */
  add(record: Buffer): number {
    if (this.#used + record.length > chunkBytes) {
      this.#chunks.push(Buffer.allocUnsafeSlow(Math.max(chunkBytes, record.length)));
      this.#used = 0;
    }
    const chunk = this.#chunks.length - 1;
    this.#chunks[chunk]?.set(record, this.#used);
    this.#starts.push(chunk * chunkBytes + this.#used);
    this.#used += record.length;
    this.#lengths.push(record.length);
    return this.#lengths.length - 1;
  }

  /** A view. */
  at(number: number): Buffer {
    const start = this.#starts.at(number);
    const chunk = this.#chunks[Math.floor(start / chunkBytes)] as Buffer;
    const offset = start % chunkBytes;
    return chunk.subarray(offset, offset + this.#lengths.at(number));
  }
}
