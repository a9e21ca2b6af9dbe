/**
 * Reads regular files from beginning to end through two buffers that serve every file in turn: one
 * is filled while the other is worked on. Memory does not grow with the file.
 */
import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fileFailed } from './errors.js';

const bufferSizeBytes = 1024 * 1024;
/** Not through links, and never waiting for a pipe that took the file's place. */
const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export class FileReader {
  readonly #buffers = [Buffer.allocUnsafeSlow(bufferSizeBytes), Buffer.allocUnsafeSlow(bufferSizeBytes)];

  /** @throws FILE_FAILED when it cannot be opened or is no regular file any more. */
  async open(path: Buffer): Promise<OpenFile> {
    try {
      const handle = await open(path, readOnly);
      try {
        const stat = await handle.stat({ bigint: true });
        if (!stat.isFile()) throw new Error('no regular file any more');
        return new OpenFile(path, handle, stat, this.#buffers);
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      throw fileFailed(path, 'open the file', error);
    }
  }
}

export class OpenFile {
  readonly path: Buffer;
  /** As it was when opened. */
  readonly stat: BigIntStats;
  readonly #handle: FileHandle;
  readonly #buffers: readonly Buffer[];

  constructor(path: Buffer, handle: FileHandle, stat: BigIntStats, buffers: readonly Buffer[]) {
    this.path = path;
    this.stat = stat;
    this.#handle = handle;
    this.#buffers = buffers;
  }

  /** The content in order. A piece is valid until the next is asked for. @throws FILE_FAILED. */
  async *pieces(): AsyncGenerator<Buffer, void, undefined> {
    let turn = 0;
    let position = 0;
    let reading = this.#fill(turn, position);
    try {
      for (let piece = await reading; piece.length > 0; piece = await reading) {
        position += piece.length;
        turn = 1 - turn;
        reading = this.#fill(turn, position);
        reading.catch(() => {}); // Seen at the next `await reading`, or given up with the generator.
        yield piece;
      }
    } finally {
      await reading.catch(() => {});
    }
  }

  /** Did size or times move since it was opened? */
  async hasChanged(): Promise<boolean> {
    const now = await this.#handle.stat({ bigint: true });
    return now.size !== this.stat.size || now.mtimeNs !== this.stat.mtimeNs;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #fill(turn: number, position: number): Promise<Buffer> {
    const buffer = this.#buffers[turn] as Buffer;
    try {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, position);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw fileFailed(this.path, 'read the file', error);
    }
  }
}
