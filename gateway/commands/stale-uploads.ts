/**
 * Drops what uploads of this repository's files have left that nobody goes on with: servers bill
 * their parts, and no listing of objects shows them. Other people's uploads are not touched.
 */
import { hasCode } from '../../core/errors.js';
import { isRepositoryKey } from '../repository/layout.js';
import type { Repository } from '../repository/repository.js';
import { throwIfAborted } from './abort.js';

/** A slow upload goes on for hours between two parts at most. */
const staleMs = 24 * 3_600_000;

export interface StaleUploads {
  /** Dropped, or in a dry run found. */
  readonly count: number;
  /** Why some may be left; many keys may not look at uploads, and some servers cannot list them. */
  readonly failure?: unknown;
}

/** A bucket that refuses is told in the result: what was pruned before is done. @throws INTERRUPTED. */
export async function dropStaleUploads(
  repository: Repository,
  { dryRun, signal }: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<StaleUploads> {
  const { bucket, clock } = repository.stores;
  const before = clock.now() - staleMs;
  let count = 0;
  try {
    for await (const upload of bucket.listUnfinished('', { signal })) {
      throwIfAborted(signal);
      if (upload.activeMs >= before || !isRepositoryKey(upload.key)) continue;
      if (!dryRun) await bucket.dropUnfinished(upload, { signal });
      count++;
    }
    return { count };
  } catch (failure) {
    if (hasCode(failure, 'INTERRUPTED')) throw failure;
    return { count, failure };
  }
}
