/**
 * Frees the space of what was deleted or overwritten in a versioned bucket, for good. What a
 * retention lock holds stays and is told. Afterwards the past cannot be shown any more.
 */

import { mapBounded, throwIfAborted } from '../../core/bounded.js';
import { hasCode } from '../../core/errors.js';
import type { Bucket } from '../bucket/bucket.js';
import { versionsUnsupported } from '../bucket/errors.js';
import type { ObjectVersion, RemoveVersionOptions, Versions } from '../bucket/versions.js';
import { histories } from './undelete.js';

/** Versions of one key that are not its present state, in the order in which they are removed. */
export interface PurgeStep {
  readonly key: string;
  readonly versions: readonly ObjectVersion[];
}

export interface PurgePlan {
  readonly steps: readonly PurgeStep[];
  readonly versions: number;
  readonly bytes: number;
}

export interface KeptVersion {
  readonly key: string;
  /** RFC 3339. */
  readonly until: string;
}

export interface Purge {
  readonly removed: number;
  readonly bytes: number;
  readonly stillLocked: readonly KeptVersion[];
}

const atOnce = 8;

/** @throws VERSIONS_UNSUPPORTED, BUCKET_DENIED. */
export async function planPurge(bucket: Bucket, signal: AbortSignal): Promise<PurgePlan> {
  const { versions: past } = bucket;
  if (past === undefined) throw versionsUnsupported(bucket.location);
  const steps: PurgeStep[] = [];
  for await (const history of histories(past, { signal })) {
    const step = stepFor(history);
    if (step.versions.length > 0) steps.push(step);
  }
  const all = steps.flatMap(({ versions }) => versions);
  const bytes = all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return { steps, versions: all.length, bytes };
}

/** A delete marker on top goes last: without it the newest of the versions below would be back. */
function stepFor(history: readonly ObjectVersion[]): PurgeStep {
  const [now, ...old] = history;
  if (now === undefined) return { key: '', versions: [] };
  return { key: now.key, versions: now.isDeleteMarker ? [...old.reverse(), now] : old.reverse() };
}

export interface PurgeOptions extends Pick<RemoveVersionOptions, 'mfa' | 'bypassGovernance'> {
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** @throws the bucket's errors but BUCKET_OBJECT_LOCKED. */
export async function purgeVersions(bucket: Bucket, plan: PurgePlan, options: PurgeOptions): Promise<Purge> {
  const { versions: past } = bucket;
  if (past === undefined) throw versionsUnsupported(bucket.location);
  let [removed, bytes] = [0, 0];
  const stillLocked: KeptVersion[] = [];
  const work = (step: PurgeStep) => purgeKey(past, step, options);
  for await (const one of mapBounded(plan.steps, atOnce, work)) {
    removed += one.removed;
    bytes += one.bytes;
    if (one.kept !== undefined) stillLocked.push(one.kept);
    options.onProgress?.(removed, plan.versions);
  }
  return { removed, bytes, stillLocked };
}

async function purgeKey(
  past: Versions,
  { key, versions }: PurgeStep,
  { onProgress: _, ...call }: PurgeOptions,
) {
  let [removed, bytes] = [0, 0];
  let kept: KeptVersion | undefined;
  for (const { versionId, sizeBytes, isDeleteMarker, isLatest } of versions) {
    throwIfAborted(call.signal);
    if (kept !== undefined && isDeleteMarker && isLatest) break;
    try {
      await past.remove(key, versionId, call);
      removed += 1;
      bytes += sizeBytes;
    } catch (error) {
      if (!hasCode(error, 'BUCKET_OBJECT_LOCKED')) throw error;
      kept = { key, until: String(error.context['until']) };
    }
  }
  return { removed, bytes, kept };
}
