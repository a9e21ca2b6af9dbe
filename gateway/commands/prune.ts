/**
 * Removes what no snapshot needs. Plans first; then new packs are durable before the new index,
 * that before the old index files go, and those before packs go: whenever it dies, every snapshot
 * is whole, and the next run finishes.
 */
import type { Repository } from '../repository/repository.js';
import type { StoredFile } from '../repository/types.js';
import { throwIfAborted } from './abort.js';
import { deleteFiles, type KeptFile } from './delete-files.js';
import { recoveryUnconfirmed, snapshotEmpty, usedBlobsMissing } from './errors.js';
import { isWorthCompressing, PackUses } from './pack-use.js';
import { type PrunePlan, type PruneRules, planPrune } from './prune-plan.js';
import { repackBlobs } from './prune-repack.js';
import { listSnapshots } from './snapshots.js';
import { dropStaleUploads, type StaleUploads } from './stale-uploads.js';
import { findUsedBlobs } from './used-blobs.js';
import { withLock } from './with-lock.js';

export interface PruneOptions extends PruneRules {
  /** Only plan. */
  readonly dryRun?: boolean;
  /**
   * The repository's id, to confirm: repacks nothing and deletes packs before it writes an index, for
   * a disk without free space. Killed half-way, the index names packs that are gone and not needed.
   */
  readonly unsafeRecoverNoFreeSpace?: string;
  /** Makes archived packs readable before anything is changed; without it they must be by then. */
  readonly preparePacks?: (packIds: readonly string[]) => Promise<void>;
  readonly signal?: AbortSignal;
}

export type PruneStage = 'index' | 'mark' | 'plan' | 'repack' | 'rewrite-index' | 'delete';

export type PruneEvent =
  | { readonly type: 'stage'; readonly stage: PruneStage }
  /** Trees read (no total), bytes repacked, or files deleted. */
  | { readonly type: 'progress'; readonly done: number; readonly total: number | undefined }
  /** Before anything is changed. */
  | { readonly type: 'plan'; readonly plan: PrunePlan };

export type PruneProgress = (event: PruneEvent) => void;

export interface PruneResult {
  readonly plan: PrunePlan;
  readonly isDryRun: boolean;
  /** Packs that the bucket holds under a retention lock; a later prune removes them. */
  readonly stillLocked: readonly KeptFile[];
  readonly staleUploads: StaleUploads;
}

/**
 * Loads the index by itself.
 * @throws USED_BLOBS_MISSING, PACKS_NOT_AS_INDEXED, SNAPSHOT_DAMAGED, SNAPSHOT_EMPTY, TREE_DAMAGED,
 * RECOVERY_UNCONFIRMED, LOCKED, LOCK_LOST, INTERRUPTED, and the repository's and the bucket's errors.
 */
export async function prune(
  repository: Repository,
  options: PruneOptions = {},
  progress: PruneProgress = () => {},
): Promise<PruneResult> {
  return withLock(repository, 'exclusive', options.signal, (signal) =>
    pruneLocked(repository, { ...options, signal }, progress),
  );
}

export interface PruneLocked extends PruneOptions {
  readonly signal: AbortSignal;
  /** Snapshots that count as gone already. */
  readonly without?: ReadonlySet<string>;
}

/** As `prune`, for a caller that holds the exclusive lock. */
export async function pruneLocked(
  repository: Repository,
  options: PruneLocked,
  progress: PruneProgress,
): Promise<PruneResult> {
  const { signal, unsafeRecoverNoFreeSpace: confirmation } = options;
  const isRecovery = confirmation !== undefined;
  if (isRecovery && confirmation !== repository.id) throw recoveryUnconfirmed(repository.id);
  const rules: PruneRules = isRecovery ? { maxRepackBytes: 0 } : options;
  const { plan, uses } = await makePlan(repository, { ...options, rules }, progress);
  progress({ type: 'plan', plan });
  const isDryRun = options.dryRun === true;
  const apply = isRecovery ? applyWithoutSpace : applyPlan;
  const stillLocked = isDryRun ? [] : await apply(repository, { plan, uses, options, progress, signal });
  const staleUploads = await dropStaleUploads(repository, { dryRun: isDryRun, signal });
  return { plan, isDryRun, stillLocked, staleUploads };
}

async function makePlan(
  repository: Repository,
  options: PruneLocked & { readonly rules: PruneRules },
  progress: PruneProgress,
): Promise<{ plan: PrunePlan; uses: PackUses }> {
  const { signal, rules } = options;
  const roots = await rootsOf(repository, options);
  progress({ type: 'stage', stage: 'index' });
  await repository.loadIndex({ signal });
  progress({ type: 'stage', stage: 'mark' });
  const onProgress = (done: number) => progress({ type: 'progress', done, total: undefined });
  const used = await findUsedBlobs(repository, roots, { signal, onProgress });
  if (used.missingCount > 0) throw usedBlobsMissing(used.missingCount, used.missing);
  progress({ type: 'stage', stage: 'plan' });
  const stored: StoredFile[] = [];
  for await (const pack of repository.listFiles('pack', { signal })) stored.push(pack);
  throwIfAborted(signal);
  const uses = PackUses.of(repository, used.blobs);
  const { version } = repository;
  const { packSizeBytes } = repository.maintenance;
  return { plan: planPrune({ uses: uses.packs, stored, rules, version, packSizeBytes }), uses };
}

async function rootsOf(repository: Repository, { signal, without }: PruneLocked): Promise<Set<string>> {
  for await (const { id, sizeBytes } of repository.listFiles('snapshot', { signal })) {
    if (sizeBytes === 0) throw snapshotEmpty(id);
  }
  const snapshots = await listSnapshots(repository, { signal });
  return new Set(snapshots.filter(({ id }) => without?.has(id) !== true).map(({ tree }) => tree));
}

interface Apply {
  readonly plan: PrunePlan;
  readonly uses: PackUses;
  readonly options: PruneOptions;
  readonly progress: PruneProgress;
  readonly signal: AbortSignal;
}

async function applyPlan(repository: Repository, apply: Apply): Promise<KeptFile[]> {
  const { plan, options, signal } = apply;
  if (plan.archived.length > 0) await options.preparePacks?.(plan.archived);
  const locked = await deletePacks(repository, plan.unreferenced, apply);
  await repackPlanned(repository, apply);
  const gone = [...plan.repack, ...plan.delete, ...plan.absent];
  if (gone.length === 0) return locked;
  apply.progress({ type: 'stage', stage: 'rewrite-index' });
  await repository.rewriteIndex({ dropPacks: new Set(gone), signal });
  return [...locked, ...(await deletePacks(repository, [...plan.repack, ...plan.delete], apply))];
}

async function applyWithoutSpace(repository: Repository, apply: Apply): Promise<KeptFile[]> {
  const { plan, signal } = apply;
  const locked = await deletePacks(repository, [...plan.unreferenced, ...plan.delete], apply);
  apply.progress({ type: 'stage', stage: 'rewrite-index' });
  await repository.rewriteIndex({ dropPacks: new Set([...plan.delete, ...plan.absent]), signal });
  return locked;
}

async function repackPlanned(repository: Repository, { plan, uses, options, progress, signal }: Apply) {
  if (plan.repack.length === 0) return;
  progress({ type: 'stage', stage: 'repack' });
  const total = plan.stats.toRepack.bytes - plan.stats.repackRemoves.bytes;
  const mayCompress = repository.version === 2;
  await repackBlobs(repository, {
    packIds: plan.repack,
    neededBlobs: (packId) => uses.neededBlobs(packId),
    compress: (blob) =>
      mayCompress &&
      isWorthCompressing(blob) &&
      (blob.type === 'tree' || options.repackUncompressed === true),
    signal,
    onProgress: (done) => progress({ type: 'progress', done, total }),
  });
}

async function deletePacks(
  repository: Repository,
  packIds: readonly string[],
  { progress, signal }: Apply,
): Promise<KeptFile[]> {
  if (packIds.length === 0) return [];
  progress({ type: 'stage', stage: 'delete' });
  const onProgress = (done: number, total: number) => progress({ type: 'progress', done, total });
  const { stillLocked } = await deleteFiles(repository, 'pack', packIds, { signal, onProgress });
  return [...stillLocked];
}
