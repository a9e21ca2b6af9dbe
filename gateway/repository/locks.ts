/**
 * restic's locks: files in the bucket, any number of shared ones or a single exclusive one. A holder
 * writes a fresh lock every five minutes; one that cannot must stop writing before others may take
 * its lock for stale.
 */
import { hostname, userInfo } from 'node:os';
import { z } from 'zod';
import { type Clock, sleep, type Timer } from '../../core/clock.js';
import { hasCode, systemCode } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { CallOptions } from '../bucket/bucket.js';
import { lockLost, lockUnreadable, repositoryLocked } from '../errors.js';
import { encodeGoJson } from './go-json.js';
import type { Lock, LockHolder } from './types.js';
import type { UnpackedFiles } from './unpacked.js';

const recheckAfterMs = 200;
const refreshEveryMs = 5 * 60_000;
const refreshRetryMs = 60_000;
/** Others take a lock for stale after this time. */
const staleAfterMs = 30 * 60_000;
/** A holder gives up well before that. */
const lostAfterMs = 22.5 * 60_000;
/** A lock may be read while it is being written; after these pauses it counts as unreadable. */
const readRetriesMs = [1_000, 2_000, 4_000];

const lockSchema = z.object({
  time: z.string(),
  exclusive: z.boolean(),
  hostname: z.string().default(''),
  username: z.string().default(''),
  pid: z.int().default(0),
});

export interface FoundLock extends z.output<typeof lockSchema> {
  readonly id: string;
}

export interface LockContext {
  readonly files: UnpackedFiles;
  readonly clock: Clock;
  readonly log: Logger;
  readonly holder: LockHolder;
}

/** This process, as it signs locks and keys. The only place that asks the system who we are. */
export function thisProcess(): LockHolder {
  const { username, uid, gid } = userInfo();
  return { hostname: hostname(), username, pid: process.pid, uid: Math.max(0, uid), gid: Math.max(0, gid) };
}

/**
 * Takes a lock: looks, writes its own, waits, looks again.
 * @throws LOCKED when another lock conflicts, LOCK_UNREADABLE, INTERRUPTED.
 */
export async function takeLock(
  context: LockContext,
  exclusive: boolean,
  options?: CallOptions,
): Promise<Lock> {
  await throwIfConflicting(context, exclusive, undefined, options);
  const id = await writeLock(context, exclusive, options);
  try {
    await sleep(context.clock, recheckAfterMs, options?.signal);
    await throwIfConflicting(context, exclusive, id, options);
  } catch (error) {
    await context.files.remove('lock', id).catch(() => {});
    throw error;
  }
  const lock = new HeldLock(context, exclusive, id);
  lock.start();
  return lock;
}

/** Removes stale locks, or every lock. @returns how many. */
export async function removeLocks(
  context: LockContext,
  all: boolean,
  options?: CallOptions,
): Promise<number> {
  let removed = 0;
  for await (const { id } of context.files.list('lock', options)) {
    if (!all) {
      const lock = await readLock(context, id, options);
      if (lock === undefined || !isStale(context, lock)) continue;
    }
    await context.files.remove('lock', id, options);
    removed++;
  }
  return removed;
}

async function throwIfConflicting(
  context: LockContext,
  exclusive: boolean,
  ownId: string | undefined,
  options?: CallOptions,
): Promise<void> {
  for await (const { id } of context.files.list('lock', options)) {
    if (id === ownId) continue;
    const lock = await readLock(context, id, options);
    if (lock === undefined || !(exclusive || lock.exclusive)) continue;
    if (!isLeftBehind(context, lock)) throw repositoryLocked(describe(context, lock));
    context.log.warn('removing a lock left behind on this machine', { lock: id, pid: lock.pid });
    await context.files.remove('lock', id, options);
  }
}

async function readLock(
  context: LockContext,
  id: string,
  options?: CallOptions,
): Promise<FoundLock | undefined> {
  for (const pauseMs of [...readRetriesMs, undefined]) {
    try {
      const json = await context.files.loadIfThere('lock', id, options);
      if (json === undefined) return undefined;
      return { id, ...lockSchema.parse(JSON.parse(Buffer.from(json).toString('utf8'))) };
    } catch (error) {
      const isBroken = hasCode(error, 'REPOSITORY_DAMAGED') || error instanceof z.ZodError;
      if (!isBroken && !(error instanceof SyntaxError)) throw error;
      if (pauseMs === undefined) throw lockUnreadable(id, error);
      await sleep(context.clock, pauseMs, options?.signal);
    }
  }
  return undefined;
}

async function writeLock(context: LockContext, exclusive: boolean, options?: CallOptions): Promise<string> {
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
function isStale(context: LockContext, lock: FoundLock): boolean {
  return ageMs(context, lock) > staleAfterMs || isLeftBehind(context, lock);
}

/** A stale lock of this machine: no other clock is involved, so that a taker may remove it by itself. */
function isLeftBehind(context: LockContext, lock: FoundLock): boolean {
  if (lock.hostname !== context.holder.hostname) return false;
  return ageMs(context, lock) > staleAfterMs || !isRunning(lock.pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

function describe(context: LockContext, lock: FoundLock) {
  const { id, exclusive, hostname: host, username, pid } = lock;
  const ageSeconds = Math.max(0, Math.round(ageMs(context, lock) / 1000));
  return { id, exclusive, hostname: host, username, pid, ageSeconds };
}

class HeldLock implements Lock {
  readonly exclusive: boolean;
  readonly #context: LockContext;
  readonly #lost = new AbortController();
  /** Ours in the bucket: one, or two while the old one is being removed. */
  readonly #ids: Set<string>;
  #refreshTimer: Timer | undefined;
  #deadline: Timer | undefined;
  #refreshing: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(context: LockContext, exclusive: boolean, id: string) {
    this.#context = context;
    this.exclusive = exclusive;
    this.#ids = new Set([id]);
  }

  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  start(): void {
    this.#extend();
    this.#refreshIn(refreshEveryMs);
  }

  close(): Promise<void> {
    this.#closed ??= this.#giveUp();
    return this.#closed;
  }

  async #giveUp(): Promise<void> {
    this.#cancelTimers();
    await this.#refreshing;
    this.#cancelTimers();
    for (const id of this.#ids) await this.#context.files.remove('lock', id);
  }

  #cancelTimers(): void {
    this.#refreshTimer?.cancel();
    this.#deadline?.cancel();
  }

  /** A timer of its own, since a refresh may hang instead of failing. */
  #extend(): void {
    this.#deadline?.cancel();
    const lose = () => this.#lose(new Error('no refresh succeeded in time'));
    this.#deadline = this.#context.clock.after(lostAfterMs, lose, { background: true });
  }

  #refreshIn(delayMs: number): void {
    const refresh = () => {
      this.#refreshing = this.#refresh();
    };
    this.#refreshTimer = this.#context.clock.after(delayMs, refresh, { background: true });
  }

  async #refresh(): Promise<void> {
    const { files, log } = this.#context;
    const old = [...this.#ids];
    try {
      // Whoever removed it took it for stale and may hold a lock of its own by now.
      const found = await Promise.all(old.map((id) => files.loadIfThere('lock', id)));
      if (found.every((lock) => lock === undefined))
        return this.#lose(new Error('another program removed it'));
      this.#ids.add(await writeLock(this.#context, this.exclusive));
      this.#extend();
      for (const id of old) {
        await files.remove('lock', id);
        this.#ids.delete(id);
      }
      this.#refreshIn(refreshEveryMs);
    } catch (error) {
      log.warn('lock not refreshed', { error });
      this.#refreshIn(refreshRetryMs);
    }
  }

  #lose(cause: unknown): void {
    this.#cancelTimers();
    this.#context.log.error('lock lost', { error: cause });
    this.#lost.abort(lockLost(cause));
  }
}
