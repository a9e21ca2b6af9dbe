/** Lets one run at a time at each repository; others wait in the order they came. */
import { interrupted } from '../../core/errors.js';

export class RepositoryQueue {
  /** Per repository: ends when the last one in line has. */
  readonly #tails = new Map<string, Promise<unknown>>();

  /** @throws INTERRUPTED when `signal` aborts while waiting, and what `work` throws. */
  async run<T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const mine = before.then(() => {
      if (signal.aborted) throw interrupted(signal.reason);
      return work();
    });
    const settled = mine.catch(() => {});
    this.#tails.set(key, settled);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(key) === settled) this.#tails.delete(key);
    }
  }

  isBusy(key: string): boolean {
    return this.#tails.has(key);
  }
}
