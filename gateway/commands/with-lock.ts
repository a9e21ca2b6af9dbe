/** Runs work under a lock of the repository, given up in every case; a lost lock aborts the work. */
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
    return await work(signal === undefined ? lock.signal : AbortSignal.any([signal, lock.signal]));
  } finally {
    await lock.close();
  }
}
