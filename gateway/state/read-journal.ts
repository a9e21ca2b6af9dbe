/**
 * Files that were read, appended as they are done, so that a backup that was killed need not read
 * them again: path, numbers of its stat, ids of its chunks. Trusted only for chunks that an index
 * holds. The end of the file may be torn; what is behind a bad record is forgotten.
 */
import { hash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { digestBytes } from '../files/entry-digest.js';

const magic = Buffer.from('gatehouse files 2\n');
const keyBytes = 16;
const idBytes = 32;
/** Length of the record, checksum, path, stat. */
const headBytes = 4 + 4 + keyBytes + digestBytes;
/** Small enough that a kill loses little, large enough that small files do not cost a write each. */
const gatherBytes = 4 * 1024;
/** Bounds memory to about 100 MB; further files are just read again. */
const maxRecords = 1_000_000;

export class ReadJournal {
  readonly #file: number;
  /** Where the record of a path begins. */
  readonly #places: Map<string, number>;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #end: number;

  private constructor(file: number, places: Map<string, number>, end: number) {
    this.#file = file;
    this.#places = places;
    this.#end = end;
  }

  /** Opens or begins the journal of these files; one of another repository is begun anew. */
  static async open(filePath: string, repository: string): Promise<ReadJournal> {
    const begin = Buffer.concat([magic, Buffer.from(`${repository}\n`)]);
    const bytes = await readFile(filePath).catch(() => Buffer.alloc(0));
    const places = new Map<string, number>();
    const isOurs = bytes.subarray(0, begin.length).equals(begin);
    const end = isOurs ? readRecords(bytes, begin.length, places) : 0;
    const file = openSync(filePath, isOurs ? 'r+' : 'w+', 0o600);
    ftruncateSync(file, end);
    if (end === 0) writeSync(file, begin, 0, begin.length, 0);
    return new ReadJournal(file, places, Math.max(end, begin.length));
  }

  /** Ids of the chunks that were read of this path when it had these numbers. */
  find(path: Buffer, digestOfStat: () => Buffer): readonly string[] | undefined {
    if (this.#places.size === 0) return undefined;
    const place = this.#places.get(keyOfPath(path).toString('latin1'));
    if (place === undefined) return undefined;
    const head = Buffer.alloc(headBytes);
    readSync(this.#file, head, 0, headBytes, place);
    if (!head.subarray(8 + keyBytes).equals(digestOfStat())) return undefined;
    const ids = Buffer.alloc(head.readUInt32LE(0) - headBytes);
    readSync(this.#file, ids, 0, ids.length, place + headBytes);
    return Array.from({ length: ids.length / idBytes }, (_, at) =>
      ids.toString('hex', at * idBytes, (at + 1) * idBytes),
    );
  }

  add(path: Buffer, digest: Buffer, content: readonly string[]): void {
    const record = Buffer.alloc(headBytes + content.length * idBytes);
    record.writeUInt32LE(record.length, 0);
    record.set(keyOfPath(path), 8);
    record.set(digest, 8 + keyBytes);
    for (const [at, id] of content.entries()) record.write(id, headBytes + at * idBytes, 'hex');
    record.writeUInt32LE(checksumOf(record), 4);
    this.#gathered.push(record);
    this.#gatheredBytes += record.length;
    if (this.#gatheredBytes >= gatherBytes) this.flush();
  }

  /** Hands what was added to the system; enough for a process that is killed. */
  flush(): void {
    const bytes = Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    for (let at = 0; at < bytes.length; ) {
      at += writeSync(this.#file, bytes, at, bytes.length - at, this.#end + at);
    }
    this.#end += bytes.length;
  }

  /** Forgets everything: a snapshot holds it now. */
  clear(): void {
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#places.clear();
    ftruncateSync(this.#file, 0);
    this.#end = 0;
  }

  close(): void {
    this.flush();
    closeSync(this.#file);
  }
}

/** @returns where the good records end. */
function readRecords(bytes: Buffer, from: number, places: Map<string, number>): number {
  let at = from;
  while (at + headBytes <= bytes.length && places.size < maxRecords) {
    const length = bytes.readUInt32LE(at);
    if (length < headBytes || at + length > bytes.length) break;
    const record = bytes.subarray(at, at + length);
    if (record.readUInt32LE(4) !== checksumOf(record)) break;
    places.set(record.toString('latin1', 8, 8 + keyBytes), at);
    at += length;
  }
  return at;
}

function keyOfPath(path: Buffer): Buffer {
  return hash('sha256', path, 'buffer').subarray(0, keyBytes);
}

/** Over everything behind the checksum and, so that a wrong length shows, to the record's end. */
function checksumOf(record: Buffer): number {
  return hash('sha1', record.subarray(8), 'buffer').readUInt32LE(0);
}
