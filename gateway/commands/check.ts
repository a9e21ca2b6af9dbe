/**
 * Proves a repository: index, packs, every snapshot's folders and files; with `readData` also every
 * byte. Changes nothing. Orphaned packs are hints: an interrupted backup leaves them, and they lose
 * nothing.
 */
import type { Repository } from '../repository/repository.js';
import type { Problem } from '../repository/types.js';
import { throwIfAborted } from './abort.js';
import { packsOfSubset, parseSubset } from './check-subset.js';
import { checkSnapshots, type TreeProblem } from './check-trees.js';
import { withLock } from './with-lock.js';

export interface CheckOptions {
  /** Read and prove every pack. */
  readonly readData?: boolean;
  /** Only a part: `n/t` the n-th of t parts, or `x%` picked at random. Implies `readData`. */
  readonly readDataSubset?: string;
  /** Look without the exclusive lock; for stores that cannot be written. */
  readonly noLock?: boolean;
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
  const chosen = packsOfSubset(
    [...repository.indexedPacks()].map(({ packId }) => packId),
    options.readDataSubset ?? (options.readData === true ? '1/1' : undefined),
  );
  if (chosen.length > 0) progress({ type: 'stage', stage: 'data' });
  await readPacks(repository, chosen, onProblem, progress, signal);
  throwIfAborted(signal);
  return resultOf(problems, { snapshots, packs: [...repository.indexedPacks()].length, read: chosen.length });
}

async function readPacks(
  repository: Repository,
  packIds: readonly string[],
  onProblem: (problem: Problem) => void,
  progress: CheckProgress,
  signal: AbortSignal,
): Promise<void> {
  let done = 0;
  for (const packId of packIds) {
    throwIfAborted(signal);
    for await (const problem of repository.verifyPack(packId, 'data', { signal })) onProblem(problem);
    done += 1;
    progress({ type: 'progress', done, total: packIds.length });
  }
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
        ({ code }) => code === 'INDEX_UNREADABLE' || code === 'PACK_DUPLICATE',
      ),
      suggest_prune: problems.some(({ code }) => code === 'PACK_ORPHAN'),
    },
    problems,
    isSound: errors.length === 0,
  };
}
