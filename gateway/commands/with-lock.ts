/** Runs work under a lock of the repository, given up in every case; a lost lock aborts the work. */
import { setMaxListeners } from 'node:events';
import type { Repository } from '../repository/repository.js';

/** @throws LOCKED, LOCK_LOST, and what `work` throws. */
export async function withLock<T>(
  repository: Repository,
  kind: 'shared' | 'exclusive',
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lock = await repository.lock(kind, signal === undefined ? {} : { signal });
  try {
    const both = signal === undefined ? lock.signal : AbortSignal.any([signal, lock.signal]);
    // Each of many reads at once waits for it; Node takes eleven for a leak, and tells the user.
    setMaxListeners(0, both);
    return await work(both);
  } finally {
    await lock.close();
  }
}
