/**
 * Where a backup puts its blobs: the repository, or nowhere in a dry run. A few are on their way at
 * once, no more; the first failure ends the backup.
 */
import { createHash } from 'node:crypto';
import type { Repository } from '../repository/repository.js';
import type { BlobType, SavedBlob } from '../repository/types.js';
import { Slots } from './slots.js';

/** Blobs in memory at once; each at most 8 MiB, 1.5 MiB in the mean. */
const blobsAtOnce = 4;

export interface BlobCounts {
  dataBlobs: number;
  treeBlobs: number;
  plainBytes: number;
  storedBytes: number;
}

export class BlobSink {
  readonly counts: BlobCounts = { dataBlobs: 0, treeBlobs: 0, plainBytes: 0, storedBytes: 0 };
  readonly #save: (type: BlobType, plain: Uint8Array) => Promise<SavedBlob>;
  readonly #slots = new Slots(blobsAtOnce);
  #failure: { error: unknown } | undefined;

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
   * Resolves once the blob is on its way, with a promise of its id; `plain` may be used again then.
   * @throws what an earlier blob failed with.
   */
  async begin(type: BlobType, plain: Uint8Array): Promise<{ id: Promise<string> }> {
    await this.#slots.take();
    if (this.#failure !== undefined) {
      this.#slots.give();
      throw this.#failure.error;
    }
    const id = this.#finish(type, Buffer.from(plain));
    id.catch(() => {}); // Seen by whoever awaits the id, and by the next `begin`.
    return { id };
  }

  /** Resolves with the id when the blob is packed. */
  async save(type: BlobType, plain: Uint8Array): Promise<string> {
    const { id } = await this.begin(type, plain);
    return id;
  }

  async #finish(type: BlobType, plain: Buffer): Promise<string> {
    try {
      const saved = await this.#save(type, plain);
      if (saved.isNew) this.#count(type, plain.length, saved.storedBytes);
      return saved.id;
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    } finally {
      this.#slots.give();
    }
  }

  #count(type: BlobType, plainBytes: number, storedBytes: number): void {
    if (type === 'data') this.counts.dataBlobs += 1;
    else this.counts.treeBlobs += 1;
    this.counts.plainBytes += plainBytes;
    this.counts.storedBytes += storedBytes;
  }
}
