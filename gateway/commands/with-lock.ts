/** Runs work under a lock of the repository, given up in every case; a lost lock aborts the work. */
import { setMaxListeners } from 'node:events';
import type { Repository } from '../repository/repository.js';
import type { Lock } from '../repository/types.js';

/** @throws LOCKED, LOCK_LOST, and what `work` throws. */
export async function withLock<T>(
  repository: Repository,
  kind: 'shared' | 'exclusive',
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return holding(await repository.lock(kind, signal === undefined ? {} : { signal }), signal, work);
}

/**
 * As `withLock`, shared, for work that needs the index: it is loaded while the lock is taken. What came since is
 * still to be loaded once the snapshots are known that the work is about.
 */
export async function withIndex<T>(
  repository: Repository,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const call = { loadsIndex: true, ...(signal === undefined ? {} : { signal }) };
  return holding(await repository.lock('shared', call), signal, work);
}

async function holding<T>(
  lock: Lock,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    const both = signal === undefined ? lock.signal : AbortSignal.any([signal, lock.signal]);
    // Each of many reads at once waits for it; Node takes eleven for a leak, and tells the user.
    setMaxListeners(0, both);
    return await work(both);
  } finally {
    await lock.close();
  }
}
