/**
 * The nodes of regular files: content that nothing shows to have changed is the parent's, all other
 * is read by the engine. Nodes of files that are read come later, in any order.
 */
import { chunksOf } from '../chunker/chunk-stream.js';
import { Chunker } from '../chunker/chunker.js';
import type { ChunkerParameters } from '../chunker/parameters.js';
import type { FileReading } from '../engine/readings.js';
import { type Describer, describeEntry } from '../files/describe.js';
import { isRacy } from '../files/entry-digest.js';
import { fileFailed } from '../files/errors.js';
import { type FoundEntry, pathTextOf } from '../files/scan.js';
import type { BackupMemory } from '../state/backup-memory.js';
import { goMode } from '../tree/file-mode.js';
import type { TreeNode } from '../tree/node.js';
import { decodeNode, type EncodedNode, encodeNode } from '../tree/tree.js';
import { throwIfAborted } from './abort.js';
import type { BackupTally } from './backup-tally.js';
import type { BlobSink } from './blob-sink.js';
import type { FileQueue, QueuedFile } from './file-queue.js';
import type { FilePlace, FolderParts } from './folder-parts.js';
import type { ParentTrees } from './parent-trees.js';

interface ChangeRules {
  readonly force: boolean;
  readonly ignoreCtime: boolean;
  readonly ignoreInode: boolean;
  /** When the parent snapshot's backup began: what is as young as that may have changed unseen. */
  readonly parentStartNs: bigint;
}

export interface FileArchiverParts {
  readonly chunkerParameters: ChunkerParameters;
  readonly describer: Describer;
  readonly sink: BlobSink;
  readonly queue: FileQueue;
  readonly parents: ParentTrees;
  readonly memory: BackupMemory;
  readonly tally: BackupTally;
  readonly rules: ChangeRules;
  readonly signal: AbortSignal;
}

/** What was read of a stream. */
export interface StoredContent {
  readonly sizeBytes: number;
  /** Ids of its chunks in order. */
  readonly content: readonly string[];
}

const changedMeanwhile = 'The file changed while it was read.';

export class FileArchiver {
  readonly #parts: FileArchiverParts;

  constructor(parts: FileArchiverParts) {
    this.#parts = parts;
  }

  /** Adds the node of a file: at once when its content is known, else as soon as it was read. */
  store(entry: FoundEntry, previous: TreeNode | undefined, parts: FolderParts): void {
    const { tally, queue } = this.#parts;
    try {
      const kept = this.keptNode(entry, previous);
      if (kept !== undefined) parts.addFile(kept);
      else queue.add(new FileToStore(this, entry, previous, parts));
    } catch (error) {
      parts.addFile(tally.leaveOut(entry, error));
    }
  }

  /** The node of a file whose content is known without reading it. */
  keptNode(entry: FoundEntry, previous: TreeNode | undefined): TreeNode | undefined {
    const { describer, tally } = this.#parts;
    const content = this.#unchangedContent(entry, previous) ?? this.#rememberedContent(entry);
    if (content === undefined) return undefined;
    const node = this.#unchangedNode(entry, previous) ?? { ...describeEntry(entry, describer), content };
    tally.addBytes(entry, node.sizeBytes);
    tally.item(entry, node, previous);
    return node;
  }

  /** Reads the file and stores its content. @throws what the repository throws. */
  read(entry: FoundEntry): Promise<FileReading> {
    const { queue, tally } = this.#parts;
    return new Promise((took, failed) => {
      const tookBytes = (count: number) => tally.addBytes(entry, count);
      queue.add({
        path: pathTextOf(entry),
        sizeBytes: Number(entry.stat.size),
        describes: false,
        tookBytes,
        took,
        failed,
      });
    });
  }

  tookBytes(entry: FoundEntry, count: number): void {
    this.#parts.tally.addBytes(entry, count);
  }

  /** Sets the node of a file that was read. @throws what the repository throws. */
  finish({ entry, previous, parts, place }: FileToStore, reading: FileReading): void {
    try {
      const node = this.#encodedNode(entry, reading, previous);
      parts.setFile(place, node, reading.kind === 'read' ? reading.content : []);
    } catch (error) {
      parts.setFile(place, this.#parts.tally.leaveOut(entry, error), []);
    }
  }

  #encodedNode(
    entry: FoundEntry,
    reading: FileReading,
    previous: TreeNode | undefined,
  ): EncodedNode | undefined {
    if (reading.kind !== 'read' || reading.node === undefined) {
      const node = this.nodeOf(entry, reading, previous);
      return node && encodeNode(node);
    }
    const { tally } = this.#parts;
    if (reading.changed) tally.warning(entry.path, changedMeanwhile);
    if (previous === undefined) tally.newFile(entry, reading.sizeBytes);
    else tally.item(entry, decodeNode(reading.node), previous);
    return reading.node;
  }

  /** Cuts and stores a stream. */
  async storeStream(source: AsyncIterable<Uint8Array>, path: Buffer): Promise<StoredContent> {
    const content: string[] = [];
    let sizeBytes = 0;
    for await (const chunk of chunksOf(source, new Chunker(this.#parts.chunkerParameters))) {
      throwIfAborted(this.#parts.signal);
      content.push(await this.#parts.sink.save('data', chunk));
      sizeBytes += chunk.length;
      this.#parts.tally.addBytes({ path }, chunk.length);
    }
    return { sizeBytes, content };
  }

  /** The node of a file that was read; undefined when it is gone. @throws FILE_FAILED. */
  nodeOf(entry: FoundEntry, read: FileReading, previous: TreeNode | undefined): TreeNode | undefined {
    const { describer, tally } = this.#parts;
    if (read.kind === 'gone') return undefined;
    if (read.kind === 'failed') throw fileFailed(entry.path, read.doing, read.cause);
    if (read.kind === 'tooLarge') throw fileFailed(entry.path, 'read the file', new Error('it grew'));
    // The node tells the file as it was before reading, so that a later change is seen next time.
    const described = describeEntry({ path: entry.path, name: entry.name, stat: read.stat }, describer);
    if (read.changed) tally.warning(entry.path, changedMeanwhile);
    const node: TreeNode = { ...described, sizeBytes: read.sizeBytes, content: read.content };
    tally.item(entry, node, previous);
    if (!read.changed) this.#parts.memory.keepContent(entry.path, read.stat, read.content);
    return node;
  }

  /** The parent's node when not even its mode or owner changed; saves asking for its attributes. */
  #unchangedNode({ stat }: FoundEntry, previous: TreeNode | undefined): TreeNode | undefined {
    const { describer } = this.#parts;
    if (previous === undefined || previous.error !== '') return undefined;
    const isSame =
      previous.mtimeNs === stat.mtimeNs &&
      previous.ctimeNs === stat.ctimeNs &&
      previous.inode === stat.ino &&
      BigInt(previous.sizeBytes) === stat.size &&
      previous.mode === goMode(Number(stat.mode)) &&
      previous.atimeNs === (describer.withAtime ? stat.atimeNs : stat.mtimeNs) &&
      BigInt(previous.links) === stat.nlink &&
      previous.uid === Number(stat.uid) &&
      previous.gid === Number(stat.gid) &&
      previous.user === describer.accounts.userName(previous.uid) &&
      previous.group === describer.accounts.groupName(previous.gid);
    return isSame ? { ...previous, deviceId: stat.nlink > 1n ? stat.dev : 0n } : undefined;
  }

  /** What an interrupted backup has read and stored of it. */
  #rememberedContent(entry: FoundEntry): readonly string[] | undefined {
    const content = this.#parts.memory.contentOf(entry);
    return content !== undefined && this.#parts.parents.hasAll(content) ? content : undefined;
  }

  /** The parent's content when size, times and inode are the same and all chunks are still there. */
  #unchangedContent({ stat }: FoundEntry, previous: TreeNode | undefined): readonly string[] | undefined {
    const { rules, parents } = this.#parts;
    if (rules.force || previous?.type !== 'file' || previous.content === null) return undefined;
    const isSame =
      BigInt(previous.sizeBytes) === stat.size &&
      previous.mtimeNs === stat.mtimeNs &&
      (rules.ignoreCtime || previous.ctimeNs === stat.ctimeNs) &&
      (rules.ignoreInode || previous.inode === stat.ino) &&
      !isRacy(stat.mtimeNs, rules.ignoreCtime ? stat.mtimeNs : stat.ctimeNs, rules.parentStartNs);
    return isSame && parents.hasAll(previous.content) ? previous.content : undefined;
  }
}

/** A file whose node a folder waits for. */
class FileToStore implements QueuedFile {
  readonly describes = true;
  readonly path: string;
  readonly sizeBytes: number;
  readonly entry: FoundEntry;
  readonly previous: TreeNode | undefined;
  readonly parts: FolderParts;
  readonly place: FilePlace;
  readonly #files: FileArchiver;

  constructor(files: FileArchiver, entry: FoundEntry, previous: TreeNode | undefined, parts: FolderParts) {
    this.#files = files;
    this.entry = entry;
    this.previous = previous;
    this.parts = parts;
    this.path = pathTextOf(entry);
    this.sizeBytes = Number(entry.stat.size);
    this.place = parts.expectFile();
  }

  tookBytes(count: number): void {
    this.#files.tookBytes(this.entry, count);
  }

  took(reading: FileReading): void {
    this.#files.finish(this, reading);
  }

  failed(error: unknown): void {
    this.parts.fail(error);
  }
}
