/**
 * Snapshots that lost blobs are stored anew without them. The new trees and the new snapshot are
 * durable before the old snapshot goes, and that only with `forget`.
 */
import { encodeGoJson, type JsonValue, parseGoJson } from '../repository/go-json.js';
import type { Repository } from '../repository/repository.js';
import type { CallOptions } from '../repository/types.js';
import { type JsonObject, readFlatObject, readTexts } from '../tree/json-fields.js';
import type { StoredSnapshot } from '../tree/snapshot.js';
import { throwIfAborted } from './abort.js';
import { type TreeChange, TreeRepairer } from './repair-trees.js';

const repairedTag = 'repaired';

export interface SnapshotRepairOptions extends CallOptions {
  /** Only say what would be done. */
  readonly dryRun?: boolean;
  /** Remove the damaged snapshots; without it the new ones are tagged `repaired` instead. */
  readonly forget?: boolean;
  readonly onSnapshot?: (snapshot: StoredSnapshot) => void;
  readonly onChange?: (change: TreeChange) => void;
}

export interface RepairedSnapshot {
  readonly snapshotId: string;
  /** Undefined when nothing is left of it, or in a dry run. */
  readonly newId: string | undefined;
  /** Nothing of it can be read; `forget` removes it. */
  readonly isLost: boolean;
}

/**
 * Works on the snapshots given, oldest first; the index must be loaded.
 * @returns those that were damaged. @throws INTERRUPTED, and the bucket's errors.
 */
export async function repairSnapshots(
  repository: Repository,
  snapshots: readonly StoredSnapshot[],
  options: SnapshotRepairOptions = {},
): Promise<RepairedSnapshot[]> {
  const { dryRun = false, onChange = () => {}, signal } = options;
  const call = signal ? { signal } : {};
  const repairer = new TreeRepairer(repository, { ...call, save: !dryRun, onChange });
  const repaired: RepairedSnapshot[] = [];
  for (const snapshot of snapshots) {
    if (signal) throwIfAborted(signal);
    options.onSnapshot?.(snapshot);
    const tree = await repairer.repair(snapshot.tree);
    if (tree === snapshot.tree || wasRepaired(snapshots, snapshot.id, tree)) continue;
    const newId =
      tree === undefined || dryRun ? undefined : await storeRepaired(repository, snapshot.id, tree, options);
    if (options.forget === true && !dryRun) await repository.removeFile('snapshot', snapshot.id, call);
    repaired.push({ snapshotId: snapshot.id, newId, isLost: tree === undefined });
  }
  return repaired;
}

/** An earlier run without `forget` leaves the damaged snapshot beside the repaired one. */
function wasRepaired(snapshots: readonly StoredSnapshot[], id: string, tree: string | undefined): boolean {
  return snapshots.some((snapshot) => snapshot.original === id && snapshot.tree === tree);
}

async function storeRepaired(
  repository: Repository,
  id: string,
  tree: string,
  options: SnapshotRepairOptions,
): Promise<string> {
  const call = options.signal ? { signal: options.signal } : {};
  const json = readFlatObject(parseGoJson(await repository.loadSnapshot(id, call)) as JsonValue, 'it');
  return repository.saveSnapshot(encodeGoJson(changed(json, id, tree, options.forget === true)), call);
}

/** Fields that we do not know stay; `tags` and `original` stand where restic has them. */
function changed(json: JsonObject, id: string, tree: string, forget: boolean): JsonObject {
  const { program_version, summary, original: _original, tags: _tags, ...rest } = json;
  const tags = new Set(readTexts(json, 'tags'));
  if (!forget) tags.add(repairedTag);
  return {
    ...rest,
    tree,
    ...(tags.size > 0 ? { tags: [...tags] } : {}),
    original: id,
    program_version,
    summary,
  };
}
