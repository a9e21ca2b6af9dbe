/**
 * Puts a versioned bucket back as it was at a time: what was overwritten or deleted since comes back
 * as the newest version, what is new is hidden behind a delete marker. No version with bytes is ever
 * removed, so that it can be taken back in the same way. The repository's locks are left alone.
 */
import { createHash } from 'node:crypto';
import { mapBounded, throwIfAborted } from '../../core/bounded.js';
import { hasCode } from '../../core/errors.js';
import type { Bucket } from '../bucket/bucket.js';
import { versionsUnsupported } from '../bucket/errors.js';
import type { ObjectVersion, Versions } from '../bucket/versions.js';
import { idFromKey } from '../repository/layout.js';

export interface UndeleteStep {
  readonly key: string;
  /** `reveal`: the delete markers above it go; `bring-back`: it is copied on top; `hide`: it was not there. */
  readonly action: 'reveal' | 'bring-back' | 'hide';
  /** The version as of then; of `hide` the one that is hidden. */
  readonly versionId: string;
  readonly sizeBytes: number;
  /** Version ids of delete markers above it, for `reveal`. */
  readonly markers: readonly string[];
}

export interface UndeletePlan {
  readonly atMs: number;
  readonly steps: readonly UndeleteStep[];
  /** Objects that are as they were. */
  readonly unchanged: number;
}

interface Call {
  readonly signal: AbortSignal;
}

export interface PlanUndelete extends Call {
  /** Leave what was written since. */
  readonly keepNewer: boolean;
}

/** Requests at once. */
const atOnce = 8;

/** @param atMs milliseconds since 1970, the server's clock. @throws VERSIONS_UNSUPPORTED, BUCKET_DENIED. */
export async function planUndelete(
  bucket: Bucket,
  atMs: number,
  options: PlanUndelete,
): Promise<UndeletePlan> {
  const past = pastOf(bucket);
  const steps: UndeleteStep[] = [];
  let unchanged = 0;
  const decide = (history: ObjectVersion[]) => stepFor(bucket, history, atMs, options);
  for await (const step of mapBounded(histories(past, options), atOnce, decide)) {
    if (step === 'unchanged') unchanged += 1;
    else if (step !== undefined) steps.push(step);
  }
  return { atMs, steps, unchanged };
}

function pastOf(bucket: Bucket): Versions {
  if (bucket.versions === undefined) throw versionsUnsupported(bucket.location);
  return bucket.versions;
}

/** All versions of one key after the other, each the newest first. */
export async function* histories(past: Versions, { signal }: Call): AsyncGenerator<ObjectVersion[]> {
  let history: ObjectVersion[] = [];
  for await (const version of past.list('', { signal })) {
    if (history[0] !== undefined && history[0].key !== version.key) {
      yield history;
      history = [];
    }
    history.push(version);
  }
  if (history.length > 0) yield history;
}

async function stepFor(
  bucket: Bucket,
  history: readonly ObjectVersion[],
  atMs: number,
  options: PlanUndelete,
): Promise<UndeleteStep | 'unchanged' | undefined> {
  const [now] = history;
  if (now === undefined || now.key.startsWith('locks/')) return undefined;
  const at = history.findIndex(({ modifiedMs }) => modifiedMs <= atMs);
  const then = history[at];
  const { key } = now;
  if (then === undefined || then.isDeleteMarker) {
    if (now.isDeleteMarker || options.keepNewer) return undefined;
    return { key, action: 'hide', versionId: now.versionId, sizeBytes: now.sizeBytes, markers: [] };
  }
  const { versionId, sizeBytes } = then;
  const above = history.slice(0, at);
  if (above.every(({ isDeleteMarker }) => isDeleteMarker)) {
    if (above.length === 0) return 'unchanged';
    const markers = above.map((marker) => marker.versionId);
    return { key, action: 'reveal', versionId, sizeBytes, markers };
  }
  if (await isSame(bucket, now, then, options)) return 'unchanged';
  return { key, action: 'bring-back', versionId, sizeBytes, markers: [] };
}

/** ETags of equal bytes may differ (parts, encryption): the name tells then, which is their hash. */
async function isSame(
  bucket: Bucket,
  now: ObjectVersion,
  then: ObjectVersion,
  { signal }: Call,
): Promise<boolean> {
  if (now.isDeleteMarker || now.sizeBytes !== then.sizeBytes) return false;
  if (now.etag === then.etag) return true;
  const id = idFromKey(now.key);
  if (id === undefined) return false;
  const content = await bucket.getStream(now.key, { signal, versionId: now.versionId });
  if (content === undefined) return false;
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk as Uint8Array);
  return hash.digest('hex') === id;
}

/** Killed half-way it is made again: a new plan holds what is left. @throws the bucket's errors. */
export async function undelete(
  bucket: Bucket,
  plan: UndeletePlan,
  options: Call & { readonly onProgress?: (done: number) => void },
): Promise<void> {
  const past = pastOf(bucket);
  // What was there comes back before what is new is hidden, so that it is never less than it was.
  const hidden = plan.steps.filter(({ action }) => action === 'hide');
  const shown = plan.steps.filter(({ action }) => action !== 'hide');
  let done = 0;
  for (const steps of [shown, hidden]) {
    const work = async (step: UndeleteStep) => {
      throwIfAborted(options.signal);
      await apply(bucket, past, step, options);
    };
    for await (const _ of mapBounded(steps, atOnce, work)) options.onProgress?.(++done);
  }
}

async function apply(bucket: Bucket, past: Versions, step: UndeleteStep, { signal }: Call): Promise<void> {
  const { action, key, versionId, markers } = step;
  if (action === 'hide') return await bucket.delete(key, { signal });
  if (action === 'bring-back') return await past.bringBack(key, versionId, { signal });
  try {
    for (const marker of markers) await past.remove(key, marker, { signal });
  } catch (error) {
    // Keys that may not remove markers (or MFA Delete) can still put a copy above them.
    if (!hasCode(error, 'BUCKET_DENIED')) throw error;
    await past.bringBack(key, versionId, { signal });
  }
}
