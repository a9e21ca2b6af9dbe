/**
 * Stores the content of regular files, or keeps the parent's when nothing shows a change. Files are
 * read one after the other, each from beginning to end.
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

interface ChangeRules {
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

/** What was read of a stream. */
export interface StoredContent {
  readonly sizeBytes: number;
  /** Ids of its chunks in order. */
  readonly content: readonly string[];
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
   * The node of a file, read when need be; undefined when the file is gone.
   * @throws FILE_FAILED, and what the repository throws.
   */
  async store(entry: FoundEntry, previous: TreeNode | undefined): Promise<TreeNode | undefined> {
    const kept = this.#unchangedContent(entry, previous);
    if (kept !== undefined) {
      const node = { ...(await describeEntry(entry, this.#parts.describer)), content: kept };
      this.#parts.tally.addBytes(entry.path, node.sizeBytes);
      this.#parts.tally.item(entry.path, node, previous);
      return node;
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
    const content: string[] = [];
    let sizeBytes = 0;
    for await (const chunk of chunksOf(source, this.#chunker)) {
      throwIfAborted(this.#parts.signal);
      content.push(await this.#parts.sink.save('data', chunk));
      sizeBytes += chunk.length;
      this.#parts.tally.addBytes(path, chunk.length);
    }
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

  async #read(file: OpenFile, entry: FoundEntry, previous: TreeNode | undefined): Promise<TreeNode> {
    const { describer, tally } = this.#parts;
    // The node tells the file as it was before reading, so that a later change is seen next time.
    const described = await describeEntry({ ...entry, stat: file.stat }, describer);
    const { sizeBytes, content } = await this.storeStream(file.pieces(), entry.path);
    if (await file.hasChanged()) tally.warning(entry.path, 'The file changed while it was read.');
    const node: TreeNode = { ...described, sizeBytes, content };
    tally.item(entry.path, node, previous);
    return node;
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
