/**
 * Writes a file that is to be restored: pieces at their offsets, in any order, under a temporary
 * name. Runs of zeros are left as holes. Nothing is visible under the final name before `finish`.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import type { TreeNode } from '../tree/node.js';
import { fileFailed } from './errors.js';
import { applyMetadata, moveIntoPlace, temporaryName } from './placing.js';
import type { Posix } from './posix.js';

const create = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const holeBytes = 64 * 1024;
const zeros = Buffer.alloc(holeBytes);

export class FileWriter {
  readonly #path: Buffer;
  readonly #temporary: Buffer;
  readonly #handle: FileHandle;
  readonly #sparse: boolean;

  private constructor(path: Buffer, temporary: Buffer, handle: FileHandle, sparse: boolean) {
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
    this.#sparse = sparse;
  }

  /** @throws FILE_FAILED. */
  static async create(folder: Buffer, path: Buffer, sparse: boolean): Promise<FileWriter> {
    const temporary = temporaryName(folder);
    try {
      return new FileWriter(path, temporary, await open(temporary, create, 0o600), sparse);
    } catch (error) {
      throw fileFailed(path, 'create the file', error);
    }
  }

  /** @throws FILE_FAILED. */
  async write(content: Uint8Array, offset: number): Promise<void> {
    try {
      for (const { start, end } of this.#sparse ? solidRuns(content) : [{ start: 0, end: content.length }]) {
        await this.#writeAll(content, start, end, offset);
      }
    } catch (error) {
      throw fileFailed(this.#path, 'write the file', error);
    }
  }

  /** Sets size and metadata and puts the file in its place. @throws FILE_FAILED. */
  async finish(sizeBytes: number, node: TreeNode, posix: Posix): Promise<void> {
    try {
      await this.#handle.truncate(sizeBytes);
      await this.#handle.close();
      await applyMetadata(this.#temporary, node, posix);
    } catch (error) {
      await this.abandon();
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      throw fileFailed(this.#path, 'finish the file', cause);
    }
    await moveIntoPlace(this.#temporary, this.#path);
  }

  /** Leaves nothing behind. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await unlink(this.#temporary).catch(() => {});
  }

  async #writeAll(content: Uint8Array, start: number, end: number, offset: number): Promise<void> {
    for (let at = start; at < end; ) {
      const { bytesWritten } = await this.#handle.write(content, at, end - at, offset + at);
      at += bytesWritten;
    }
  }
}

/** The stretches of `content` that are not whole blocks of zeros. */
function* solidRuns(content: Uint8Array): Generator<{ start: number; end: number }> {
  let start = -1;
  for (let at = 0; at < content.length; at += holeBytes) {
    const block = content.subarray(at, at + holeBytes);
    const isHole = block[0] === 0 && Buffer.compare(block, zeros.subarray(0, block.length)) === 0;
    if (!isHole && start < 0) start = at;
    if (isHole && start >= 0) {
      yield { start, end: at };
      start = -1;
    }
  }
  if (start >= 0) yield { start, end: content.length };
}
