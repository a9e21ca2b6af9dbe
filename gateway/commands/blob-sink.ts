/**
 * Where a backup puts its blobs: the repository, or nowhere in a dry run. One at a time: sealing is
 * work for one thread, and the repository uploads several packs at once by itself. Copies of chunks
 * that wait would only cost memory.
 */
import { createHash } from 'node:crypto';
import type { Repository } from '../repository/repository.js';
import type { BlobType, SavedBlob } from '../repository/types.js';

export interface BlobCounts {
  dataBlobs: number;
  treeBlobs: number;
  plainBytes: number;
  storedBytes: number;
}

export class BlobSink {
  readonly counts: BlobCounts = { dataBlobs: 0, treeBlobs: 0, plainBytes: 0, storedBytes: 0 };
  readonly #save: (type: BlobType, plain: Uint8Array) => Promise<SavedBlob>;

  constructor(save: (type: BlobType, plain: Uint8Array) => Promise<SavedBlob>) {
    this.#save = save;
  }

  static into(repository: Repository, signal: AbortSignal): BlobSink {
    return new BlobSink((type, plain) => repository.saveBlob(type, plain, { signal }));
  }

  /** Stores nothing, but knows what is there. */
  static dry(repository: Repository): BlobSink {
    const seen = new Set<string>();
    return new BlobSink(async (type, plain) => {
      const id = createHash('sha256').update(plain).digest('hex');
      const isNew = !repository.hasBlob(type, id) && !seen.has(`${type} ${id}`);
      seen.add(`${type} ${id}`);
      return { id, isNew, storedBytes: isNew ? plain.length : 0 };
    });
  }

  /**
   * Resolves with the id when the blob is taken in; `plain` may be used again then.
   * @throws what the repository throws: after that nothing more is taken in.
   */
  async save(type: BlobType, plain: Uint8Array): Promise<string> {
    const saved = await this.#save(type, plain);
    if (saved.isNew) this.#count(type, plain.length, saved.storedBytes);
    return saved.id;
  }

  #count(type: BlobType, plainBytes: number, storedBytes: number): void {
    if (type === 'data') this.counts.dataBlobs += 1;
    else this.counts.treeBlobs += 1;
    this.counts.plainBytes += plainBytes;
    this.counts.storedBytes += storedBytes;
  }
}
