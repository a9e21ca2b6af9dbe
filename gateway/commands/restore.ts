/**
 * Restores a snapshot, or a folder of one, into a target folder: makes a plan, carries it out, and
 * with `verify` reads it all again.
 */
import { readdirSync, statSync } from 'node:fs';
import { GatehouseError, systemCode } from '../../core/errors.js';
import { loadAccounts } from '../files/accounts.js';
import { fileFailed } from '../files/errors.js';
import { displayPath, pathBytes, pathComponents } from '../files/path-bytes.js';
import { loadPosix } from '../files/posix.js';
import type { Repository } from '../repository/repository.js';
import { Applier } from '../restore/applier.js';
import { attributeFilter } from '../restore/attribute-filter.js';
import { Comparer } from '../restore/comparer.js';
import { deleteEverywhere, targetNoFolder } from '../restore/errors.js';
import { RestorePlan } from '../restore/plan.js';
import { Planner } from '../restore/planner.js';
import { RestoreTally } from '../restore/tally.js';
import { verifyRestored } from '../restore/verifier.js';
import { RestoreWorkers } from '../restore/workers.js';
import type { TreeNode } from '../tree/node.js';
import type { StoredSnapshot } from '../tree/snapshot.js';
import { decodeTree } from '../tree/tree.js';
import { noSuchFolder } from './errors.js';
import type { RestoreOptions, RestoreProgress, RestoreResult } from './restore-types.js';
import { Selection, walkSnapshot } from './snapshot-walk.js';
import { findSnapshot, splitSnapshotPath } from './snapshots.js';
import { withIndex } from './with-lock.js';

/**
 * Loads the index by itself. Failures of single paths are told by events and counted; a result with
 * `errorCount` above 0 means exit code 1. Run again after an interruption it fetches what is missing.
 * @throws SNAPSHOT_UNKNOWN, SNAPSHOT_AMBIGUOUS, PATH_NOT_IN_SNAPSHOT, PATTERN_MALFORMED, FILE_FAILED
 * (of the target), TARGET_NO_FOLDER, TARGET_FULL, DELETE_TOO_WIDE, TREE_EXPLODES, LOCKED, LOCK_LOST,
 * INTERRUPTED, and the repository's and the bucket's errors.
 */
export async function restore(
  repository: Repository,
  options: RestoreOptions,
  progress: RestoreProgress = () => {},
): Promise<RestoreResult> {
  return withIndex(repository, options.signal, (signal) => runRestore(repository, options, progress, signal));
}

async function runRestore(
  repository: Repository,
  options: RestoreOptions,
  progress: RestoreProgress,
  signal: AbortSignal,
): Promise<RestoreResult> {
  const startMs = options.clock.monotonicMs();
  const tally = new RestoreTally(progress);
  const selection = new Selection(options);
  const target = cleanTarget(options.target);
  if (options.delete === true && selection.takesAll && displayPath(target) === '/') throw deleteEverywhere();
  const { wanted, folder } = splitSnapshotPath(options.snapshot);
  const snapshot = await findSnapshot(repository, wanted, { ...options, signal });
  await repository.loadIndex({ signal });
  const tree = await findTree(repository, snapshot, folder, signal);
  const attributes = { includes: options.includeAttributes ?? [], excludes: options.excludeAttributes ?? [] };
  const workers = new RestoreWorkers({
    key: repository.keyMaterial,
    sparse: options.sparse ?? true,
    attributes,
  });
  const run: Run = { repository, options, tree, target, selection, workers, tally, signal };
  try {
    const plan = await makePlan(run, attributeFilter(attributes));
    if (options.dryRun !== true) await options.preparePacks?.(plan.packIds);
    tally.started(snapshot.id);
    if (options.dryRun === true) tally.pretend(plan);
    else await apply(run, plan, attributeFilter(attributes));
    const verifies = options.verify === true && options.dryRun !== true;
    if (verifies) await verifyRestored(run, (path) => tally.passedOver.has(path.toString('latin1')));
    return {
      summary: tally.summary((options.clock.monotonicMs() - startMs) / 1000),
      snapshotId: snapshot.id,
      filesVerified: verifies ? tally.filesVerified : undefined,
      errorCount: tally.errorCount,
    };
  } finally {
    await workers.close();
  }
}

interface Run {
  readonly repository: Repository;
  readonly options: RestoreOptions;
  readonly tree: string;
  readonly target: Buffer;
  readonly selection: Selection;
  readonly workers: RestoreWorkers;
  readonly tally: RestoreTally;
  readonly signal: AbortSignal;
}

/** The tree of a folder inside a snapshot; `folder` is '/' for all of it. @throws PATH_NOT_IN_SNAPSHOT. */
export async function findTree(
  repository: Repository,
  snapshot: StoredSnapshot,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  let tree = snapshot.tree;
  for (const name of pathComponents(pathBytes(folder))) {
    const nodes = decodeTree(await repository.loadBlob('tree', tree, { signal }));
    const subtree = nodes.find((node) => node.name.equals(name))?.subtree;
    if (subtree === undefined) throw noSuchFolder(snapshot.id, folder);
    tree = subtree;
  }
  return tree;
}

async function makePlan(run: Run, attributeWanted: (name: Buffer) => boolean): Promise<RestorePlan> {
  const { repository, options, tree, selection, workers, tally, signal } = run;
  const plan = new RestorePlan(run.target);
  const comparer = new Comparer(plan, workers, (bytes) => tally.sameBytes(bytes));
  const planner = new Planner(
    {
      repository,
      plan,
      selection,
      rule: options.overwrite ?? 'always',
      deleteExtra: options.delete ?? false,
      comparer,
      tally,
      signal,
      ownerOf: options.ownershipByName === true ? await ownerByName() : ownerByNumber,
      attributeWanted,
    },
    holdsSomething(run.target),
  );
  await planner.run(walkSnapshot(repository, tree, selection, signal));
  return plan;
}

function cleanTarget(given: string | Buffer): Buffer {
  const text = pathBytes(given);
  let end = text.length;
  while (end > 1 && text[end - 1] === 0x2f) end--;
  return text.subarray(0, end);
}

/** False when the target is not there or empty: then nothing in it needs to be looked at. */
function holdsSomething(target: Buffer): boolean {
  try {
    if (!statSync(target).isDirectory()) throw targetNoFolder(displayPath(target));
    return readdirSync(target).length > 0;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    if (error instanceof GatehouseError) throw error;
    throw fileFailed(target, 'look into the target folder', error);
  }
}

const ownerByNumber = ({ uid, gid }: TreeNode) => ({ uid, gid });

async function ownerByName() {
  const accounts = await loadAccounts();
  return ({ uid, gid, user, group }: TreeNode) => ({
    uid: accounts.userId(user) ?? uid,
    gid: accounts.groupId(group) ?? gid,
  });
}

async function apply(run: Run, plan: RestorePlan, staleAttribute: (name: Buffer) => boolean): Promise<void> {
  const posix = await loadPosix();
  if (posix.missing !== undefined) run.tally.warning(posix.missing);
  const { repository, workers, selection, tally, signal } = run;
  const metadata = { posix, staleAttribute };
  await new Applier({ repository, plan, workers, selection, tally, signal, metadata }).run();
}
