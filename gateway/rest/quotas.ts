/** How much each user may still store. Counted once from the disk, then kept with every change. */
import type { RestStore } from './store.js';
import type { RestUser } from './users.js';

export class Quotas {
  readonly #store: RestStore;
  readonly #used = new Map<string, Promise<{ bytes: number }>>();

  constructor(store: RestStore) {
    this.#store = store;
  }

  /** Bytes that the user may add now; infinite without a quota. */
  async roomFor(user: RestUser): Promise<number> {
    if (user.quotaBytes === null) return Number.POSITIVE_INFINITY;
    const used = await this.#usedBy(user.name);
    return Math.max(0, user.quotaBytes - used.bytes);
  }

  /** Takes room before an upload, so that several at once cannot pass the quota together; less than 0 gives back. */
  async take(user: RestUser, bytes: number): Promise<void> {
    if (user.quotaBytes === null) return;
    (await this.#usedBy(user.name)).bytes += bytes;
  }

  #usedBy(name: string): Promise<{ bytes: number }> {
    let used = this.#used.get(name);
    if (used === undefined) {
      used = this.#store.usage([name]).then((bytes) => ({ bytes }));
      // A failed count is tried again at the next request.
      used.catch(() => this.#used.delete(name));
      this.#used.set(name, used);
    }
    return used;
  }
}
