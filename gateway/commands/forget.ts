/**
 * Removes snapshots by a policy or by their ids: plans first, and refuses what would leave a group
 * with nothing. The data stays until prune.
 */
import type { Clock } from '../../core/clock.js';
import type { Repository } from '../repository/repository.js';
import { applyPolicy, type RetentionDecision } from '../retention/apply-policy.js';
import { type Group, type Grouping, groupSnapshots } from '../retention/grouping.js';
import { isEmptyPolicy, type RetentionPolicy } from '../retention/policy.js';
import { nanosOfMs } from '../tree/go-time.js';
import type { StoredSnapshot } from '../tree/snapshot.js';
import { chooseSnapshots } from './choose-snapshots.js';
import { deleteFiles, type KeptFile } from './delete-files.js';
import { nothingToKeep, removeAllUnfiltered, wouldRemoveAll } from './errors.js';
import { type PruneOptions, type PruneProgress, type PruneResult, pruneLocked } from './prune.js';
import type { PruneRules } from './prune-plan.js';
import { listSnapshots, type SnapshotFilter } from './snapshots.js';
import { withLock } from './with-lock.js';

export interface ForgetOptions extends SnapshotFilter {
  /** Ids or their beginnings; these go, whatever the policy. */
  readonly snapshots?: readonly string[];
  readonly policy?: RetentionPolicy;
  /** By host and paths unless told. */
  readonly groupBy?: Grouping;
  /** Lets a policy leave nothing of a group; with an empty policy only together with a filter. */
  readonly unsafeAllowRemoveAll?: boolean;
  readonly dryRun?: boolean;
  /** Prune afterwards by these rules, when a snapshot was removed. */
  readonly prune?: PruneRules & Pick<PruneOptions, 'preparePacks'>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

export interface ForgetGroup extends Group<StoredSnapshot> {
  readonly decision: RetentionDecision<StoredSnapshot>;
}

export interface ForgetPlan {
  /** Empty when snapshots were named. */
  readonly groups: readonly ForgetGroup[];
  readonly remove: readonly StoredSnapshot[];
}

export interface ForgetResult {
  readonly plan: ForgetPlan;
  readonly isDryRun: boolean;
  /** Snapshots that the bucket holds under a retention lock; they are not gone. */
  readonly stillLocked: readonly KeptFile[];
  readonly prune: PruneResult | undefined;
}

export interface ForgetProgress {
  /** Before anything is removed. */
  readonly onPlan?: (plan: ForgetPlan) => void;
  readonly onRemoved?: (done: number, total: number) => void;
  readonly onPrune?: PruneProgress;
}

/**
 * @throws KEEP_POLICY_EMPTY, REMOVE_ALL_UNFILTERED, WOULD_REMOVE_ALL, SNAPSHOT_UNKNOWN,
 * SNAPSHOT_AMBIGUOUS, SNAPSHOT_DAMAGED, LOCKED, LOCK_LOST, INTERRUPTED, what prune throws, and the
 * bucket's errors. Nothing is removed when the plan is refused.
 */
export async function forget(
  repository: Repository,
  options: ForgetOptions,
  progress: ForgetProgress = {},
): Promise<ForgetResult> {
  throwIfSenseless(options);
  const run = (signal: AbortSignal) => runForget(repository, options, progress, signal);
  // To look, a shared lock is enough; prune needs the exclusive one even then.
  const kind = options.dryRun === true && options.prune === undefined ? 'shared' : 'exclusive';
  return withLock(repository, kind, options.signal, run);
}

function throwIfSenseless({ snapshots = [], policy = {}, ...options }: ForgetOptions): void {
  if (snapshots.length > 0 || !isEmptyPolicy(policy)) return;
  if (options.unsafeAllowRemoveAll !== true) throw nothingToKeep();
  const filters = [options.hosts, options.paths, options.tags];
  if (filters.every((filter = []) => filter.length === 0)) throw removeAllUnfiltered();
}

async function runForget(
  repository: Repository,
  options: ForgetOptions,
  progress: ForgetProgress,
  signal: AbortSignal,
): Promise<ForgetResult> {
  const plan = await planForget(repository, options, signal);
  progress.onPlan?.(plan);
  const isDryRun = options.dryRun === true;
  const ids = plan.remove.map(({ id }) => id);
  const { removed, stillLocked } = isDryRun
    ? { removed: ids, stillLocked: [] }
    : await deleteFiles(repository, 'snapshot', ids, {
        signal,
        ...(progress.onRemoved === undefined ? {} : { onProgress: progress.onRemoved }),
      });
  if (options.prune === undefined || removed.length === 0) {
    return { plan, isDryRun, stillLocked, prune: undefined };
  }
  const how = { ...options.prune, dryRun: isDryRun, without: new Set(removed), signal };
  const pruned = await pruneLocked(repository, how, progress.onPrune ?? (() => {}));
  return { plan, isDryRun, stillLocked, prune: pruned };
}

async function planForget(
  repository: Repository,
  options: ForgetOptions,
  signal: AbortSignal,
): Promise<ForgetPlan> {
  const { snapshots: named = [], policy = {}, clock, hosts = [], paths = [], tags = [] } = options;
  if (named.length > 0) {
    const remove = await chooseSnapshots(repository, named, { hosts, paths, tags, signal });
    return { groups: [], remove };
  }
  const all = await listSnapshots(repository, { hosts, paths, tags, signal });
  const by = options.groupBy ?? { host: true, paths: true, tags: false };
  const nowNs = nanosOfMs(clock.now());
  const groups = groupSnapshots(all, by).map((group) => ({
    ...group,
    decision: applyPolicy(group.snapshots, policy, nowNs),
  }));
  if (options.unsafeAllowRemoveAll !== true) {
    const emptied = groups.find(({ decision }) => decision.keep.length === 0);
    if (emptied !== undefined) throw wouldRemoveAll(groupName(emptied));
  }
  return { groups, remove: groups.flatMap(({ decision }) => decision.remove) };
}

/** `host nas, paths /a, /b`; for messages. */
export function groupName({ host, paths, tags }: Group<StoredSnapshot>): string {
  const parts = [
    ...(host === '' ? [] : [`host ${host}`]),
    ...(paths === undefined ? [] : [`paths ${paths.join(', ')}`]),
    ...(tags === undefined ? [] : [`tags ${tags.length === 0 ? '(none)' : tags.join(', ')}`]),
  ];
  return parts.length === 0 ? 'all snapshots' : parts.join(', ');
}
