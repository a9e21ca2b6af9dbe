/**
 * A pack's file, read for its proof: bytes go through the hash as they pass, so that the disk gives each
 * only once where they are asked for in order.
 */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';

/** Of what nobody asks for: it only goes through the hash. */
const pieceBytes = 64 * 1024;

export class HashedFile {
  readonly #file: number;
  readonly #roomFor: (sizeBytes: number) => Buffer;
  readonly #hash = createHash('sha256');
  /** What lies before it has gone through the hash. */
  #hashedBytes = 0;

  /** @param file its descriptor, which stays the caller's. @param roomFor memory, the same each time or not. */
  constructor(file: number, roomFor: (sizeBytes: number) => Buffer) {
    this.#file = file;
    this.#roomFor = roomFor;
  }

  /** Fewer bytes at the end; they lie in the room. @throws system errors. */
  read(offset: number, length: number): Buffer {
    this.#hashUpTo(offset);
    const bytes = this.#fill(this.#roomFor(length), offset);
    const fresh = bytes.subarray(Math.max(0, this.#hashedBytes - offset));
    this.#hash.update(fresh);
    this.#hashedBytes += fresh.length;
    return bytes;
  }

  /** Of the whole file, lower-case hex; nothing is read after it. @throws system errors. */
  sha256(): string {
    this.#hashUpTo(Number.POSITIVE_INFINITY);
    return this.#hash.digest('hex');
  }

  #hashUpTo(end: number): void {
    while (this.#hashedBytes < end) {
      const room = this.#roomFor(Math.min(pieceBytes, end - this.#hashedBytes));
      const bytes = this.#fill(room, this.#hashedBytes);
      this.#hash.update(bytes);
      this.#hashedBytes += bytes.length;
      if (bytes.length < room.length) return;
    }
  }

  #fill(room: Buffer, offset: number): Buffer {
    let filled = 0;
    while (filled < room.length) {
      const count = readSync(this.#file, room, filled, room.length - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return room.subarray(0, filled);
  }
}
