/**
 * Cuts a stream of buffers into chunks. Bytes are copied only when a chunk spans buffers, into one
 * buffer that is used again for the next chunk.
 */
import type { Chunker } from './chunker.js';

/**
 * Yields the chunks of one file in order; nothing for an empty one. A yielded array is valid only
 * until the next one is asked for.
 */
export async function* chunksOf(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  chunker: Chunker,
): AsyncGenerator<Uint8Array, void, undefined> {
  const carried = new CarriedBytes();
  chunker.reset();
  for await (const buffer of source) {
    let start = 0;
    while (start < buffer.length) {
      const end = chunker.nextCut(buffer, start);
      if (end < 0) {
        carried.append(buffer.subarray(start));
        break;
      }
      yield carried.finish(buffer.subarray(start, end));
      start = end;
    }
  }
  if (carried.sizeBytes > 0) yield carried.finish(new Uint8Array(0));
}

class CarriedBytes {
  #store = Buffer.alloc(0);
  sizeBytes = 0;

  append(bytes: Uint8Array): void {
    const needed = this.sizeBytes + bytes.length;
    if (needed > this.#store.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#store.length * 2));
      larger.set(this.#store.subarray(0, this.sizeBytes));
      this.#store = larger;
    }
    this.#store.set(bytes, this.sizeBytes);
    this.sizeBytes = needed;
  }

  /** The carried bytes followed by `tail`; begins anew. */
  finish(tail: Uint8Array): Uint8Array {
    if (this.sizeBytes === 0) return tail;
    this.append(tail);
    const whole = this.#store.subarray(0, this.sizeBytes);
    this.sizeBytes = 0;
    return whole;
  }
}
