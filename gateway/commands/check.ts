/**
 * Proves a repository: index, packs, every snapshot's folders and files; with `readData` also every
 * byte. Changes nothing. Orphaned packs are hints: an interrupted backup leaves them, and they lose
 * nothing.
 */
import { collectGarbage } from '../../core/heap.js';
import { provePacks } from '../check/pack-proofs.js';
import type { Repository } from '../repository/repository.js';
import type { Problem } from '../repository/types.js';
import { throwIfAborted } from './abort.js';
import { choosePacks, parseSubset } from './check-subset.js';
import { checkSnapshots, type TreeProblem } from './check-trees.js';
import { withLock } from './with-lock.js';

/** While data is read: garbage of a few packs, beside what is alive. */
const heapGrowthBytes = 6_000_000;

export interface CheckOptions {
  /** Read and prove every pack. */
  readonly readData?: boolean;
  /** Only a part: `n/t` the n-th of t parts, `x%` or a size such as `500M` at random. Implies `readData`. */
  readonly readDataSubset?: string;
  /** Threads that prove data; one per core unless told. */
  readonly threads?: number;
  /** Look without the exclusive lock; for stores that cannot be written. */
  readonly noLock?: boolean;
  /** Called once before packs are read, with their ids: fetches archived ones. */
  readonly preparePacks?: (packIds: Iterable<string>) => Promise<void>;
  readonly signal?: AbortSignal;
}

export type CheckProblem = Problem | TreeProblem;

export type CheckEvent =
  | { readonly type: 'stage'; readonly stage: 'index' | 'packs' | 'snapshots' | 'data' }
  /** Of the stages `snapshots` and `data`: snapshots or packs looked through. */
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  | { readonly type: 'problem'; readonly problem: CheckProblem };

export type CheckProgress = (event: CheckEvent) => void;

/** `num_errors` as in restic's check summary; the rest tells how much was looked at. */
export interface CheckSummary {
  readonly message_type: 'summary';
  readonly num_errors: number;
  readonly num_hints: number;
  readonly broken_packs: readonly string[];
  readonly snapshots: number;
  readonly packs: number;
  readonly packs_read: number;
  readonly suggest_repair_index: boolean;
  readonly suggest_prune: boolean;
}

export interface CheckResult {
  readonly summary: CheckSummary;
  readonly problems: readonly CheckProblem[];
  /** No errors; hints do not count. When false the exit code is 1. */
  readonly isSound: boolean;
}

/**
 * Loads the index by itself.
 * @throws SUBSET_MALFORMED, LOCKED, LOCK_LOST, INTERRUPTED, and the bucket's errors.
 */
export async function check(
  repository: Repository,
  options: CheckOptions = {},
  progress: CheckProgress = () => {},
): Promise<CheckResult> {
  const run = (signal: AbortSignal) => runCheck(repository, options, progress, signal);
  if (options.readDataSubset !== undefined) parseSubset(options.readDataSubset);
  if (options.noLock === true) return run(options.signal ?? new AbortController().signal);
  return withLock(repository, 'exclusive', options.signal, run);
}

async function runCheck(
  repository: Repository,
  options: CheckOptions,
  progress: CheckProgress,
  signal: AbortSignal,
): Promise<CheckResult> {
  const problems: CheckProblem[] = [];
  const onProblem = (problem: CheckProblem) => {
    problems.push(problem);
    progress({ type: 'problem', problem });
  };
  progress({ type: 'stage', stage: 'index' });
  await repository.loadIndex({ signal, onProblem });
  progress({ type: 'stage', stage: 'packs' });
  for await (const problem of repository.checkPacks({ signal })) onProblem(problem);
  progress({ type: 'stage', stage: 'snapshots' });
  const onSnapshot = (done: number, total: number) => progress({ type: 'progress', done, total });
  const snapshots = await checkSnapshots(repository, { onProblem, onSnapshot, signal });
  repository.forgetTrees();
  const read = await readPacks(repository, options, { onProblem, progress, signal });
  throwIfAborted(signal);
  let packs = 0;
  for (const _pack of repository.indexedPacks()) packs++;
  return resultOf(problems, { snapshots, packs, read });
}

/** @returns how many packs were read. */
async function readPacks(
  repository: Repository,
  options: CheckOptions,
  how: { onProblem: (problem: Problem) => void; progress: CheckProgress; signal: AbortSignal },
): Promise<number> {
  const { onProblem, progress, signal } = how;
  const subset = options.readDataSubset ?? (options.readData === true ? '1/1' : undefined);
  if (subset === undefined) return 0;
  const chosen = choosePacks(() => repository.indexedPacks(), parseSubset(subset));
  await options.preparePacks?.(chosen.ids());
  progress({ type: 'stage', stage: 'data' });
  collectGarbage(heapGrowthBytes);
  let done = 0;
  const onPack = () => progress({ type: 'progress', done: ++done, total: chosen.count });
  const threads = options.threads === undefined ? {} : { threads: options.threads };
  await provePacks(repository, chosen, { ...threads, onProblem, onPack, signal });
  return chosen.count;
}

function resultOf(
  problems: readonly CheckProblem[],
  counts: { snapshots: number; packs: number; read: number },
): CheckResult {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const packErrors = errors.filter(({ code }) => code.startsWith('PACK_') || code === 'BLOB_DAMAGED');
  return {
    summary: {
      message_type: 'summary',
      num_errors: errors.length,
      num_hints: problems.length - errors.length,
      broken_packs: [...new Set(packErrors.map(({ fileId }) => fileId))],
      snapshots: counts.snapshots,
      packs: counts.packs,
      packs_read: counts.read,
      suggest_repair_index: problems.some(
        ({ code }) => code === 'INDEX_UNREADABLE' || code === 'PACK_DUPLICATE' || code === 'PACK_SPLIT',
      ),
      suggest_prune: problems.some(({ code }) => code === 'PACK_ORPHAN'),
    },
    problems,
    isSound: errors.length === 0,
  };
}
