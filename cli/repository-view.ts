/** What of a repository's bucket a command sees and how it writes there: the past, or under a lock. */
import type { Clock } from '../core/clock.js';
import { AsOfBucket } from '../gateway/bucket/as-of.js';
import type { Bucket } from '../gateway/bucket/bucket.js';
import { type LockRule, ObjectLockBucket } from '../gateway/bucket/object-lock.js';
import { usageError } from './exit-code.js';
import type { RepositoryFlags } from './repository-options.js';

/** Closing `bucket` is enough. @throws VERSIONS_UNSUPPORTED, USAGE. */
export function viewOf(bucket: Bucket, flags: RepositoryFlags, clock: Clock): Bucket {
  if (flags.asOf !== undefined) return AsOfBucket.of(bucket, flags.asOf);
  const rule = lockRule(flags);
  if (rule === undefined) return bucket;
  if (bucket.versions === undefined)
    throw usageError('Only an S3 bucket can lock objects.', 'Leave --object-lock out.');
  return new ObjectLockBucket(bucket, rule, clock);
}

/** @throws USAGE for days without a mode. */
export function lockRule({ objectLock, lockDays }: RepositoryFlags): LockRule | undefined {
  if (objectLock === undefined) {
    if (lockDays === undefined) return undefined;
    throw usageError('--lock-days goes with --object-lock.', 'Add --object-lock governance or compliance.');
  }
  return { mode: objectLock === 'governance' ? 'GOVERNANCE' : 'COMPLIANCE', days: lockDays ?? 30 };
}
