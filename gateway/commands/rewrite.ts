/**
 * Makes snapshots anew without some of their files, or with another host or time. Nothing that stays
 * is written otherwise; where that cannot be had, the snapshot is refused.
 */
import { type JsonValue, parseGoJson } from '../repository/go-json.js';
import type { Repository } from '../repository/repository.js';
import { formatTime } from '../tree/go-time.js';
import { type JsonObject, readFlatObject } from '../tree/json-fields.js';
import type { StoredSnapshot } from '../tree/snapshot.js';
import { editSnapshot, type SnapshotChanges } from '../tree/snapshot-edit.js';
import { throwIfAborted } from './abort.js';
import { chooseSnapshots } from './choose-snapshots.js';
import { deleteFiles } from './delete-files.js';
import { nothingToRewrite } from './errors.js';
import type { SnapshotFilter } from './snapshots.js';
import { type FilteredTree, TreeFilter } from './tree-filter.js';
import { withLock } from './with-lock.js';

export interface RewriteOptions extends SnapshotFilter {
  /** Ids or their beginnings; all that fit the filter when empty. */
  readonly snapshots?: readonly string[];
  /** Patterns as for backup. */
  readonly excludes?: readonly string[];
  readonly insensitiveExcludes?: readonly string[];
  readonly newHost?: string;
  /** Nanoseconds since 1970. */
  readonly newTimeNs?: bigint;
  /** Remove the old snapshots; else the new ones get the tag `rewrite`. */
  readonly forget?: boolean;
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

export type RewriteEvent =
  | { readonly type: 'excluded'; readonly path: Buffer }
  | { readonly type: 'unchanged'; readonly snapshot: StoredSnapshot }
  /** `newId` is undefined in a dry run. */
  | { readonly type: 'changed'; readonly snapshot: StoredSnapshot; readonly newId: string | undefined };

/**
 * Loads the index by itself.
 * @returns how many snapshots were changed, or would be.
 * @throws NOTHING_TO_REWRITE, PATTERN_MALFORMED, TREE_NOT_REPEATABLE, SNAPSHOT_UNKNOWN, LOCKED, LOCK_LOST, INTERRUPTED,
 * and the repository's and the bucket's errors.
 */
export async function rewrite(
  repository: Repository,
  options: RewriteOptions,
  onEvent: (event: RewriteEvent) => void = () => {},
): Promise<number> {
  const { excludes = [], insensitiveExcludes = [], newHost, newTimeNs } = options;
  const hasExcludes = excludes.length > 0 || insensitiveExcludes.length > 0;
  if (!hasExcludes && newHost === undefined && newTimeNs === undefined) throw nothingToRewrite();
  const kind = options.forget === true && options.dryRun !== true ? 'exclusive' : 'shared';
  return withLock(repository, kind, options.signal, async (signal) => {
    const chosen = await chooseSnapshots(repository, options.snapshots ?? [], { ...options, signal });
    await repository.loadIndex({ signal });
    const filter = new TreeFilter(repository, {
      excludes,
      insensitiveExcludes,
      dryRun: options.dryRun ?? false,
      signal,
      onExcluded: (path) => onEvent({ type: 'excluded', path }),
    });
    let changed = 0;
    for (const snapshot of chosen) {
      throwIfAborted(signal);
      const tree = hasExcludes ? await filter.filter(snapshot.tree) : undefined;
      const isChanged = await store(repository, snapshot, tree, { ...options, signal }, onEvent);
      if (isChanged) changed++;
    }
    return changed;
  });
}

async function store(
  repository: Repository,
  snapshot: StoredSnapshot,
  tree: FilteredTree | undefined,
  options: RewriteOptions & { readonly signal: AbortSignal },
  onEvent: (event: RewriteEvent) => void,
): Promise<boolean> {
  const { newHost, newTimeNs, signal } = options;
  const hasNewTree = tree !== undefined && tree.id !== snapshot.tree;
  if (!hasNewTree && newHost === undefined && newTimeNs === undefined) {
    onEvent({ type: 'unchanged', snapshot });
    return false;
  }
  if (options.dryRun === true) {
    onEvent({ type: 'changed', snapshot, newId: undefined });
    return true;
  }
  const bytes = await repository.loadSnapshot(snapshot.id, { signal });
  const changes: SnapshotChanges = {
    ...(hasNewTree ? { tree: tree.id, summary: summaryOf(bytes, tree) } : {}),
    ...(newHost === undefined ? {} : { hostname: newHost }),
    ...(newTimeNs === undefined ? {} : { time: formatTime(newTimeNs) }),
    ...(options.forget === true ? {} : { tags: [...new Set([...snapshot.tags, 'rewrite'])] }),
    original: snapshot.original ?? snapshot.id,
  };
  const newId = await repository.saveSnapshot(editSnapshot(bytes, changes), { signal });
  if (options.forget === true) await deleteFiles(repository, 'snapshot', [snapshot.id], { signal });
  onEvent({ type: 'changed', snapshot, newId });
  return true;
}

/** Its totals are those of what is left; the rest tells of the backup as it was. */
function summaryOf(bytes: Uint8Array, { files, bytes: sizeBytes }: FilteredTree): JsonObject | undefined {
  const { summary } = readFlatObject(parseGoJson(bytes) as JsonValue, 'the snapshot');
  if (summary === undefined || summary === null) return undefined;
  const before = readFlatObject(summary, 'the summary');
  return { ...before, total_files_processed: files, total_bytes_processed: sizeBytes };
}
