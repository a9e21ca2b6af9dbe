/** Lock files: what is in them, and when one counts as stale. */
import { hostname, userInfo } from 'node:os';
import { type Clock, sleep } from '../../core/clock.js';
import { hasCode } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { CallOptions } from '../bucket/bucket.js';
import { type LockDescription, lockUnreadable, repositoryDamaged } from '../errors.js';
import { encodeGoJson } from './go-json.js';
import { isRunning } from './process-check.js';
import { integerField, storedFields, textField } from './stored-fields.js';
import type { LockHolder } from './types.js';
import type { UnpackedFiles } from './unpacked.js';

/** Others take a lock for stale after this time. */
const staleAfterMs = 30 * 60_000;
/** A lock may be read while it is being written; after these pauses it counts as unreadable. */
const readRetriesMs = [1_000, 2_000, 4_000];

export interface FoundLock {
  readonly id: string;
  /** RFC 3339, as it was written. */
  readonly time: string;
  readonly exclusive: boolean;
  readonly hostname: string;
  readonly username: string;
  /** 0 when the lock does not say. */
  readonly pid: number;
}

export interface LockContext {
  readonly files: UnpackedFiles;
  readonly clock: Clock;
  readonly log: Logger;
  readonly holder: LockHolder;
  /** See `RepositoryOptions`. */
  readonly retryLockMs?: number;
  readonly noLock?: boolean;
}

/** This process, as it signs locks and keys. The only place that asks the system who we are. */
export function thisProcess(): LockHolder {
  const { username, uid, gid } = userInfo();
  return { hostname: hostname(), username, pid: process.pid, uid: Math.max(0, uid), gid: Math.max(0, gid) };
}

/** Undefined when it is gone or empty. @throws LOCK_UNREADABLE. */
export async function readLock(
  context: LockContext,
  id: string,
  options?: CallOptions,
): Promise<FoundLock | undefined> {
  for (const pauseMs of [...readRetriesMs, undefined]) {
    try {
      const json = await context.files.loadIfThere('lock', id, options);
      if (json === undefined) return undefined;
      return parseLock(id, json);
    } catch (error) {
      if (!hasCode(error, 'REPOSITORY_DAMAGED')) throw error;
      if (pauseMs === undefined) throw lockUnreadable(id, error);
      await sleep(context.clock, pauseMs, options?.signal);
    }
  }
  return undefined;
}

/** @throws REPOSITORY_DAMAGED. */
function parseLock(id: string, json: Uint8Array): FoundLock {
  const fields = storedFields(json) ?? {};
  const { exclusive } = fields;
  const time = textField(fields, 'time');
  const host = textField(fields, 'hostname', '');
  const username = textField(fields, 'username', '');
  const pid = integerField(fields, 'pid', 0);
  if (
    time === undefined ||
    typeof exclusive !== 'boolean' ||
    host === undefined ||
    username === undefined ||
    pid === undefined
  ) {
    throw repositoryDamaged(`lock file ${id}`, 'a field is missing or malformed');
  }
  return { id, time, exclusive, hostname: host, username, pid };
}

/** Writes a lock that is fresh as of now. @returns its id. */
export async function writeLock(
  context: LockContext,
  exclusive: boolean,
  options?: CallOptions,
): Promise<string> {
  const { hostname: host, username, pid, uid, gid } = context.holder;
  const json = encodeGoJson({
    time: new Date(context.clock.now()).toISOString(),
    exclusive,
    hostname: host,
    username,
    pid,
    uid: uid === 0 ? undefined : uid,
    gid: gid === 0 ? undefined : gid,
  });
  return context.files.save('lock', Buffer.from(json), options);
}

function ageMs(context: LockContext, lock: FoundLock): number {
  const written = Date.parse(lock.time);
  return Number.isNaN(written) ? Number.POSITIVE_INFINITY : context.clock.now() - written;
}

/** restic's rule: not refreshed for 30 minutes, or of a dead process on this machine. */
export function isStale(context: LockContext, lock: FoundLock): boolean {
  return ageMs(context, lock) > staleAfterMs || isLeftBehind(context, lock);
}

/** A stale lock of this machine: no other clock is involved, so that a taker may remove it by itself. */
export function isLeftBehind(context: LockContext, lock: FoundLock): boolean {
  if (lock.hostname !== context.holder.hostname) return false;
  return ageMs(context, lock) > staleAfterMs || !isRunning(lock.pid);
}

/** What an error says about a lock. */
export function describeLock(context: LockContext, lock: FoundLock): LockDescription {
  const { id, exclusive, hostname: host, username, pid } = lock;
  const ageSeconds = Math.max(0, Math.round(ageMs(context, lock) / 1000));
  return { id, exclusive, hostname: host, username, pid, ageSeconds };
}
