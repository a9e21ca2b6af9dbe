/**
 * What a backup knows from earlier ones on this machine: the folders of the parent snapshot, and the
 * files that a run read which did not live to its snapshot. Never needed, never trusted over the
 * index: with no folder to keep it in, everything here answers "unknown".
 */
import { hash, randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder } from '../../core/files.js';
import { digestOfEntries, isRacy } from '../files/entry-digest.js';
import type { FileStat } from '../files/packed-stat.js';
import type { FoundEntry } from '../files/scan.js';
import { type FolderState, FolderStates, FolderStatesWriter, type NewFolderState } from './folder-states.js';
import { ReadJournal } from './read-journal.js';

export interface MemoryOptions {
  readonly folder: string;
  readonly repositoryId: string;
  /** What the snapshots of one series have in common: host and paths. */
  readonly series: string;
  /** The snapshot to compare with. */
  readonly parent: string | undefined;
  /** How nodes are made; see `StatesOf`. */
  readonly describing: string;
  readonly withAtime: boolean;
  /** Nothing is read before this time, nanoseconds since 1970. */
  readonly startNs: bigint;
  /** Files that an interrupted run has read count as read. */
  readonly resumes: boolean;
  readonly hasPack: (packId: string) => boolean;
}

export interface KeptFolder extends NewFolderState {
  readonly entries: readonly FoundEntry[];
}

interface Parts {
  readonly options: MemoryOptions;
  readonly states: FolderStates;
  readonly writer: FolderStatesWriter;
  readonly journal: ReadJournal;
  readonly statesPath: string;
  readonly tagsFile: string;
}

export class BackupMemory {
  readonly #parts: Parts | undefined;
  #passedOver = false;

  private constructor(parts: Parts | undefined) {
    this.#parts = parts;
  }

  static none(): BackupMemory {
    return new BackupMemory(undefined);
  }

  /** A folder that cannot be used is no failure: then nothing is remembered. */
  static async open(options: MemoryOptions): Promise<BackupMemory> {
    const { folder, repositoryId, parent, describing, hasPack } = options;
    const series = hash('sha256', options.series, 'hex').slice(0, 16);
    const place = join(folder, repositoryId, 'backups');
    const statesPath = join(place, `folders-${series}`);
    try {
      await makePrivateFolder(place);
      const of = { repository: repositoryId, snapshot: parent ?? '', describing };
      const states = parent === undefined ? undefined : await FolderStates.load(statesPath, of, hasPack);
      const journal = await ReadJournal.open(join(place, `files-${series}`), repositoryId);
      return new BackupMemory({
        options,
        states: states ?? FolderStates.none(),
        writer: new FolderStatesWriter(),
        journal,
        statesPath,
        tagsFile: join(place, 'content-tags'),
      });
    } catch {
      return BackupMemory.none();
    }
  }

  /** For the tags of contents, of all series of this repository. */
  get tagsFile(): string | undefined {
    return this.#parts?.tagsFile;
  }

  /** What the parent snapshot has of a folder, if that is remembered. */
  folder(path: Buffer): FolderState | undefined {
    return this.#parts?.states.find(path);
  }

  /** As `folder`, when its entries can be relied on without being looked at. */
  sureFolder(path: Buffer): FolderState | undefined {
    const state = this.folder(path);
    return state?.digest.some((byte) => byte !== 0) === true ? state : undefined;
  }

  /** Folders that were not looked at are remembered as they are. */
  passOver(): void {
    this.#passedOver = true;
  }

  /** Digest of a folder's entries; undefined when nothing is remembered. */
  digest(entries: readonly FoundEntry[]): Buffer | undefined {
    return this.#parts && digestOfEntries(entries, this.#parts.options.withAtime);
  }

  /**
   * Keeps a folder for the next run. @returns false for one with an entry that is too young, or in
   * trouble: it is looked at again.
   */
  keepFolder(folder: KeptFolder, hadTrouble: boolean): boolean {
    if (this.#parts === undefined) return false;
    const { startNs } = this.#parts.options;
    const { entries, digest } = folder;
    const isUnsure = hadTrouble || entries.some(({ stat }) => isRacy(stat.mtimeNs, stat.ctimeNs, startNs));
    this.#parts.writer.add({ ...folder, digest: isUnsure ? undefined : digest });
    return !isUnsure;
  }

  /** What an interrupted run read of the file, if it is still the same. */
  contentOf(entry: FoundEntry): readonly string[] | undefined {
    if (this.#parts?.options.resumes !== true) return undefined;
    return this.#parts.journal.find(entry.path, () => this.#digestOfFile(entry.path, entry.stat));
  }

  /** Keeps what was read of a file for a run that resumes this one. */
  keepContent(path: Buffer, stat: FileStat, content: readonly string[]): void {
    if (this.#parts === undefined || isRacy(stat.mtimeNs, stat.ctimeNs, this.#parts.options.startNs)) return;
    const { journal } = this.#parts;
    quietly(() => journal.add(path, this.#digestOfFile(path, stat), content));
  }

  /** As `keepContent`, records that were made elsewhere; see `ReadJournal`. */
  keepRecords(records: Uint8Array): void {
    quietly(() => this.#parts?.journal.addRecords(records));
  }

  /** Files as young as this, nanoseconds since 1970, are not kept; undefined when none are. */
  get journalStartNs(): bigint | undefined {
    return this.#parts?.options.startNs;
  }

  /** After the snapshot was saved. A failure costs the next run time, no more. */
  async save(snapshot: string, packIds: Iterable<string>): Promise<void> {
    if (this.#parts === undefined) return;
    const { options, writer, journal, states, statesPath } = this.#parts;
    const of = { repository: options.repositoryId, snapshot, describing: options.describing };
    try {
      if (this.#passedOver) writer.inherit(states);
      const temporary = `${statesPath}.${randomBytes(4).toString('hex')}`;
      await writeFile(temporary, writer.encode(of, [...packIds]), { mode: 0o600 });
      await rename(temporary, statesPath);
      journal.clear();
    } catch {
      // A full disk here must not fail a backup that is complete.
    }
  }

  close(): void {
    quietly(() => this.#parts?.journal.close());
  }

  #digestOfFile(path: Buffer, stat: FileStat): Buffer {
    return digestOfEntries([{ name: path, stat }], false);
  }
}

/** A full disk here must not fail the backup. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // What was not kept is read again.
  }
}
