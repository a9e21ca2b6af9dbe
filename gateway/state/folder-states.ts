/**
 * What this machine remembers of a snapshot that it made: for each folder a digest of its entries, one of what
 * its files hold, and the id of its tree, so that an unchanged folder is known without loading the snapshot's trees.
 * A memory only: it is checksummed, belongs to one snapshot, and to lose it costs time.
 */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { digestBytes } from '../files/entry-digest.js';

const magic = Buffer.from('gatehouse folders 3\n');
const keyBytes = 16;
const idBytes = 32;
const treeAt = keyBytes + digestBytes;
const contentsAt = treeAt + idBytes;
const belowAt = contentsAt + idBytes;
const recordBytes = belowAt + 16;
const checksumBytes = 32;
const countBytes = 8;

/** All that lies below a folder, at any depth. */
export interface Below {
  readonly files: number;
  readonly folders: number;
  /** Sum of the files' sizes. */
  readonly bytes: number;
}

export interface FolderState {
  /** All zero when the entries cannot be relied on. */
  readonly digest: Buffer;
  /** Id of the folder's tree. */
  readonly tree: string;
  /** See `FolderContents`; all zero when it is not known. */
  readonly contents: Buffer;
  readonly below: Below;
}

export interface NewFolderState {
  readonly path: Buffer;
  /** Undefined when the entries cannot be relied on. */
  readonly digest: Buffer | undefined;
  readonly tree: string;
  /** Undefined when it is not known. */
  readonly contents: Buffer | undefined;
  readonly below: Below;
}

/** What the states are true of; any difference makes them void. */
export interface StatesOf {
  readonly repository: string;
  readonly snapshot: string;
  /** How nodes are made: accounts, attributes, access times. */
  readonly describing: string;
}

/** Room for an open-addressed table with a third of it free. */
function slotsFor(count: number): number {
  return Math.ceil(count * 1.5) + 1;
}

function keyOfPath(path: Buffer): Buffer {
  return hash('sha256', path, 'buffer').subarray(0, keyBytes);
}

export class FolderStates {
  readonly #table: Buffer;
  readonly #slots: number;

  private constructor(table: Buffer) {
    this.#table = table;
    this.#slots = table.length / recordBytes;
  }

  /** Remembers nothing. */
  static none(): FolderStates {
    return new FolderStates(Buffer.alloc(0));
  }

  /**
   * @param hasPack must be true of every pack that was there then: all contents are still stored.
   * @returns undefined when the file is not there, damaged, or true of something else.
   */
  static async load(
    filePath: string,
    of: StatesOf,
    hasPack: (packId: string) => boolean,
  ): Promise<FolderStates | undefined> {
    const bytes = await readFile(filePath).catch(() => undefined);
    const body = bytes && intactBody(bytes, describe(of));
    if (body === undefined) return undefined;
    const packs = body.readUInt32LE(0);
    const tableAt = countBytes + packs * idBytes;
    for (let at = countBytes; at < tableAt; at += idBytes) {
      if (!hasPack(body.toString('hex', at, at + idBytes))) return undefined;
    }
    return new FolderStates(body.subarray(tableAt));
  }

  *records(): Iterable<Buffer> {
    for (let at = 0; at < this.#table.length; at += recordBytes) {
      const record = this.#table.subarray(at, at + recordBytes);
      if (!isEmpty(record)) yield record;
    }
  }

  find(path: Buffer): FolderState | undefined {
    if (this.#slots === 0) return undefined;
    const key = keyOfPath(path);
    for (let slot = key.readUInt32LE(0) % this.#slots; ; slot = (slot + 1) % this.#slots) {
      const at = slot * recordBytes;
      const record = this.#table.subarray(at, at + recordBytes);
      if (isEmpty(record)) return undefined;
      if (key.compare(record, 0, keyBytes) === 0) {
        return stateOf(record);
      }
    }
  }
}

function stateOf(record: Buffer): FolderState {
  const below = {
    files: record.readUInt32LE(belowAt),
    folders: record.readUInt32LE(belowAt + 4),
    bytes: record.readDoubleLE(belowAt + 8),
  };
  return {
    digest: record.subarray(keyBytes, treeAt),
    tree: record.toString('hex', treeAt, contentsAt),
    contents: record.subarray(contentsAt, belowAt),
    below,
  };
}

/** Gathers the states of a new snapshot. */
export class FolderStatesWriter {
  #records: Buffer = Buffer.alloc(1024 * recordBytes);
  #count = 0;

  add({ path, digest, tree, contents, below }: NewFolderState): void {
    const at = this.#room();
    this.#records.set(keyOfPath(path), at);
    if (digest !== undefined) this.#records.set(digest, at + keyBytes);
    this.#records.write(tree, at + treeAt, 'hex');
    if (contents !== undefined) this.#records.set(contents, at + contentsAt);
    this.#records.writeUInt32LE(below.files, at + belowAt);
    this.#records.writeUInt32LE(below.folders, at + belowAt + 4);
    this.#records.writeDoubleLE(below.bytes, at + belowAt + 8);
  }

  /** Takes over what was remembered of folders that were not looked at. Some may be gone; they harm nobody. */
  inherit(states: FolderStates): void {
    const own = new Set<string>();
    for (let at = 0; at < this.#count * recordBytes; at += recordBytes) {
      own.add(this.#records.toString('latin1', at, at + keyBytes));
    }
    for (const record of states.records()) {
      if (!own.has(record.toString('latin1', 0, keyBytes))) this.#records.set(record, this.#room());
    }
  }

  /** Where the next record goes. */
  #room(): number {
    if ((this.#count + 1) * recordBytes > this.#records.length) {
      this.#records = Buffer.concat([this.#records, Buffer.alloc(this.#records.length)]);
    }
    this.#count += 1;
    return (this.#count - 1) * recordBytes;
  }

  /** The file's bytes. */
  encode(of: StatesOf, packIds: readonly string[]): Buffer {
    const counts = Buffer.alloc(countBytes);
    counts.writeUInt32LE(packIds.length, 0);
    const packs = Buffer.from(packIds.join(''), 'hex');
    const whole = Buffer.concat([magic, describe(of), counts, packs, this.#table()]);
    return Buffer.concat([whole, hash('sha256', whole, 'buffer')]);
  }

  #table(): Buffer {
    const slots = slotsFor(this.#count);
    const table = Buffer.alloc(slots * recordBytes);
    for (let number = 0; number < this.#count; number++) {
      const record = this.#records.subarray(number * recordBytes, (number + 1) * recordBytes);
      let slot = record.readUInt32LE(0) % slots;
      while (!isEmpty(table.subarray(slot * recordBytes, (slot + 1) * recordBytes)))
        slot = (slot + 1) % slots;
      table.set(record, slot * recordBytes);
    }
    return table;
  }
}

/** No hash of a path is zero in its first eight bytes. */
function isEmpty(record: Buffer): boolean {
  return record.readDoubleLE(0) === 0 && record.readUInt32LE(0) === 0;
}

function describe({ repository, snapshot, describing }: StatesOf): Buffer {
  return Buffer.from(hash('sha256', `${repository} ${snapshot} ${describing}`, 'hex'), 'hex');
}

function intactBody(bytes: Buffer, described: Buffer): Buffer | undefined {
  const bodyAt = magic.length + described.length;
  const end = bytes.length - checksumBytes;
  if (end < bodyAt + countBytes || !bytes.subarray(0, magic.length).equals(magic)) return undefined;
  if (!bytes.subarray(magic.length, bodyAt).equals(described)) return undefined;
  const checksum = hash('sha256', bytes.subarray(0, end), 'buffer');
  return checksum.equals(bytes.subarray(end)) ? bytes.subarray(bodyAt, end) : undefined;
}
