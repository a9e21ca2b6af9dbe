/**
 * Compares files that are there with what the snapshot says, in batches on the restoring threads
 * while planning goes on. What is right is not fetched.
 */

import { actions } from './kinds.js';
import type { CompareFile } from './messages.js';
import { type Chunk, chunkIds, type RestorePlan } from './plan.js';
import type { RestoreWorkers } from './workers.js';

const batchFiles = 256;
const batchBytes = 32 * 1024 * 1024;

export interface Comparison {
  readonly entry: number;
  readonly sizeBytes: number;
  readonly chunks: readonly Chunk[];
}

export class Comparer {
  readonly #plan: RestorePlan;
  readonly #workers: RestoreWorkers;
  readonly #onSame: (bytes: number) => void;
  readonly #underWay = new Set<Promise<void>>();
  #batch: Comparison[] = [];
  #batchBytes = 0;
  #failure: { readonly error: unknown } | undefined;

  /** @param onSame told how many bytes of a file are right already. */
  constructor(plan: RestorePlan, workers: RestoreWorkers, onSame: (bytes: number) => void) {
    this.#plan = plan;
    this.#workers = workers;
    this.#onSame = onSame;
  }

  /** Waits while enough batches are under way. */
  async add(comparison: Comparison): Promise<void> {
    this.#batch.push(comparison);
    this.#batchBytes += comparison.sizeBytes;
    if (this.#batch.length >= batchFiles || this.#batchBytes >= batchBytes) this.#send();
    while (this.#underWay.size > this.#workers.count * 2) await Promise.race(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** All results are in the plan when it resolves. */
  async finish(): Promise<void> {
    this.#send();
    await Promise.all(this.#underWay);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #send(): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    this.#batch = [];
    this.#batchBytes = 0;
    const sent = this.#compare(batch)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#underWay.delete(sent));
    this.#underWay.add(sent);
  }

  async #compare(batch: readonly Comparison[]): Promise<void> {
    const files = batch.map(({ entry, chunks }): CompareFile => {
      const sizes = Uint32Array.from(chunks, ({ sizeBytes }) => sizeBytes);
      return { path: new Uint8Array(this.#plan.diskPath(entry)), ids: chunkIds(chunks), sizes };
    });
    const answer = await this.#workers.compare({ type: 'compare', files });
    for (const [number, comparison] of batch.entries()) {
      const found = answer.files[number];
      if (found !== undefined) this.#record(comparison, found);
    }
  }

  #record({ entry, chunks, sizeBytes }: Comparison, found: { sizeBytes: number; equal: Uint8Array }): void {
    let offset = 0;
    let same = 0;
    for (const [number, chunk] of chunks.entries()) {
      if (found.equal[number] === 1) same += chunk.sizeBytes;
      else this.#plan.addChunk(entry, chunk.packId, chunk.packOffset, offset);
      offset += chunk.sizeBytes;
    }
    this.#onSame(same);
    if (same === sizeBytes && found.sizeBytes === sizeBytes) this.#plan.setAction(entry, actions.metadata);
  }
}
