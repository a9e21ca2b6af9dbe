/**
 * Tags of the chunks that were read, on disk: a table of buckets, each with room for sixteen records, found by
 * the first word of the record. A memory only, and never trusted: what is lost, torn or out of date fails to
 * match what is read (see `content-tags.ts`), so that no write needs an order or a flush to disk. A bucket that
 * is full loses one of its records.
 */
import { closeSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import type { Closeable } from '../../core/lifecycle.js';

/**
 * Words of a record: three of key, the chunk's size in bytes (0 of no record; `endsFile` added), eight of id,
 * four of tag.
 */
export const recordWords = 16;
export const recordBytes = recordWords * 4;
export const recordAt = { key: 0, size: 3, id: 4, tag: 12 } as const;

const magic = Buffer.from('gatehouse tags 2\n');
const bucketRecords = 16;
const bucketBytes = bucketRecords * recordBytes;
/** Magic, buckets as a power of two, records; as long as a bucket. */
const headBytes = bucketBytes;
const scaleAt = 32;
const countAt = 36;
const firstScale = 10;
const largestScale = 24;
/** Of sixteen places; beyond, too many buckets are full (one in a hundred when they are filled at random). */
const fillPerBucket = 10;
/** Records are held until they are so many, and put in order, so that each stretch of the file is written once. */
const gatherRecords = 16_384;
const stretchBuckets = 256;

interface Head {
  /** Binary logarithm of the number of buckets. */
  readonly scale: number;
  readonly count: number;
}

/** Finds records; for the threads that read files. */
export class TagReader {
  readonly #file: number;
  readonly #head: Head;
  readonly #bucket = Buffer.alloc(bucketBytes);
  readonly #words = wordsOf(this.#bucket);

  private constructor(file: number, head: Head) {
    this.#file = file;
    this.#head = head;
  }

  /** Undefined when there is nothing to find. */
  static open(filePath: string): TagReader | undefined {
    try {
      const file = openSync(filePath, 'r');
      const head = readHead(file);
      if (head !== undefined && head.count > 0) return new TagReader(file, head);
      closeSync(file);
    } catch {
      // Without it everything is hashed.
    }
    return undefined;
  }

  /** Copies the record with this key. @returns false when there is none. */
  find(key: Uint32Array, into: Uint32Array): boolean {
    const at = headBytes + bucketOf(key[0] as number, this.#head.scale) * bucketBytes;
    if (readSync(this.#file, this.#bucket, 0, bucketBytes, at) !== bucketBytes) return false;
    const words = this.#words;
    for (let start = 0; start < words.length; start += recordWords) {
      if (words[start + 1] !== key[1] || words[start + 2] !== key[2] || words[start] !== key[0]) continue;
      if (words[start + recordAt.size] === 0) continue;
      into.set(words.subarray(start, start + recordWords));
      return true;
    }
    return false;
  }
}

/** Takes records in. Whatever fails here ends the keeping of them, and nothing else. */
export class TagTable implements Closeable {
  readonly #filePath: string;
  #file: number | undefined;
  #scale = firstScale;
  #count = 0;
  readonly #gathered = Buffer.alloc(gatherRecords * recordBytes);
  readonly #words = wordsOf(this.#gathered);
  #waiting = 0;

  private constructor(filePath: string) {
    this.#filePath = filePath;
  }

  /** @param most with more records than that, most are of files that are gone: it is begun anew. */
  static open(filePath: string, most = Number.POSITIVE_INFINITY): TagTable {
    const table = new TagTable(filePath);
    table.#quietly(() => {
      table.#file = openExisting(filePath) ?? openSync(filePath, 'w+', 0o600);
      const head = readHead(table.#file);
      if (head !== undefined && head.count <= most) {
        table.#scale = head.scale;
        table.#count = head.count;
      } else {
        table.#startAnew();
      }
    });
    return table;
  }

  /** @param records whole ones, `recordBytes` each. */
  add(records: Uint8Array): void {
    for (let at = 0; at < records.length; ) {
      const some = records.subarray(at, at + (gatherRecords - this.#waiting) * recordBytes);
      this.#gathered.set(some, this.#waiting * recordBytes);
      this.#waiting += some.length / recordBytes;
      at += some.length;
      if (this.#waiting === gatherRecords) this.flush();
    }
  }

  /** Hands what was added to the system. */
  flush(): void {
    if (this.#waiting === 0) return;
    this.#quietly(() => {
      while (this.#count + this.#waiting > fillPerBucket << this.#scale && this.#scale < largestScale) {
        this.#double();
      }
      this.#placeAll();
      this.#writeHead();
    });
    this.#waiting = 0;
  }

  async close(): Promise<void> {
    this.flush();
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #quietly(work: () => void): void {
    try {
      work();
    } catch {
      if (this.#file !== undefined) closeSync(this.#file);
      this.#file = undefined;
    }
  }

  #startAnew(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = openSync(this.#filePath, 'w+', 0o600);
    this.#writeHead();
  }

  #writeHead(): void {
    if (this.#file !== undefined) writeHead(this.#file, { scale: this.#scale, count: this.#count });
  }

  /** In the order of their buckets, a stretch of the file at a time. */
  #placeAll(): void {
    const file = this.#file;
    if (file === undefined) return;
    const stretch = Buffer.alloc(Math.min(stretchBuckets, 1 << this.#scale) * bucketBytes);
    let loaded = -1;
    for (const place of inOrder(this.#words, this.#waiting)) {
      const bucket = bucketOf(this.#words[place * recordWords] as number, this.#scale);
      const wanted = Math.floor(bucket / stretchBuckets);
      if (wanted !== loaded) {
        if (loaded >= 0) writeStretch(file, loaded, stretch);
        readStretch(file, wanted, stretch);
        loaded = wanted;
      }
      const from = this.#words.subarray(place * recordWords, (place + 1) * recordWords);
      const start = (bucket - loaded * stretchBuckets) * bucketRecords * recordWords;
      if (put(wordsOf(stretch), start, from)) this.#count += 1;
    }
    if (loaded >= 0) writeStretch(file, loaded, stretch);
  }

  /** Twice the buckets: each one's records go to two, in order, so that both files are passed once. */
  #double(): void {
    const old = this.#file;
    if (old === undefined) return;
    const temporary = `${this.#filePath}.new`;
    const file = openSync(temporary, 'w+', 0o600);
    const from = Buffer.alloc(Math.min(stretchBuckets, 1 << this.#scale) * bucketBytes);
    const to = Buffer.alloc(2 * from.length);
    const source = wordsOf(from);
    const target = wordsOf(to);
    this.#count = 0;
    for (let at = 0; at < bucketBytes << this.#scale; at += from.length) {
      to.fill(0);
      from.fill(0);
      readSync(old, from, 0, from.length, headBytes + at);
      const first = (at / bucketBytes) * 2;
      for (let start = 0; start < source.length; start += recordWords) {
        if (source[start + recordAt.size] === 0) continue;
        const bucket = bucketOf(source[start] as number, this.#scale + 1) - first;
        if (bucket < 0 || bucket >= to.length / bucketBytes) continue; // Torn.
        const record = source.subarray(start, start + recordWords);
        if (put(target, bucket * bucketRecords * recordWords, record)) this.#count += 1;
      }
      writeSync(file, to, 0, to.length, headBytes + 2 * at);
    }
    this.#scale += 1;
    this.#file = file;
    closeSync(old);
    this.#writeHead();
    renameSync(temporary, this.#filePath);
  }
}

function openExisting(filePath: string): number | undefined {
  try {
    return openSync(filePath, 'r+');
  } catch {
    return undefined;
  }
}

function readHead(file: number): Head | undefined {
  const head = Buffer.alloc(headBytes);
  readSync(file, head, 0, headBytes, 0);
  const scale = head.readUInt32LE(scaleAt);
  const isOurs = head.subarray(0, magic.length).equals(magic) && scale >= firstScale && scale <= largestScale;
  return isOurs ? { scale, count: head.readUInt32LE(countAt) } : undefined;
}

function writeHead(file: number, { scale, count }: Head): void {
  const head = Buffer.alloc(headBytes);
  head.set(magic);
  head.writeUInt32LE(scale, scaleAt);
  head.writeUInt32LE(count, countAt);
  writeSync(file, head, 0, headBytes, 0);
}

/** Shorter at the file's end, where nothing was written yet: then the rest is empty. */
function readStretch(file: number, number: number, stretch: Buffer): void {
  stretch.fill(0);
  readSync(file, stretch, 0, stretch.length, headBytes + number * stretchBuckets * bucketBytes);
}

function writeStretch(file: number, number: number, stretch: Buffer): void {
  const written = writeSync(
    file,
    stretch,
    0,
    stretch.length,
    headBytes + number * stretchBuckets * bucketBytes,
  );
  if (written !== stretch.length) throw new Error('the table of tags could not be written');
}

/** Places of the records by bucket. */
function inOrder(words: Uint32Array, records: number): Iterable<number> {
  const order = new Float64Array(records);
  for (let place = 0; place < records; place++) {
    order[place] = (words[place * recordWords] as number) * gatherRecords + place;
  }
  return Array.from(order.sort(), (value) => value % gatherRecords);
}

/** Over the record of the same key, else into a free place, else over any. @returns whether there is one more. */
function put(words: Uint32Array, start: number, record: Uint32Array): boolean {
  let free = -1;
  for (let at = start; at < start + bucketRecords * recordWords; at += recordWords) {
    if (words[at + recordAt.size] === 0) {
      if (free < 0) free = at;
    } else if (words[at] === record[0] && words[at + 1] === record[1] && words[at + 2] === record[2]) {
      words.set(record, at);
      return false;
    }
  }
  const evicted = start + ((record[recordAt.tag] as number) % bucketRecords) * recordWords;
  words.set(record, free < 0 ? evicted : free);
  return free >= 0;
}

function bucketOf(word: number, scale: number): number {
  return word >>> (32 - scale);
}

function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
