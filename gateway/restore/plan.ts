/**
 * What a restore will do, as a value: every entry with what happens to it, every stored chunk that
 * must be fetched with the places that it goes to, and what is deleted. Compact: about 100 bytes
 * per file and 20 per chunk. Parents have lower numbers than what is in them; 0 is the target.
 */
import { joinPath } from '../files/path-bytes.js';
import {
  decodeRecord,
  type EntryRecord,
  encodeRecord,
  kindInRecord,
  nameInRecord,
  parentInRecord,
  type RecordParts,
  sizeInRecord,
} from './entry-record.js';
import { GrowingFloats, GrowingWords, RecordHeap } from './growing.js';
import { type Action, actions, type Kind } from './kinds.js';

/** Folder paths kept for the next entry of the same folder. */
const pathsKept = 512;

/** A stored chunk of a file. */
export interface Chunk {
  readonly id: string;
  readonly packId: string;
  readonly packOffset: number;
  /** Plain. */
  readonly sizeBytes: number;
}

/** 32 bytes for each. */
export function chunkIds(chunks: readonly Chunk[]): Uint8Array {
  return new Uint8Array(Buffer.from(chunks.map(({ id }) => id).join(''), 'hex'));
}

export interface Deletion {
  /** In the snapshot's terms, without a leading slash. */
  readonly path: Buffer;
  readonly isFolder: boolean;
}

export class RestorePlan {
  /** Absolute, or relative to the working folder. */
  readonly target: Buffer;
  readonly packIds: string[] = [];
  readonly deletions: Deletion[] = [];
  readonly #records = new RecordHeap();
  readonly #actions = new GrowingWords();
  /** Folders that exist in the snapshot only on the way to something: their metadata stay. */
  readonly #bare = new Set<number>();
  /** Chunks to fetch: pack number, offset in the pack, entry, offset in the file. */
  readonly #refPacks = new GrowingWords();
  readonly #refOffsets = new GrowingWords();
  readonly #refEntries = new GrowingWords();
  readonly #refPlaces = new GrowingFloats();
  readonly #packNumbers = new Map<string, number>();
  readonly #paths = new Map<number, Buffer>();

  constructor(target: Buffer) {
    this.target = target;
  }

  get entryCount(): number {
    return this.#records.count;
  }

  get chunkCount(): number {
    return this.#refPacks.length;
  }

  /** @param bare leave its metadata as they are. @returns its number. @throws RangeError for impossible numbers. */
  add(parts: RecordParts, action: Action, bare = false): number {
    const entry = this.#records.add(encodeRecord(parts));
    this.#actions.push(action);
    if (bare) this.#bare.add(entry);
    return entry;
  }

  /** A chunk of a file that must be fetched. */
  addChunk(entry: number, packId: string, packOffset: number, fileOffset: number): void {
    let pack = this.#packNumbers.get(packId);
    if (pack === undefined) {
      pack = this.packIds.push(packId) - 1;
      this.#packNumbers.set(packId, pack);
    }
    this.#refPacks.push(pack);
    this.#refOffsets.push(packOffset);
    this.#refEntries.push(entry);
    this.#refPlaces.push(fileOffset);
  }

  chunk(ref: number): { pack: number; packOffset: number; entry: number; fileOffset: number } {
    return {
      pack: this.#refPacks.at(ref),
      packOffset: this.#refOffsets.at(ref),
      entry: this.#refEntries.at(ref),
      fileOffset: this.#refPlaces.at(ref),
    };
  }

  packOffsetOf(ref: number): number {
    return this.#refOffsets.at(ref);
  }

  packOfChunk(ref: number): number {
    return this.#refPacks.at(ref);
  }

  entryOfChunk(ref: number): number {
    return this.#refEntries.at(ref);
  }

  actionOf(entry: number): Action {
    return this.#actions.at(entry) as Action;
  }

  setAction(entry: number, action: Action): void {
    this.#actions.set(entry, action);
  }

  isBare(entry: number): boolean {
    return this.#bare.has(entry);
  }

  recordOf(entry: number): Buffer {
    return this.#records.at(entry);
  }

  entry(entry: number): EntryRecord {
    return decodeRecord(this.#records.at(entry));
  }

  kindOf(entry: number): Kind {
    return kindInRecord(this.#records.at(entry));
  }

  sizeOf(entry: number): number {
    return sizeInRecord(this.#records.at(entry));
  }

  parentOf(entry: number): number {
    return parentInRecord(this.#records.at(entry));
  }

  nameOf(entry: number): Buffer {
    return nameInRecord(this.recordOf(entry));
  }

  /** Where the entry goes on disk. */
  diskPath(entry: number): Buffer {
    return entry === 0 ? this.target : joinPath(this.target, this.path(entry));
  }

  /** In the snapshot's terms, without a leading slash; empty for the target itself. */
  path(entry: number): Buffer {
    if (entry === 0) return Buffer.alloc(0);
    const kept = this.#paths.get(entry);
    if (kept !== undefined) return kept;
    const names: Buffer[] = [];
    for (let above = entry; above !== 0; above = this.parentOf(above))
      names.push(nameInRecord(this.recordOf(above)));
    return names.reverse().reduce(joinPath, Buffer.alloc(0));
  }

  /** As `path`, remembered for the next entry in the same folder. */
  folderPath(entry: number): Buffer {
    const kept = this.#paths.get(entry);
    if (kept !== undefined) return kept;
    const path = this.path(entry);
    if (this.#paths.size >= pathsKept) this.#paths.clear();
    this.#paths.set(entry, path);
    return path;
  }

  /** Does this folder, or one above it, count as failed? */
  isBelowFailure(entry: number): boolean {
    for (let above = entry; above !== 0; above = this.parentOf(above)) {
      if (this.actionOf(above) === actions.failed) return true;
    }
    return this.actionOf(0) === actions.failed;
  }
}
