/** The rules of a roll-out, pure: how many devices get the job now, and when it has failed too often. */
import { waveReach } from '../../core/waves.js';
import type { AbortRule, Rollout } from '../../core/wire/jobs.js';

export interface Tally {
  /** All targets. */
  readonly total: number;
  /** Targets that the roll-out has reached. */
  readonly released: number;
  /** Of those, whose execution has ended in any way. */
  readonly ended: number;
  /** Of those, FAILED, REJECTED or TIMED_OUT. */
  readonly failed: number;
  /** Of those, SUCCEEDED. */
  readonly succeeded: number;
}

/** How many more may get the job now, before the limit per minute. */
export function releasable({ waves }: Rollout, { total, released, ended }: Tally): number {
  if (waves === undefined) return total - released;
  const reached = waves.map((wave) => waveReach(wave, total));
  const current = reached.find((size) => size > released);
  const partOf = reached.find((size) => size >= released) ?? total;
  // In the middle of a wave (its limit per minute), or between two: then the one before must be over.
  if (released > 0 && released === partOf && ended < released) return 0;
  // What the last wave leaves out never gets the job; that is what it was told.
  return Math.max(0, (current ?? released) - released);
}

/** The targets that will ever be reached. */
export function reachable({ waves }: Rollout, total: number): number {
  return waves === undefined ? total : Math.max(...waves.map((wave) => waveReach(wave, total)));
}

/** Why the job is to stop; undefined while it may go on. */
export function abortReason(rule: AbortRule | undefined, { failed, succeeded }: Tally): string | undefined {
  if (rule === undefined) return undefined;
  const finished = failed + succeeded;
  if (finished < rule.minFinished || finished === 0) return undefined;
  const percent = (100 * failed) / finished;
  if (percent < rule.failedPercent) return undefined;
  return `${failed} of ${finished} failed (limit ${rule.failedPercent} %)`;
}
