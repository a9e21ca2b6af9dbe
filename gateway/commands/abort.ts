/** When to end a command as a whole: its signal was aborted, or the bucket as such fails. */
import { GatehouseError, interrupted } from '../../core/errors.js';

/** @throws the signal's reason when it is an error of ours (LOCK_LOST), else INTERRUPTED. */
export function throwIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw signal.reason instanceof GatehouseError ? signal.reason : interrupted(signal.reason);
}

/**
 * A bucket that does not answer or refuses us fails for every file alike. A single object that is
 * too short does not.
 * @throws the error itself when it is of that kind.
 */
export function throwIfBucketFailed(error: unknown): void {
  if (!(error instanceof GatehouseError)) return;
  if (error.code.startsWith('BUCKET_') && error.code !== 'BUCKET_SHORT_READ') throw error;
}
