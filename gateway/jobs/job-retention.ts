/**
 * Forgets old snapshots of a job after a run that succeeded, and removes their data by a schedule of
 * its own. Only snapshots of this host with exactly the job's sources count as the job's.
 */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { countOf } from '../../core/count.js';
import { forget } from '../commands/forget.js';
import { prune } from '../commands/prune.js';
import type { Repository } from '../repository/repository.js';
import { withJobRepository } from './job-access.js';
import { sourcesOf } from './job-config.js';
import { type KeepConfig, policyOf } from './keep-config.js';
import { failedEnd, type RunContext, type RunEnd } from './run-context.js';
import { noCounts } from './run-record.js';

/** @returns what was done, for the history. @throws what `forget` throws; then nothing was removed. */
export async function forgetOld(
  repository: Repository,
  keep: KeepConfig,
  { job, clock, signal }: RunContext,
): Promise<string> {
  const sources = sourcesOf(job).map((path) => resolve(path));
  const plan = await planOf(repository, {
    hosts: [job.host ?? hostname()],
    paths: sources,
    ...(job.tags.length === 0 ? {} : { tags: [job.tags.join(',')] }),
    policy: policyOf(keep),
    clock,
    signal,
  });
  const mine = plan.groups.filter(({ paths = [] }) => sameSet(paths, sources));
  const gone = mine.flatMap(({ decision }) => decision.remove.map(({ id }) => id));
  const kept = mine.reduce((sum, { decision }) => sum + decision.keep.length, 0);
  if (gone.length === 0) return `${countOf(kept, 'snapshot')} kept, none forgotten`;
  const { stillLocked } = await forget(repository, { snapshots: gone, clock, signal });
  const locked = stillLocked.length === 0 ? '' : `, ${stillLocked.length} still under a retention lock`;
  return `${countOf(kept, 'snapshot')} kept, ${gone.length - stillLocked.length} forgotten${locked}`;
}

async function planOf(repository: Repository, options: Parameters<typeof forget>[1]) {
  const { plan } = await forget(repository, { ...options, dryRun: true });
  return plan;
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === new Set(b).size && a.every((one) => b.includes(one));
}

export async function runPrune(context: RunContext): Promise<RunEnd> {
  const { signal, log } = context;
  try {
    const { plan, stillLocked } = await withJobRepository(context.access, context, (repository) =>
      prune(repository, { signal }),
    );
    const removed = plan.delete.length + plan.repack.length + plan.unreferenced.length - stillLocked.length;
    return {
      state: 'SUCCEEDED',
      snapshotId: null,
      counts: noCounts,
      error: null,
      note: `${countOf(removed, 'pack')} removed or written anew, ${plan.stats.unusedAfterBytes} bytes left unused`,
      isPassing: false,
    };
  } catch (error) {
    log.error('prune failed', { error });
    return failedEnd(error, context, noCounts);
  }
}
