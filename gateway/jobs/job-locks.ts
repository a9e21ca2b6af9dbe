/**
 * Keeps locked what a job's repository needs, in a bucket with Object Lock: after a run that
 * succeeded, when a quarter of the lock's days have passed since the last time.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { countOf } from '../../core/count.js';
import { writeFileDurably } from '../../core/files.js';
import type { LockRule } from '../bucket/object-lock.js';
import { extendLocks } from '../commands/extend-locks.js';
import type { Repository } from '../repository/repository.js';
import { valueIfThere } from '../security/credential-files.js';
import type { JobConfig } from './job-config.js';
import type { RunContext } from './run-context.js';

const dayMs = 86_400_000;

export function lockRuleOf({ objectLock }: JobConfig): LockRule | undefined {
  if (objectLock === undefined) return undefined;
  return { mode: objectLock.mode === 'governance' ? 'GOVERNANCE' : 'COMPLIANCE', days: objectLock.days };
}

/** @returns what was done, for the history; undefined when it was not yet time. @throws what `extendLocks` throws. */
export async function keepLocked(
  repository: Repository,
  { job, access, clock, signal }: RunContext,
): Promise<string | undefined> {
  const rule = lockRuleOf(job);
  if (rule === undefined) return undefined;
  const folder = join(access.dataDir, 'locks-extended');
  const file = join(folder, job.name);
  const nowMs = clock.now();
  const lastMs = Number((await valueIfThere(file)) ?? 0);
  if (lastMs <= nowMs && nowMs - lastMs < (rule.days * dayMs) / 4) return undefined;
  const { extended } = await extendLocks(repository, repository.stores.bucket, { rule, nowMs, signal });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFileDurably(file, `${nowMs}\n`);
  return `${countOf(extended.length, 'object')} locked for ${countOf(rule.days, 'day')}`;
}
