/**
 * Stores the content of regular files, or keeps the parent's when nothing shows a change. Files are
 * read one after the other; their chunks may still be on their way when the next one begins.
 */
import { systemCode } from '../../core/errors.js';
import { chunksOf } from '../chunker/chunk-stream.js';
import { Chunker } from '../chunker/chunker.js';
import type { ChunkerParameters } from '../chunker/parameters.js';
import { type Describer, describeEntry } from '../files/describe.js';
import { FileReader, type OpenFile } from '../files/file-reader.js';
import type { FoundEntry } from '../files/scan.js';
import type { TreeNode } from '../tree/node.js';
import { throwIfAborted } from './abort.js';
import type { BackupTally } from './backup-tally.js';
import type { BlobSink } from './blob-sink.js';
import type { ParentTrees } from './parent-trees.js';

/** `node` may still wait for its blobs. Wrapped: awaiting a promise of a promise awaits both. */
export interface PendingNode {
  readonly node: Promise<TreeNode>;
}

export interface ChangeRules {
  readonly force: boolean;
  readonly ignoreCtime: boolean;
  readonly ignoreInode: boolean;
}

export interface FileArchiverParts {
  readonly chunkerParameters: ChunkerParameters;
  readonly describer: Describer;
  readonly sink: BlobSink;
  readonly parents: ParentTrees;
  readonly tally: BackupTally;
  readonly rules: ChangeRules;
  readonly signal: AbortSignal;
}

/** What was read of a stream: its size, and the ids of its chunks once they are packed. */
export interface StoredContent {
  readonly sizeBytes: number;
  readonly content: Promise<string[]>;
}

export class FileArchiver {
  readonly #parts: FileArchiverParts;
  readonly #reader = new FileReader();
  readonly #chunker: Chunker;

  constructor(parts: FileArchiverParts) {
    this.#parts = parts;
    this.#chunker = new Chunker(parts.chunkerParameters);
  }

  /**
   * Resolves when the file is read, with a promise of its node; undefined when it is gone.
   * @throws FILE_FAILED, and what the repository throws.
   */
  async store(entry: FoundEntry, previous: TreeNode | undefined): Promise<PendingNode | undefined> {
    const kept = this.#unchangedContent(entry, previous);
    if (kept !== undefined) {
      const node = { ...(await describeEntry(entry, this.#parts.describer)), content: kept };
      this.#parts.tally.addBytes(entry.path, node.sizeBytes);
      this.#parts.tally.item(entry.path, node, previous);
      return { node: Promise.resolve(node) };
    }
    const file = await this.#open(entry.path);
    if (file === undefined) return undefined;
    try {
      return await this.#read(file, entry, previous);
    } finally {
      await file.close();
    }
  }

  /** Cuts and stores a stream. */
  async storeStream(source: AsyncIterable<Uint8Array>, path: Buffer): Promise<StoredContent> {
    const ids: Promise<string>[] = [];
    let sizeBytes = 0;
    for await (const chunk of chunksOf(source, this.#chunker)) {
      throwIfAborted(this.#parts.signal);
      ids.push((await this.#parts.sink.begin('data', chunk)).id);
      sizeBytes += chunk.length;
      this.#parts.tally.addBytes(path, chunk.length);
    }
    const content = Promise.all(ids);
    content.catch(() => {}); // Seen by whoever awaits it.
    return { sizeBytes, content };
  }

  async #open(path: Buffer): Promise<OpenFile | undefined> {
    try {
      return await this.#reader.open(path);
    } catch (error) {
      if (error instanceof Error && systemCode(error.cause) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async #read(file: OpenFile, entry: FoundEntry, previous: TreeNode | undefined): Promise<PendingNode> {
    const { describer, tally } = this.#parts;
    // The node tells the file as it was before reading, so that a later change is seen next time.
    const described = await describeEntry({ ...entry, stat: file.stat }, describer);
    const { sizeBytes, content } = await this.storeStream(file.pieces(), entry.path);
    if (await file.hasChanged()) tally.warning(entry.path, 'The file changed while it was read.');
    const node = content.then((ids): TreeNode => {
      const complete = { ...described, sizeBytes, content: ids };
      tally.item(entry.path, complete, previous);
      return complete;
    });
    node.catch(() => {}); // Seen when the folder's tree is made.
    return { node };
  }

  /** The parent's content when size, times and inode are the same and all chunks are still there. */
  #unchangedContent({ stat }: FoundEntry, previous: TreeNode | undefined): readonly string[] | undefined {
    const { rules, parents } = this.#parts;
    if (rules.force || previous?.type !== 'file' || previous.content === null) return undefined;
    const isSame =
      BigInt(previous.sizeBytes) === stat.size &&
      previous.mtimeNs === stat.mtimeNs &&
      (rules.ignoreCtime || previous.ctimeNs === stat.ctimeNs) &&
      (rules.ignoreInode || previous.inode === stat.ino);
    return isSame && parents.hasAll(previous.content) ? previous.content : undefined;
  }
}
