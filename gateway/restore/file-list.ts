/** The files of a content job as bytes: made on the restoring thread, read by a worker. */
import { decodeRecord, type EntryRecord } from './entry-record.js';
import type { Action } from './kinds.js';

export interface JobFile {
  readonly entry: number;
  readonly action: Action;
  /** Nothing of it is fetched: it is finished as it is. */
  readonly finishNow: boolean;
  /** Where it goes. */
  readonly path: Buffer;
  readonly record: EntryRecord;
}

const headBytes = 16;

export class FileListWriter {
  #bytes = Buffer.allocUnsafeSlow(64 * 1024);
  #used = 0;
  count = 0;

  /** @returns its number in the list. */
  add(entry: number, action: Action, finishNow: boolean, path: Buffer, record: Buffer): number {
    this.#makeRoom(headBytes + path.length + record.length);
    const bytes = this.#bytes;
    let at = bytes.writeUInt32LE(entry, this.#used);
    at = bytes.writeUInt16LE(action, at);
    at = bytes.writeUInt16LE(finishNow ? 1 : 0, at);
    at = bytes.writeUInt32LE(path.length, at);
    at = bytes.writeUInt32LE(record.length, at);
    bytes.set(path, at);
    bytes.set(record, at + path.length);
    this.#used = at + path.length + record.length;
    return this.count++;
  }

  get sizeBytes(): number {
    return this.#used;
  }

  /** The list, in a buffer of its own. */
  take(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#used));
  }

  #makeRoom(sizeBytes: number): void {
    if (this.#used + sizeBytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#used + sizeBytes));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
  }
}

export function readFileList(list: Uint8Array): JobFile[] {
  const bytes = Buffer.from(list.buffer, list.byteOffset, list.length);
  const files: JobFile[] = [];
  for (let at = 0; at < bytes.length; ) {
    const pathEnd = at + headBytes + bytes.readUInt32LE(at + 8);
    const end = pathEnd + bytes.readUInt32LE(at + 12);
    files.push({
      entry: bytes.readUInt32LE(at),
      action: bytes.readUInt16LE(at + 4) as Action,
      finishNow: bytes.readUInt16LE(at + 6) === 1,
      path: bytes.subarray(at + headBytes, pathEnd),
      record: decodeRecord(bytes.subarray(pathEnd, end)),
    });
    at = end;
  }
  return files;
}
