/**
 * Walks folders and stores them bottom-up: contents first, then the folder's tree. A folder whose
 * entries are remembered as they are keeps its tree; any other is compared with the parent
 * snapshot's. A path that cannot be read is told and left out; a repository that fails ends it all.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FileReading } from '../engine/readings.js';
import type { FoundEntry, Scanner } from '../files/scan.js';
import type { FolderChanges } from '../journal/change-journal.js';
import type { BackupMemory } from '../state/backup-memory.js';
import type { FolderState } from '../state/folder-states.js';
import type { TreeNode } from '../tree/node.js';
import { joinNodes } from '../tree/tree.js';
import { throwIfAborted } from './abort.js';
import type { BlobSink } from './blob-sink.js';
import { EntryArchiver, type EntryArchiverParts } from './entry-archiver.js';
import type { FileQueue } from './file-queue.js';
import { FolderParts } from './folder-parts.js';
import {
  areSame,
  countFiles,
  holdsAsBefore,
  kindOf,
  type StoredFolder,
  type Subfolder,
  type Visit,
} from './folder-visit.js';
import { type Later, later, now } from './later.js';
import type { ParentTrees, PreviousFolder } from './parent-trees.js';

/** Entries looked at in one go; about a millisecond. */
const visitsPerTurn = 200;

export interface ArchiverParts extends EntryArchiverParts {
  readonly scanner: Scanner;
  readonly queue: FileQueue;
  readonly sink: BlobSink;
  readonly parents: ParentTrees;
  readonly memory: BackupMemory;
  /** Knows folders that need not be looked at; without it all are. */
  readonly changes?: FolderChanges | undefined;
  /** All files are read, also those of folders that are remembered as they are. */
  readonly rereads?: boolean;
  readonly signal: AbortSignal;
}

export class Archiver {
  /** For what is no folder. */
  readonly entries: EntryArchiver;
  readonly #parts: ArchiverParts;
  #visited = 0;

  constructor(parts: ArchiverParts) {
    this.#parts = parts;
    this.entries = new EntryArchiver(parts);
  }

  /** A starting point that is a folder, with all that it holds. */
  async storeFolder(entry: FoundEntry, above: PreviousFolder): Promise<Later<string | undefined>> {
    const walked = await this.#walkFolder(entry, entry.stat.dev, this.#previousOf(entry, above));
    return later(walked.value.then((stored) => stored?.tree));
  }

  #previousOf(folder: FoundEntry, above: PreviousFolder): PreviousFolder {
    const known = this.#parts.rereads ? undefined : this.#parts.memory.folder(folder.path)?.tree;
    return above.folder(folder.name.toString('latin1'), known);
  }

  async #walkFolder(
    folder: FoundEntry,
    device: bigint,
    previous: PreviousFolder,
  ): Promise<Later<StoredFolder | undefined>> {
    const { memory, tally, parents } = this.#parts;
    const passed = this.#passOver(folder);
    if (passed !== undefined) return now(passed);
    const errorsBefore = tally.errorCount;
    const entries = this.#list(folder, device);
    if (entries === undefined) return now(undefined);
    const digest = memory.digest(entries);
    const below = { files: 0, folders: 0, bytes: 0 };
    const visit = { folder, device, entries, digest, previous, errorsBefore, below };
    const state = memory.folder(folder.path);
    if (state === undefined || digest?.equals(state.digest) !== true || !parents.hasTree(state.tree))
      return this.#walkUnknown(visit);
    return this.#parts.rereads ? this.#reread(visit, state) : this.#walkKnown(visit, state);
  }

  /** A folder in which, and below which, nothing has happened since the parent snapshot. */
  #passOver(folder: FoundEntry): StoredFolder | undefined {
    const { changes, memory, parents, tally } = this.#parts;
    if (this.#parts.rereads || changes?.isUnchanged(folder.path.toString('latin1')) !== true)
      return undefined;
    const state = memory.sureFolder(folder.path);
    if (state === undefined || !parents.hasTree(state.tree)) return undefined;
    memory.passOver();
    tally.keptBelow(folder.path, state.below);
    return { tree: state.tree, isSame: true, below: state.below };
  }

  /** Nothing but folders further down can have changed. */
  async #walkKnown(visit: Visit, state: FolderState): Promise<Later<StoredFolder | undefined>> {
    const { tally } = this.#parts;
    const folders: Subfolder[] = [];
    for (const entry of visit.entries) {
      if (this.#isTurnOver()) await this.#breathe();
      if (entry.stat.isDirectory()) folders.push({ entry, walked: await this.#walkBelow(entry, visit) });
      else tally.kept(entry, entry.stat.isFile() ? 'file' : 'other', Number(entry.stat.size));
    }
    return later(this.#finishKnown(visit, state, folders));
  }

  async #finishKnown(
    visit: Visit,
    { tree, contents }: FolderState,
    folders: readonly Subfolder[],
  ): Promise<StoredFolder | undefined> {
    if (!(await areSame(folders))) return this.#mendKnown(visit, folders);
    for (const { entry } of folders) this.#parts.tally.kept(entry, 'folder', 0);
    return this.#remember(visit, tree, true, contents);
  }

  /** The parent snapshot's nodes, with the folders as they are now. */
  async #mendKnown(visit: Visit, folders: readonly Subfolder[]): Promise<StoredFolder | undefined> {
    const before = await visit.previous.nodes();
    // Its trees are the parent snapshot's own, so that it has them; else the file is read after all.
    const previousOf = ({ name }: FoundEntry) => before.get(name.toString('latin1'));
    const add = (entry: FoundEntry, parts: FolderParts) => {
      const node = previousOf(entry);
      if (node === undefined) this.#store(entry, undefined, parts);
      else if (entry.stat.isFile()) parts.addFile(node);
      else parts.add(node);
    };
    const parts = this.#partsOf(visit, folders, add, previousOf);
    this.#parts.queue.flush();
    return this.#finishUnknown(visit, parts);
  }

  /** A folder that looks as it is remembered, all of whose files are read. */
  async #reread(visit: Visit, state: FolderState): Promise<Later<StoredFolder | undefined>> {
    const folders: Subfolder[] = [];
    const readings: Promise<FileReading>[] = [];
    for (const entry of visit.entries) {
      if (this.#isTurnOver()) await this.#breathe();
      if (entry.stat.isDirectory()) folders.push({ entry, walked: await this.#walkBelow(entry, visit) });
      else if (entry.stat.isFile()) readings.push(later(this.#parts.files.read(entry)).value);
    }
    return later(this.#finishReread(visit, state, folders, readings));
  }

  /** Keeps its tree when its files hold what they held: they need not be described again then. */
  async #finishReread(
    visit: Visit,
    { tree, contents }: FolderState,
    folders: readonly Subfolder[],
    readings: readonly Promise<FileReading>[],
  ): Promise<StoredFolder | undefined> {
    const { tally } = this.#parts;
    const areFoldersSame = await areSame(folders);
    const found = visit.entries.filter(({ stat }) => stat.isFile());
    const read = new Map((await Promise.all(readings)).map((reading, at) => [found[at], reading]));
    if (areFoldersSame && holdsAsBefore(read, contents)) {
      for (const entry of visit.entries) tally.reread(entry, kindOf(entry), Number(entry.stat.size));
      return this.#remember(visit, tree, true, contents);
    }
    const parts = this.#partsOf(visit, folders, (entry, all) => {
      const reading = read.get(entry);
      if (reading === undefined) this.#store(entry, undefined, all);
      else all.addFile(this.entries.storeRead(entry, reading));
    });
    return this.#finishUnknown(visit, parts);
  }

  /** Folders from what is stored of them, all else by `add`. */
  #partsOf(
    visit: Visit,
    folders: readonly Subfolder[],
    add: (entry: FoundEntry, parts: FolderParts) => void,
    previousOf: (entry: FoundEntry) => TreeNode | undefined = () => undefined,
  ): FolderParts {
    const walked = new Map(folders.map((folder) => [folder.entry, folder.walked]));
    const parts = new FolderParts(countFiles(visit.entries));
    for (const entry of visit.entries) {
      const folder = walked.get(entry);
      if (folder !== undefined) parts.add(this.#nodeLater(entry, folder, previousOf(entry)));
      else add(entry, parts);
    }
    return parts;
  }

  async #walkUnknown(visit: Visit): Promise<Later<StoredFolder | undefined>> {
    const before = await visit.previous.nodes();
    const parts = new FolderParts(countFiles(visit.entries));
    for (const entry of visit.entries) {
      if (this.#isTurnOver()) await this.#breathe();
      const last = before.get(entry.name.toString('latin1'));
      if (entry.stat.isDirectory())
        parts.add(this.#nodeLater(entry, await this.#walkBelow(entry, visit), last));
      else this.#store(entry, last, parts);
    }
    return later(this.#finishUnknown(visit, parts));
  }

  /** Anything but a folder. */
  #store(entry: FoundEntry, previous: TreeNode | undefined, parts: FolderParts): void {
    if (entry.stat.isFile()) this.#parts.files.store(entry, previous, parts);
    else parts.add(this.entries.store(entry, previous));
  }

  async #nodeLater(
    folder: FoundEntry,
    walked: Later<StoredFolder | undefined>,
    previous: TreeNode | undefined,
  ): Promise<TreeNode | undefined> {
    const stored = await walked.value;
    return stored && this.entries.nodeOf(folder, stored.tree, previous);
  }

  async #walkBelow(entry: FoundEntry, visit: Visit): Promise<Later<StoredFolder | undefined>> {
    const previous = this.#previousOf(entry, visit.previous);
    const walked = await this.#walkFolder(entry, visit.device, previous);
    return later(
      walked.value.then((stored) => {
        visit.below.folders += 1 + (stored?.below.folders ?? 0);
        visit.below.files += stored?.below.files ?? 0;
        visit.below.bytes += stored?.below.bytes ?? 0;
        return stored;
      }),
    );
  }

  async #finishUnknown(visit: Visit, parts: FolderParts): Promise<StoredFolder> {
    const tree = await this.#parts.sink.save('tree', joinNodes(await parts.nodes()));
    const isSame = tree === this.#parts.memory.folder(visit.folder.path)?.tree;
    return this.#remember(visit, tree, isSame, parts.contents.digest());
  }

  #remember(visit: Visit, tree: string, isSame: boolean, contents: Buffer | undefined): StoredFolder {
    const { memory, tally, changes } = this.#parts;
    const { folder, digest, entries, below } = visit;
    let hasOtherNames = false;
    for (const { stat } of entries) {
      if (!stat.isFile()) continue;
      below.files += 1;
      below.bytes += Number(stat.size);
      hasOtherNames ||= stat.nlink > 1n;
    }
    const hadTrouble = tally.errorCount > visit.errorsBefore;
    const isSure = memory.keepFolder(
      { path: folder.path, tree, digest, contents, entries, below },
      hadTrouble,
    );
    if (hasOtherNames || !isSure) changes?.visitAlways(folder.path.toString('latin1'));
    return { tree, isSame, below };
  }

  #list(folder: FoundEntry, device: bigint): FoundEntry[] | undefined {
    const { scanner, tally } = this.#parts;
    try {
      return scanner.entriesNow(folder, device, (path, error) => tally.error(path, error));
    } catch (error) {
      return tally.leaveOut(folder, error);
    }
  }

  /** Without a wait per entry: most entries of most backups have not changed. */
  #isTurnOver(): boolean {
    this.#visited += 1;
    return this.#visited % visitsPerTurn === 0 || this.#parts.queue.isFull;
  }

  /** Lets workers, uploads and signals have their turn, and waits while enough is under way. */
  async #breathe(): Promise<void> {
    const { queue, signal } = this.#parts;
    await nextTurn();
    throwIfAborted(signal);
    if (queue.isFull) await queue.whenRoom();
    throwIfAborted(signal);
  }
}
