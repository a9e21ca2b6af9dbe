/**
 * Files that were read, appended as they are done, so that a backup that was killed need not read
 * them again: path, numbers of its stat, ids of its chunks. Trusted only for chunks that an index
 * holds. Records are written in groups; the end of the file may be torn, and what is behind a bad group is
 * forgotten.
 */
import { hash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { digestBytes } from '../files/entry-digest.js';

const magic = Buffer.from('gatehouse files 3\n');
/** Of a group: length of its records, and their checksum. */
const groupHeadBytes = 4 + 4;
const keyBytes = 16;
const idBytes = 32;
const countAt = keyBytes + digestBytes;
/** Of a record: path, stat, how many chunks. */
const recordHeadBytes = countAt + 4;
/** Small enough that a kill loses little, large enough that small files do not cost a write each. */
const gatherBytes = 4 * 1024;
/** Bounds memory to about 100 MB; further files are just read again. */
const maxRecords = 1_000_000;

/** @param chunks how many the file has. */
export function sizeOfRecord(chunks: number): number {
  return recordHeadBytes + chunks * idBytes;
}

/** @param record of `sizeOfRecord` bytes. @param digest of its stat, `digestBytes`. @param content ids of its chunks. */
export function fillRecord(record: Buffer, path: Buffer, digest: Buffer, content: readonly string[]): void {
  record.set(keyOfPath(path));
  record.set(digest, keyBytes);
  record.writeUInt32LE(content.length, countAt);
  for (const [at, id] of content.entries()) record.write(id, recordHeadBytes + at * idBytes, 'hex');
}

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
    const head = Buffer.alloc(recordHeadBytes);
    readSync(this.#file, head, 0, recordHeadBytes, place);
    if (!head.subarray(keyBytes, countAt).equals(digestOfStat())) return undefined;
    const ids = Buffer.alloc(head.readUInt32LE(countAt) * idBytes);
    readSync(this.#file, ids, 0, ids.length, place + recordHeadBytes);
    return Array.from({ length: ids.length / idBytes }, (_, at) =>
      ids.toString('hex', at * idBytes, (at + 1) * idBytes),
    );
  }

  add(path: Buffer, digest: Buffer, content: readonly string[]): void {
    const record = Buffer.alloc(sizeOfRecord(content.length));
    fillRecord(record, path, digest, content);
    this.#gather(record);
  }

  /** @param records whole ones; they may change afterwards. */
  addRecords(records: Uint8Array): void {
    this.#gather(Buffer.from(records));
  }

  #gather(records: Buffer): void {
    this.#gathered.push(records);
    this.#gatheredBytes += records.length;
    if (this.#gatheredBytes >= gatherBytes) this.flush();
  }

  /** Hands what was added to the system; enough for a process that is killed. */
  flush(): void {
    if (this.#gatheredBytes === 0) return;
    const bytes = Buffer.concat([Buffer.alloc(groupHeadBytes), ...this.#gathered]);
    bytes.writeUInt32LE(this.#gatheredBytes, 0);
    bytes.writeUInt32LE(checksumOf(bytes.subarray(groupHeadBytes)), 4);
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

/** @returns where the good groups end. */
function readRecords(bytes: Buffer, from: number, places: Map<string, number>): number {
  let at = from;
  while (at + groupHeadBytes <= bytes.length && places.size < maxRecords) {
    const start = at + groupHeadBytes;
    const end = start + bytes.readUInt32LE(at);
    if (end > bytes.length || bytes.readUInt32LE(at + 4) !== checksumOf(bytes.subarray(start, end))) break;
    if (!placeRecords(bytes.subarray(0, end), start, places)) break;
    at = end;
  }
  return at;
}

/** @returns false when they do not end where the group ends. */
function placeRecords(bytes: Buffer, from: number, places: Map<string, number>): boolean {
  let at = from;
  while (at + recordHeadBytes <= bytes.length) {
    places.set(bytes.toString('latin1', at, at + keyBytes), at);
    at += sizeOfRecord(bytes.readUInt32LE(at + countAt));
  }
  return at === bytes.length;
}

function keyOfPath(path: Buffer): Buffer {
  return hash('sha256', path, 'buffer').subarray(0, keyBytes);
}

function checksumOf(records: Buffer): number {
  return hash('sha1', records, 'buffer').readUInt32LE(0);
}
