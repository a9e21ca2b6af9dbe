/** Reads a restored file and compares it with the hashes of its chunks. */
import { createHash } from 'node:crypto';
import { FileReader } from '../files/file-reader.js';
import { displayPath } from '../files/path-bytes.js';
import type { Repository } from '../repository/repository.js';
import type { TreeNode } from '../tree/node.js';
import { restoredDiffers } from './errors.js';

export class RestoredVerifier {
  readonly #repository: Repository;
  readonly #reader = new FileReader();

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /** @throws RESTORED_DIFFERS, FILE_FAILED. */
  async verify(path: Buffer, node: TreeNode): Promise<void> {
    const file = await this.#reader.open(path);
    try {
      const expected = new ChunkList(this.#repository, node.content ?? []);
      for await (const piece of file.pieces()) {
        if (!expected.take(piece)) throw restoredDiffers(displayPath(path));
      }
      if (!expected.isComplete) throw restoredDiffers(displayPath(path));
    } finally {
      await file.close();
    }
  }
}

/** The chunks that a file must consist of, fed with its bytes in order. */
class ChunkList {
  readonly #repository: Repository;
  readonly #ids: readonly string[];
  #at = 0;
  #hash = createHash('sha256');
  #seen = 0;

  constructor(repository: Repository, ids: readonly string[]) {
    this.#repository = repository;
    this.#ids = ids;
  }

  get isComplete(): boolean {
    return this.#at === this.#ids.length;
  }

  /** False as soon as something differs. */
  take(piece: Buffer): boolean {
    for (let start = 0; start < piece.length; ) {
      const id = this.#ids[this.#at];
      const size = id === undefined ? undefined : this.#repository.blobSize('data', id);
      if (size === undefined) return false;
      const end = Math.min(piece.length, start + size - this.#seen);
      this.#hash.update(piece.subarray(start, end));
      this.#seen += end - start;
      start = end;
      if (this.#seen === size && !this.#finishChunk(id)) return false;
    }
    return true;
  }

  #finishChunk(id: string | undefined): boolean {
    const isSame = this.#hash.digest('hex') === id;
    this.#hash = createHash('sha256');
    this.#seen = 0;
    this.#at += 1;
    return isSame;
  }
}
