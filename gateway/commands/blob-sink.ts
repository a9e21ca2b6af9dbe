/**
 * Where a backup puts its blobs: the repository, or nowhere in a dry run. Files go through an engine
 * with workers; trees and streams are saved from here, one at a time.
 */
import { createHash } from 'node:crypto';
import type { Engine } from '../engine/engine.js';
import type { EngineStart } from '../repository/engine-start.js';
import type { Repository } from '../repository/repository.js';
import type { BlobType, SavedBlob } from '../repository/types.js';

export interface BlobCounts {
  dataBlobs: number;
  treeBlobs: number;
  plainBytes: number;
  storedBytes: number;
}

export type SinkOptions = Omit<EngineStart, 'onNew' | 'onStored' | 'dry'>;

type StartEngine = (counted: Pick<EngineStart, 'onNew' | 'onStored'>) => Promise<Engine>;

export class BlobSink {
  readonly counts: BlobCounts = { dataBlobs: 0, treeBlobs: 0, plainBytes: 0, storedBytes: 0 };
  readonly #save: (type: BlobType, plain: Uint8Array) => Promise<SavedBlob>;
  readonly #start: StartEngine;

  private constructor(save: (type: BlobType, plain: Uint8Array) => Promise<SavedBlob>, start: StartEngine) {
    this.#save = save;
    this.#start = start;
  }

  static into(repository: Repository, options: SinkOptions): BlobSink {
    const { signal } = options;
    return new BlobSink(
      (type, plain) => repository.saveBlob(type, plain, { signal }),
      (counted) => repository.startEngine({ ...options, ...counted }),
    );
  }

  /** Stores nothing, but knows what is there. */
  static dry(repository: Repository, options: SinkOptions): BlobSink {
    const seen = new Set<string>();
    const claim = (type: BlobType, id: string) => {
      const isNew = !repository.hasBlob(type, id) && !seen.has(`${type} ${id}`);
      if (isNew) seen.add(`${type} ${id}`);
      return isNew;
    };
    return new BlobSink(
      async (type, plain) => {
        const id = createHash('sha256').update(plain).digest('hex');
        const isNew = claim(type, id);
        return { id, isNew, storedBytes: isNew ? plain.length : 0 };
      },
      (counted) => repository.startEngine({ ...options, ...counted, dry: (id) => claim('data', id) }),
    );
  }

  /** The engine for files; what it stores is counted here. The caller closes it. */
  startEngine(): Promise<Engine> {
    return this.#start({
      onNew: (sizeBytes) => this.#count('data', sizeBytes, 0),
      onStored: (sizeBytes) => {
        this.counts.storedBytes += sizeBytes;
      },
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
