/** The snapshots that a command is to work on: those named, or else all that fit the filter. */
import type { Repository } from '../repository/repository.js';
import type { StoredSnapshot } from '../tree/snapshot.js';
import { findSnapshot, type ListOptions, listSnapshots } from './snapshots.js';

/** Oldest first when not named. @throws SNAPSHOT_UNKNOWN, SNAPSHOT_AMBIGUOUS, SNAPSHOT_DAMAGED. */
export async function chooseSnapshots(
  repository: Repository,
  named: readonly string[],
  filter: ListOptions,
): Promise<StoredSnapshot[]> {
  if (named.length === 0) return listSnapshots(repository, filter);
  const found = new Map<string, StoredSnapshot>();
  for (const wanted of named) {
    const snapshot = await findSnapshot(repository, wanted, filter);
    found.set(snapshot.id, snapshot);
  }
  return [...found.values()];
}
