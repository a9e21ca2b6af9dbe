/**
 * Keeps locked what the snapshots need: packs with needed blobs, all index files, snapshots, keys and
 * the config. What would be free within half of the lock's days is locked for all of them again. Locks
 * are never shortened, and never set on the repository's own locks.
 */

import { mapBounded, throwIfAborted } from '../../core/bounded.js';
import { hasCode } from '../../core/errors.js';
import type { Bucket } from '../bucket/bucket.js';
import { versionsUnsupported } from '../bucket/errors.js';
import { type LockRule, lockedUntilMs } from '../bucket/object-lock.js';
import type { ObjectVersion, Retention, Versions } from '../bucket/versions.js';
import { configKey, folderOf, keyOf } from '../repository/layout.js';
import type { Repository } from '../repository/repository.js';
import { usedBlobsMissing } from './errors.js';
import { PackUses } from './pack-use.js';
import { listSnapshots } from './snapshots.js';
import { findUsedBlobs } from './used-blobs.js';
import { withLock } from './with-lock.js';

export interface ExtendLocks {
  readonly rule: LockRule;
  readonly nowMs: number;
  readonly dryRun?: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Extension {
  readonly key: string;
  /** Absent where these keys cannot list versions: the newest is meant. */
  readonly versionId?: string;
  /** Until when it was locked, milliseconds since 1970; undefined when it was not. */
  readonly beforeMs: number | undefined;
}

export interface ExtendedLocks {
  /** Objects that the snapshots need. */
  readonly needed: number;
  readonly extended: readonly Extension[];
  /** RFC 3339. */
  readonly until: string;
  /** Keys that have versions of different content, which our programs never write. */
  readonly overwritten: readonly string[];
}

const atOnce = 16;

/** @throws USED_BLOBS_MISSING, TREE_DAMAGED, VERSIONS_UNSUPPORTED, LOCKED and the bucket's errors. */
export async function extendLocks(
  repository: Repository,
  bucket: Bucket,
  options: ExtendLocks,
): Promise<ExtendedLocks> {
  const { versions: past } = bucket;
  if (past === undefined) throw versionsUnsupported(bucket.location);
  return await withLock(repository, 'shared', options.signal, async (signal) => {
    const call = { ...options, signal };
    const keys = await neededKeys(repository, bucket, signal);
    const stored = await storedVersions(past, signal);
    const overwritten = [...keys].filter((key) => (stored?.get(key)?.length ?? 0) > 1);
    const targets = [...keys].flatMap((key) => targetsOf(key, stored));
    const extended: Extension[] = [];
    let done = 0;
    for await (const one of mapBounded(targets, atOnce, (target) => extend(past, target, call))) {
      if (one !== undefined) extended.push(one);
      options.onProgress?.(++done, targets.length);
    }
    const until = new Date(lockedUntilMs(options.rule, options.nowMs)).toISOString();
    return { needed: keys.size, extended, until, overwritten };
  });
}

/** Loads the index. */
async function neededKeys(repository: Repository, bucket: Bucket, signal: AbortSignal): Promise<Set<string>> {
  const keys = new Set([configKey]);
  for (const kind of ['key', 'index', 'snapshot'] as const) {
    for await (const { key } of bucket.list(folderOf(kind), { signal })) keys.add(key);
  }
  await repository.loadIndex({ signal });
  const snapshots = await listSnapshots(repository, { signal });
  const used = await findUsedBlobs(repository, new Set(snapshots.map(({ tree }) => tree)), { signal });
  if (used.missingCount > 0) throw usedBlobsMissing(used.missingCount, used.missing);
  for (const { packId, usedBlobs } of PackUses.of(repository, used.blobs).packs) {
    if (usedBlobs > 0) keys.add(keyOf('pack', packId));
  }
  return keys;
}

/**
 * By key, the newest of each content. All are extended: after a thief has overwritten an object it is
 * the older one that must stay. Undefined where these keys may not list versions.
 */
async function storedVersions(
  past: Versions,
  signal: AbortSignal,
): Promise<Map<string, ObjectVersion[]> | undefined> {
  const found = new Map<string, ObjectVersion[]>();
  try {
    for await (const version of past.list('', { signal })) {
      if (version.isDeleteMarker) continue;
      const others = found.get(version.key) ?? [];
      const isKnown = others.some(
        ({ etag, sizeBytes }) => etag === version.etag && sizeBytes === version.sizeBytes,
      );
      if (!isKnown) found.set(version.key, [...others, version]);
    }
    return found;
  } catch (error) {
    if (hasCode(error, 'BUCKET_DENIED')) return undefined;
    throw error;
  }
}

interface Target {
  readonly key: string;
  readonly versionId?: string;
}

function targetsOf(key: string, stored: ReadonlyMap<string, readonly ObjectVersion[]> | undefined): Target[] {
  if (stored === undefined) return [{ key }];
  return (stored.get(key) ?? []).map(({ versionId }) => ({ key, versionId }));
}

async function extend(past: Versions, target: Target, options: ExtendLocks): Promise<Extension | undefined> {
  const { rule, nowMs, signal, dryRun } = options;
  throwIfAborted(signal);
  const { key, versionId } = target;
  const call = { signal, ...(versionId === undefined ? {} : { versionId }) };
  const before = await past.retention(key, call);
  if (before !== undefined && before.untilMs >= nowMs + (lockedUntilMs(rule, nowMs) - nowMs) / 2)
    return undefined;
  if (dryRun !== true) await past.retain(key, retentionAfter(before, rule, nowMs), call);
  return { ...target, beforeMs: before?.untilMs };
}

/** A lock in COMPLIANCE mode stays one. */
function retentionAfter(before: Retention | undefined, rule: LockRule, nowMs: number): Retention {
  const isHard = before?.mode === 'COMPLIANCE' && before.untilMs > nowMs;
  return { mode: isHard ? 'COMPLIANCE' : rule.mode, untilMs: lockedUntilMs(rule, nowMs) };
}
