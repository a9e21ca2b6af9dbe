/**
 * Content-defined chunking with a rolling Rabin fingerprint over 64 bytes. A cut depends only on
 * the 64 bytes before it and on the distance from the last cut, never on how the data was split
 * into buffers. Holds no data: the caller keeps the bytes.
 */
import type { ChunkerParameters } from './parameters.js';
import { type Fingerprint, type RollingHash, rollingHash, windowSizeBytes } from './rolling-hash.js';

export class Chunker {
  readonly #hash: RollingHash;
  readonly #minSizeBytes: number;
  readonly #maxSizeBytes: number;
  readonly #mask: number;
  /** The last 64 bytes before the current buffer, oldest first; valid once `#count` reaches min. */
  readonly #window = new Uint8Array(windowSizeBytes);
  // A Buffer, as file data is: the hot loop then sees one kind of array.
  readonly #seam = Buffer.alloc(2 * windowSizeBytes);
  readonly #state: Fingerprint = new Int32Array(2);
  /** Bytes of the current chunk seen so far. */
  #count = 0;

  constructor(parameters: ChunkerParameters) {
    this.#hash = rollingHash(parameters.polynomial);
    this.#minSizeBytes = parameters.minSizeBytes;
    this.#maxSizeBytes = parameters.maxSizeBytes;
    this.#mask = 2 ** parameters.averageBits - 1;
  }

  /** Forgets the chunk begun; call it before each file. */
  reset(): void {
    this.#count = 0;
  }

  /** The fingerprint of the last 64 bytes; of use in tests. */
  get digest(): bigint {
    const [high = 0, low = 0] = this.#state;
    return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  }

  /**
   * Takes in `data` from `start` to the end of the chunk or of the data, whichever comes first.
   * @returns the index after the chunk's last byte, or -1 when the chunk goes on beyond `data`.
   * After a cut, call again with the returned index; a chunk left open at the file's end is its last.
   */
  nextCut(data: Uint8Array, start: number): number {
    const warmFrom = this.#minSizeBytes - windowSizeBytes;
    let index = start;
    if (this.#count < warmFrom) {
      const skipped = Math.min(warmFrom - this.#count, data.length - index);
      this.#count += skipped;
      index += skipped;
      if (this.#count < warmFrom) return -1;
    }
    if (this.#count < this.#minSizeBytes) {
      index = this.#warm(data, index);
      if (this.#count < this.#minSizeBytes) return -1;
      if (((this.#state[1] as number) & this.#mask) === 0 || this.#count >= this.#maxSizeBytes)
        return this.#cut(index);
    }
    return this.#scan(data, index);
  }

  /** Fills the window with the 64 bytes that precede the first possible cut. */
  #warm(data: Uint8Array, start: number): number {
    const end = Math.min(data.length, start + this.#minSizeBytes - this.#count);
    const position = windowSizeBytes - (this.#minSizeBytes - this.#count);
    if (position === 0) this.#state.fill(0);
    this.#window.set(data.subarray(start, end), position);
    this.#hash.warm(this.#state, data, start, end);
    this.#count += end - start;
    return end;
  }

  #scan(data: Uint8Array, start: number): number {
    const end = Math.min(data.length, start + this.#maxSizeBytes - this.#count);
    // The bytes that leave the window come from the one before this buffer, then from the buffer.
    const seam = Math.min(end, start + windowSizeBytes);
    let index = this.#rollSeam(data, start, seam);
    if (index < 0) index = this.#roll(data, seam, end);
    if (index >= 0) return this.#cut(index);
    if (this.#count >= this.#maxSizeBytes) return this.#cut(end);
    this.#keepWindow(data, start, end);
    return -1;
  }

  /** As `#roll` for the first bytes of a buffer, copied next to those they follow. */
  #rollSeam(data: Uint8Array, from: number, to: number): number {
    const joined = this.#seam;
    joined.set(this.#window);
    joined.set(data.subarray(from, to), windowSizeBytes);
    const cut = this.#roll(joined, windowSizeBytes, windowSizeBytes + to - from);
    return cut < 0 ? cut : from + cut - windowSizeBytes;
  }

  #roll(data: Uint8Array, from: number, to: number): number {
    const cut = this.#hash.roll(this.#state, data, from, to, this.#mask);
    this.#count += (cut < 0 ? to : cut) - from;
    return cut;
  }

  #keepWindow(data: Uint8Array, start: number, end: number): void {
    const fresh = end - start;
    if (fresh >= windowSizeBytes) {
      this.#window.set(data.subarray(end - windowSizeBytes, end));
    } else {
      this.#window.copyWithin(0, fresh);
      this.#window.set(data.subarray(start, end), windowSizeBytes - fresh);
    }
  }

  /** The fingerprint stays readable until the next chunk warms up. */
  #cut(index: number): number {
    this.#count = 0;
    return index;
  }
}
