/** Changes the tags of snapshots: a changed snapshot is stored anew and points to its first id. */
import type { Repository } from '../repository/repository.js';
import type { StoredSnapshot } from '../tree/snapshot.js';
import { editSnapshot } from '../tree/snapshot-edit.js';
import { throwIfAborted } from './abort.js';
import { chooseSnapshots } from './choose-snapshots.js';
import { deleteFiles } from './delete-files.js';
import { tagsUnchanged } from './errors.js';
import type { SnapshotFilter } from './snapshots.js';
import { withLock } from './with-lock.js';

export interface TagOptions extends SnapshotFilter {
  /** Ids or their beginnings; all that fit the filter when empty. */
  readonly snapshots?: readonly string[];
  /** The tags from now on; an empty list takes all away. Not together with the others. */
  readonly set?: readonly string[];
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly signal?: AbortSignal;
}

export interface TagChange {
  readonly oldId: string;
  readonly newId: string;
}

/**
 * The new snapshot is stored before the old one goes: killed in between, both are there.
 * @returns what was changed. @throws TAGS_UNCHANGED, SNAPSHOT_UNKNOWN, LOCKED, and the bucket's errors.
 */
export async function tag(
  repository: Repository,
  options: TagOptions,
  onChange: (change: TagChange) => void = () => {},
): Promise<TagChange[]> {
  const { set, add = [], remove = [] } = options;
  const changesTags = add.length > 0 || remove.length > 0;
  if (changesTags === (set !== undefined)) throw tagsUnchanged(changesTags);
  return withLock(repository, 'exclusive', options.signal, async (signal) => {
    const changes: TagChange[] = [];
    for (const snapshot of await chooseSnapshots(repository, options.snapshots ?? [], {
      ...options,
      signal,
    })) {
      throwIfAborted(signal);
      const tags = set ?? changed(snapshot.tags, add, remove);
      if (JSON.stringify(tags) === JSON.stringify(snapshot.tags)) continue;
      const change = await store(repository, snapshot, tags, signal);
      changes.push(change);
      onChange(change);
    }
    return changes;
  });
}

function changed(tags: readonly string[], add: readonly string[], remove: readonly string[]): string[] {
  return [...new Set([...tags, ...add])].filter((name) => !remove.includes(name));
}

async function store(
  repository: Repository,
  snapshot: StoredSnapshot,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<TagChange> {
  const json = editSnapshot(await repository.loadSnapshot(snapshot.id, { signal }), {
    tags: tags.length === 0 ? undefined : tags,
    original: snapshot.original ?? snapshot.id,
  });
  const newId = await repository.saveSnapshot(json, { signal });
  await deleteFiles(repository, 'snapshot', [snapshot.id], { signal });
  return { oldId: snapshot.id, newId };
}
