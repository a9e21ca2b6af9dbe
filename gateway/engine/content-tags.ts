/**
 * Content that was read before is known again without hashing it, in a sixth of the time: by a tag, which is
 * Poly1305-AES (Bernstein, 2005) of the chunk and the second half of its id, under keys of this repository, with the
 * first half of the id as the nonce: it binds the whole id to the content.
 * Other content has the same tag with a chance of at most 2^-84 (8 MiB; 8 * ceil(L / 16) / 2^106), whoever
 * made it, unless he holds the repository's keys.
 */
import { hash } from 'node:crypto';
import { type MacKeys, sealingPrimitives } from '../repository/sealing-primitives.js';
import { recordAt, recordBytes, recordWords, TagReader } from './tag-table.js';

/** AES key for the nonce, multiplier: 32 bytes. */
export const tagKeyBytes = 32;
const idBytes = 32;
const nonceBytes = 16;
const tagBytes = 16;
const idAt = recordAt.id * 4;
const tagAt = recordAt.tag * 4;
/** Added to the size of a chunk that was cut by the end of its file: where the file goes on, it is another. */
const endsFile = 2 ** 31;
/** How far beyond the place where a file differs its old chunks are looked for. */
const lookAhead = 32;
/** Of old chunks as long as one that was cut, so many are compared with it. */
const mostTries = 4;

export class ContentTags {
  readonly #keys: MacKeys;
  readonly #reader: TagReader | undefined;
  readonly #primitives = sealingPrimitives();

  /** @param key `tagKeyBytes` bytes. @param filePath of the `TagTable`. */
  constructor(key: Uint8Array, filePath: string) {
    this.#keys = { nonceKey: key.subarray(0, 16), multiplier: key.subarray(16, tagKeyBytes) };
    this.#reader = TagReader.open(filePath);
  }

  /** What is known of the file with this path, latin1. */
  of(path: string): KnownChunks {
    return new KnownChunks(path, this);
  }

  find(key: Uint32Array, into: Uint32Array): boolean {
    return this.#reader?.find(key, into) === true;
  }

  /** @param id 32 bytes. */
  tag(into: Uint8Array, id: Uint8Array, content: Uint8Array): void {
    const [nonce, rest] = [id.subarray(0, nonceBytes), id.subarray(nonceBytes, idBytes)];
    this.#primitives.authenticate(into, this.#keys, nonce, content, rest);
  }
}

interface Candidate {
  readonly number: number;
  readonly sizeBytes: number;
}

/**
 * The chunks of one file, as they were when it was last read, against those that are cut now. Expects one chunk
 * after the other; when one is not as expected it waits until the cutting meets a chunk that it knows. Chunks are
 * numbered from 0.
 */
export class KnownChunks {
  readonly #tags: ContentTags;
  readonly #path: Uint32Array;
  readonly #key = new Uint32Array(3);
  /** The record that was found last: of the chunk that is expected; also room for one that is made. */
  readonly #bytes = Buffer.alloc(recordBytes);
  readonly #words = new Uint32Array(this.#bytes.buffer, this.#bytes.byteOffset, recordWords);
  readonly #tag = Buffer.alloc(tagBytes);
  /** The expected chunk's number when the file was last read. */
  #before = 0;
  #isExpecting: boolean | undefined;
  /** While nothing is expected: old chunks that may come, and the next one to look up. */
  #ahead: Candidate[] | undefined;
  #nextAhead = 0;

  constructor(path: string, tags: ContentTags) {
    this.#tags = tags;
    const digest = hash('sha256', Buffer.from(path, 'latin1'), 'buffer');
    this.#path = Uint32Array.from([digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8)]);
  }

  /** Bytes of the chunk that is expected; 0 when none is. */
  get expectedBytes(): number {
    this.#isExpecting ??= this.#find(0);
    return this.#isExpecting ? this.#sizeBytes : 0;
  }

  /** The expected chunk is one only if the file ends with it. */
  get endsFile(): boolean {
    return (this.#words[recordAt.size] as number) >= endsFile;
  }

  /**
   * Takes the expected chunk. @param content of `expectedBytes`. @param number it has now. @param keep takes its
   * record when it had another. @returns its id, or undefined when this is other content: then none is expected
   * any more.
   */
  take(content: Uint8Array, number: number, keep: (record: Uint8Array) => void): string | undefined {
    if (this.#isTagOf(content)) return this.#accept(number, keep);
    this.lose();
    return undefined;
  }

  /** The expected chunk cannot be there. */
  lose(): void {
    this.#isExpecting = false;
    this.#startLooking();
  }

  /**
   * A chunk was cut after which the file goes on. Was it there before? Then the one after it is expected.
   * @returns its id, or undefined. Otherwise as `take`.
   */
  meet(content: Uint8Array, number: number, keep: (record: Uint8Array) => void): string | undefined {
    if (this.#ahead === undefined) this.#startLooking();
    else this.#lookAhead(1);
    let tries = 0;
    for (const candidate of this.#ahead ?? []) {
      if (candidate.sizeBytes !== content.length || tries === mostTries) continue;
      tries += 1;
      if (!this.#find(candidate.number) || !this.#isTagOf(content)) continue;
      this.#ahead = undefined;
      this.#before = candidate.number;
      this.#words[recordAt.size] = content.length;
      return this.#accept(number, keep);
    }
    return undefined;
  }

  /** The record of a chunk that was not known; only while none is expected. @returns it, valid until the next call. */
  recordOf(number: number, id: string, content: Uint8Array, isLast: boolean): Uint8Array {
    this.#setKey(number);
    this.#words.set(this.#key);
    this.#words[recordAt.size] = content.length + (isLast ? endsFile : 0);
    this.#bytes.write(id, idAt, 'hex');
    this.#tags.tag(this.#bytes.subarray(tagAt), this.#bytes.subarray(idAt), content);
    return this.#bytes;
  }

  get #sizeBytes(): number {
    return (this.#words[recordAt.size] as number) % endsFile;
  }

  #isTagOf(content: Uint8Array): boolean {
    this.#tags.tag(this.#tag, this.#bytes.subarray(idAt), content);
    return this.#tag.equals(this.#bytes.subarray(tagAt));
  }

  #accept(number: number, keep: (record: Uint8Array) => void): string {
    const id = this.#bytes.toString('hex', idAt, idAt + idBytes);
    if (this.#before !== number) {
      this.#setKey(number);
      this.#words.set(this.#key);
      keep(this.#bytes);
    }
    this.#before += 1;
    this.#isExpecting = this.#find(this.#before);
    return id;
  }

  #startLooking(): void {
    this.#ahead = [];
    this.#nextAhead = this.#before;
    this.#lookAhead(lookAhead);
  }

  /** Some may have been lost. */
  #lookAhead(chunks: number): void {
    for (let more = 0; more < chunks; more++) {
      const number = this.#nextAhead++;
      if (this.#find(number)) this.#ahead?.push({ number, sizeBytes: this.#sizeBytes });
    }
  }

  #find(number: number): boolean {
    this.#setKey(number);
    return this.#tags.find(this.#key, this.#words);
  }

  /** The first word, spread by the golden ratio, finds the bucket: chunks of one file lie far apart. */
  #setKey(number: number): void {
    const [first = 0, second = 0, third = 0] = this.#path;
    this.#key[0] = first + Math.imul(number, 0x9e3779b1);
    this.#key[1] = second;
    this.#key[2] = third + number;
  }
}
