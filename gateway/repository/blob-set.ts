/** A set of blob numbers, a bit each: a million blobs take 125 KiB. */
export class BlobSet {
  size = 0;
  #words = new Uint32Array(1024);

  /** @returns false when it was in already. */
  add(number: number): boolean {
    const word = number >>> 5;
    if (word >= this.#words.length) this.#grow(word + 1);
    const bit = 1 << (number & 31);
    const before = this.#words[word] as number;
    if ((before & bit) !== 0) return false;
    this.#words[word] = before | bit;
    this.size++;
    return true;
  }

  has(number: number): boolean {
    return ((this.#words[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }

  #grow(atLeast: number): void {
    const words = new Uint32Array(Math.max(atLeast, this.#words.length * 2));
    words.set(this.#words);
    this.#words = words;
  }
}
