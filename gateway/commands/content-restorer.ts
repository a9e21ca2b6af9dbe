/** Brings a file's chunks to disk, several on their way at once, each proved by its hash. */
import { blobMissing } from '../errors.js';
import { FileWriter } from '../files/file-writer.js';
import type { Posix } from '../files/posix.js';
import type { Repository } from '../repository/repository.js';
import type { TreeNode } from '../tree/node.js';
import { Slots } from './slots.js';

/** Chunks in memory at once, over all files; each at most 8 MiB, 1.5 MiB in the mean. */
const chunksAtOnce = 6;

export interface ContentRestorerParts {
  readonly repository: Repository;
  readonly posix: Posix;
  readonly sparse: boolean;
  readonly signal: AbortSignal;
  readonly onBytes: (count: number) => void;
}

export class ContentRestorer {
  readonly #parts: ContentRestorerParts;
  readonly #slots = new Slots(chunksAtOnce);

  constructor(parts: ContentRestorerParts) {
    this.#parts = parts;
  }

  /** @throws FILE_FAILED, BLOB_MISSING, REPOSITORY_DAMAGED; nothing is left behind then. */
  async restore(folder: Buffer, path: Buffer, node: TreeNode): Promise<void> {
    const { posix, sparse } = this.#parts;
    const writer = await FileWriter.create(folder, path, sparse);
    let sizeBytes: number;
    try {
      sizeBytes = await this.#fill(writer, node.content ?? []);
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    await writer.finish(sizeBytes, node, posix);
  }

  /** @returns the file's size. Waits for every write that it began, also when one fails. */
  async #fill(writer: FileWriter, content: readonly string[]): Promise<number> {
    const { repository } = this.#parts;
    const active = new Set<Promise<void>>();
    let failure: { error: unknown } | undefined;
    let offset = 0;
    for (const id of content) {
      await this.#slots.take();
      const sizeBytes = repository.blobSize('data', id);
      if (sizeBytes === undefined) failure ??= { error: blobMissing('data', id) };
      if (failure !== undefined || sizeBytes === undefined) {
        this.#slots.give();
        break;
      }
      const task = this.#bring(writer, id, offset)
        .catch((error: unknown) => {
          failure ??= { error };
        })
        .finally(() => {
          this.#slots.give();
          active.delete(task);
        });
      active.add(task);
      offset += sizeBytes;
    }
    await Promise.all(active);
    if (failure !== undefined) throw failure.error;
    return offset;
  }

  async #bring(writer: FileWriter, id: string, offset: number): Promise<void> {
    const { repository, signal, onBytes } = this.#parts;
    const chunk = await repository.loadBlob('data', id, { signal });
    await writer.write(chunk, offset);
    onBytes(chunk.length);
  }
}
