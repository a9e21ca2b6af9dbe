/**
 * Group commit: what arrives while one transaction is being written goes into the next, so that the
 * cost of a flush is shared and a lone item never waits for company.
 * Invariant: items are committed in the order they were added; a promise settles after its commit.
 */
import { databaseClosing } from './errors.js';

/** Writes all items in one transaction and answers with one result per item, in order. */
export type CommitBatch<T, R> = (items: readonly T[]) => Promise<readonly R[]>;

interface Waiting<T, R> {
  readonly item: T;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit<T, R> {
  readonly #commit: CommitBatch<T, R>;
  readonly #maxWeight: number;
  readonly #weigh: (item: T) => number;
  #waiting: Waiting<T, R>[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  /** A group weighs at most `maxWeight`, unless a single item weighs more; an item weighs 1 unless told. */
  constructor(commit: CommitBatch<T, R>, maxWeight = 256, weigh: (item: T) => number = () => 1) {
    this.#commit = commit;
    this.#maxWeight = maxWeight;
    this.#weigh = weigh;
  }

  /** Resolves when the item is durable. @throws what the commit threw, DATABASE_CLOSED after `close`. */
  add(item: T): Promise<R> {
    if (this.#closed) return Promise.reject(databaseClosing());
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  /** Refuses new items and resolves when the accepted ones are settled. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #drain(): Promise<void> {
    // One turn of the event loop, so that items of the same network read share the first commit.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#settle(this.#nextGroup());
    this.#running = undefined;
  }

  #nextGroup(): Waiting<T, R>[] {
    let count = 0;
    for (let weight = 0; count < this.#waiting.length; count++) {
      weight += this.#weigh((this.#waiting[count] as Waiting<T, R>).item);
      if (count > 0 && weight > this.#maxWeight) break;
    }
    return this.#waiting.splice(0, count);
  }

  async #settle(group: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await this.#commit(group.map((waiting) => waiting.item));
      group.forEach((waiting, index) => {
        waiting.resolve(results[index] as R);
      });
    } catch (error) {
      const [only] = group;
      if (only !== undefined && group.length === 1) return only.reject(error);
      // One bad item must not take the others with it: each gets a transaction of its own.
      for (const waiting of group) await this.#settle([waiting]);
    }
  }
}
