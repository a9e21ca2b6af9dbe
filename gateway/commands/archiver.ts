/**
 * Walks folders and stores them bottom-up: contents first, then the folder's tree. A folder whose
 * entries are remembered as they are keeps its tree; any other is compared with the parent
 * snapshot's. A path that cannot be read is told and left out; a repository that fails ends it all.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { hasCode } from '../../core/errors.js';
import { type Describer, describeEntry } from '../files/describe.js';
import type { FoundEntry, Scanner } from '../files/scan.js';
import type { FolderChanges } from '../journal/change-journal.js';
import type { BackupMemory } from '../state/backup-memory.js';
import type { Below } from '../state/folder-states.js';
import type { TreeNode } from '../tree/node.js';
import { encodeNode, joinNodes } from '../tree/tree.js';
import { throwIfAborted } from './abort.js';
import type { BackupTally } from './backup-tally.js';
import type { BlobSink } from './blob-sink.js';
import type { FileArchiver } from './file-archiver.js';
import type { FileQueue } from './file-queue.js';
import { type Later, later, now, quiet } from './later.js';
import type { ParentTrees, PreviousFolder } from './parent-trees.js';

/** Entries looked at in one go; about a millisecond. */
const visitsPerTurn = 200;

/** A folder that is stored. */
interface StoredFolder {
  readonly tree: string;
  /** Its tree is the parent snapshot's. */
  readonly isSame: boolean;
  readonly below: Below;
}

type Part = TreeNode | undefined | Promise<TreeNode | undefined>;
/** As it will stand in the folder's tree: of folders with many thousands of entries all are held. */
type Encoded = Buffer | undefined | Promise<Buffer | undefined>;

/** A folder under way: what it holds, what is remembered of it, what the parent snapshot has. */
interface Visit {
  readonly folder: FoundEntry;
  readonly device: bigint;
  readonly entries: readonly FoundEntry[];
  readonly digest: Buffer | undefined;
  readonly previous: PreviousFolder;
  /** Complaints so far: when more come, the folder is not remembered. */
  readonly errorsBefore: number;
  /** Grows as what lies further down is done. */
  readonly below: { files: number; folders: number; bytes: number };
}

export interface ArchiverParts {
  readonly scanner: Scanner;
  readonly describer: Describer;
  readonly files: FileArchiver;
  readonly queue: FileQueue;
  readonly sink: BlobSink;
  readonly parents: ParentTrees;
  readonly memory: BackupMemory;
  /** Knows folders that need not be looked at; without it all are. */
  readonly changes?: FolderChanges | undefined;
  readonly tally: BackupTally;
  readonly signal: AbortSignal;
}

export class Archiver {
  readonly #parts: ArchiverParts;
  #visited = 0;

  constructor(parts: ArchiverParts) {
    this.#parts = parts;
  }

  /** A starting point that is a folder, with all that it holds. */
  async storeFolder(entry: FoundEntry, above: PreviousFolder): Promise<Later<string | undefined>> {
    const walked = await this.#walkFolder(entry, entry.stat.dev, this.#previousOf(entry, above));
    return later(walked.value.then((stored) => stored?.tree));
  }

  #previousOf(folder: FoundEntry, above: PreviousFolder): PreviousFolder {
    return above.folder(folder.name.toString('latin1'), this.#parts.memory.folder(folder.path)?.tree);
  }

  /** Anything but a folder. Known nodes come at once, those of files that are read come later. */
  storeEntry(entry: FoundEntry, previous: TreeNode | undefined): Part {
    try {
      const node = entry.stat.isFile()
        ? this.#parts.files.store(entry, previous)
        : this.#storeOther(entry, previous);
      return node instanceof Promise ? node.catch((error) => this.#leaveOut(entry, error)) : node;
    } catch (error) {
      return this.#leaveOut(entry, error);
    }
  }

  /** @throws `error` unless it concerns this path alone. */
  #leaveOut(entry: FoundEntry, error: unknown): undefined {
    if (!hasCode(error, 'FILE_FAILED')) throw error;
    this.#parts.tally.error(entry.path, error);
    return undefined;
  }

  #storeOther(entry: FoundEntry, previous: TreeNode | undefined): TreeNode {
    const node = describeEntry(entry, this.#parts.describer);
    this.#parts.tally.item(entry, node, previous);
    return node;
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
    const visit: Visit = { folder, device, entries, digest, previous, errorsBefore, below };
    const state = memory.folder(folder.path);
    const isKnown =
      state !== undefined && digest?.equals(state.digest) === true && parents.hasTree(state.tree);
    return isKnown ? this.#walkKnown(visit, state.tree) : this.#walkUnknown(visit);
  }

  /** A folder in which, and below which, nothing has happened since the parent snapshot. */
  #passOver(folder: FoundEntry): StoredFolder | undefined {
    const { changes, memory, parents, tally } = this.#parts;
    if (changes?.isUnchanged(folder.path.toString('latin1')) !== true) return undefined;
    const state = memory.sureFolder(folder.path);
    if (state === undefined || !parents.hasTree(state.tree)) return undefined;
    memory.passOver();
    tally.keptBelow(folder.path, state.below);
    return { tree: state.tree, isSame: true, below: state.below };
  }

  /** Nothing but folders further down can have changed. */
  async #walkKnown(visit: Visit, tree: string): Promise<Later<StoredFolder | undefined>> {
    const { tally } = this.#parts;
    const folders: { readonly entry: FoundEntry; readonly walked: Later<StoredFolder | undefined> }[] = [];
    for (const entry of visit.entries) {
      if (this.#isTurnOver()) await this.#breathe();
      if (entry.stat.isDirectory()) {
        folders.push({ entry, walked: await this.#walkBelow(entry, visit) });
      } else {
        tally.kept(entry, entry.stat.isFile() ? 'file' : 'other', Number(entry.stat.size));
      }
    }
    return later(this.#finishKnown(visit, tree, folders));
  }

  async #finishKnown(
    visit: Visit,
    tree: string,
    folders: readonly { readonly entry: FoundEntry; readonly walked: Later<StoredFolder | undefined> }[],
  ): Promise<StoredFolder | undefined> {
    const stored = await Promise.all(folders.map(({ walked }) => walked.value));
    if (!stored.every((folder) => folder?.isSame === true)) return this.#mendKnown(visit, folders);
    for (const { entry } of folders) this.#parts.tally.kept(entry, 'folder', 0);
    return this.#remember(visit, tree, true);
  }

  /** The parent snapshot's nodes, with the folders as they are now. */
  async #mendKnown(
    visit: Visit,
    folders: readonly { readonly entry: FoundEntry; readonly walked: Later<StoredFolder | undefined> }[],
  ): Promise<StoredFolder | undefined> {
    const before = await visit.previous.nodes();
    const walked = new Map(folders.map((folder) => [folder.entry, folder.walked]));
    const parts = visit.entries.map((entry): Encoded => {
      const previous = before.get(entry.name.toString('latin1'));
      const folder = walked.get(entry);
      if (folder !== undefined) {
        return encoded(folder.value.then((stored) => stored && this.nodeOf(entry, stored.tree, previous)));
      }
      // Its trees are the parent snapshot's own, so that it has them; else the file is read after all.
      return encoded(previous ?? this.storeEntry(entry, undefined));
    });
    this.#parts.queue.flush();
    return this.#finishUnknown(visit, parts);
  }

  async #walkUnknown(visit: Visit): Promise<Later<StoredFolder | undefined>> {
    const before = await visit.previous.nodes();
    const parts: Encoded[] = [];
    for (const entry of visit.entries) {
      if (this.#isTurnOver()) await this.#breathe();
      const last = before.get(entry.name.toString('latin1'));
      if (entry.stat.isDirectory())
        parts.push(quiet(encoded((await this.#walkInto(entry, visit, last)).value)));
      else parts.push(quiet(encoded(this.storeEntry(entry, last))));
    }
    return later(this.#finishUnknown(visit, parts));
  }

  async #walkInto(
    entry: FoundEntry,
    visit: Visit,
    last: TreeNode | undefined,
  ): Promise<Later<TreeNode | undefined>> {
    const walked = await this.#walkBelow(entry, visit);
    return later(walked.value.then((stored) => stored && this.nodeOf(entry, stored.tree, last)));
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

  async #finishUnknown(visit: Visit, parts: readonly Encoded[]): Promise<StoredFolder> {
    const nodes = (await Promise.all(parts)).filter((node) => node !== undefined);
    const tree = await this.#parts.sink.save('tree', joinNodes(nodes));
    return this.#remember(visit, tree, tree === this.#parts.memory.folder(visit.folder.path)?.tree);
  }

  #remember(visit: Visit, tree: string, isSame: boolean): StoredFolder {
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
    const isSure = memory.keepFolder({ path: folder.path, tree, digest, entries, below }, hadTrouble);
    if (hasOtherNames || !isSure) changes?.visitAlways(folder.path.toString('latin1'));
    return { tree, isSame, below };
  }

  #list(folder: FoundEntry, device: bigint): FoundEntry[] | undefined {
    const { scanner, tally } = this.#parts;
    try {
      return scanner.entriesNow(folder, device, (path, error) => tally.error(path, error));
    } catch (error) {
      return this.#leaveOut(folder, error);
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

  /** The node of a folder whose tree is stored. */
  nodeOf(folder: FoundEntry, subtree: string, previous: TreeNode | undefined): TreeNode {
    const node = { ...describeEntry(folder, this.#parts.describer), subtree };
    this.#parts.tally.item(folder, node, previous);
    return node;
  }
}

function encoded(part: Part): Encoded {
  if (part instanceof Promise) return part.then((node) => node && encodeNode(node));
  return part && encodeNode(part);
}
