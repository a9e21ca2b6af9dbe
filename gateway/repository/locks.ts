/**
 * restic's locks: files in the bucket, any number of shared ones or a single exclusive one. A holder
 * writes a fresh lock every five minutes; one that cannot must stop writing before others may take
 * its lock for stale.
 */
import { sleep, type Timer } from '../../core/clock.js';
import { hasCode } from '../../core/errors.js';
import type { CallOptions } from '../bucket/bucket.js';
import { lockLost, repositoryLocked } from '../errors.js';
import { describeLock, isLeftBehind, isStale, type LockContext, readLock, writeLock } from './lock-files.js';
import type { Lock } from './types.js';

const recheckAfterMs = 200;
const refreshEveryMs = 5 * 60_000;
const refreshRetryMs = 60_000;
/** Timers stand still while the machine sleeps; so often it looks whether the calendar went ahead of them. */
const wakeCheckMs = 60_000;
/** Pauses between attempts to take a lock that conflicts, doubling. */
const firstPauseMs = 5_000;
const longestPauseMs = 60_000;
/** Without a refresh a holder gives up after this time, well before others take its lock for stale. */
const lostAfterMs = 22.5 * 60_000;

export interface LockOptions extends CallOptions {
  /** Begun while a lock that was written waits for its second look; taken back when that finds another. */
  readonly ahead?: Ahead | undefined;
}

export interface Ahead {
  start(): Promise<void>;
  undo(): void;
}

/**
 * Takes a lock: looks, writes its own, waits, looks again; as often as the context allows.
 * @throws LOCKED when another lock conflicts, LOCK_UNREADABLE, INTERRUPTED.
 */
export async function takeLock(
  context: LockContext,
  exclusive: boolean,
  options: LockOptions = {},
): Promise<Lock> {
  if (context.noLock === true && !exclusive) return withoutLock(options.ahead);
  const { clock, log, retryLockMs = 0 } = context;
  const endMs = clock.monotonicMs() + retryLockMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    try {
      return await tryToLock(context, exclusive, options);
    } catch (error) {
      const leftMs = endMs - clock.monotonicMs();
      if (!hasCode(error, 'LOCKED') || leftMs <= 0) throw error;
      log.warn('the repository is locked, trying again', { seconds: Math.ceil(leftMs / 1000), error });
      await sleep(clock, Math.min(pauseMs, leftMs), options.signal);
    }
  }
}

async function tryToLock(context: LockContext, exclusive: boolean, options: LockOptions): Promise<Lock> {
  await throwIfConflicting(context, exclusive, undefined, options);
  const id = await writeLock(context, exclusive, options);
  // Whoever would change what is read now has written a lock before ours, which the second look finds,
  // or finds ours.
  const ahead = options.ahead?.start();
  try {
    await Promise.all([sleep(context.clock, recheckAfterMs, options.signal), ahead]);
    await throwIfConflicting(context, exclusive, id, options);
  } catch (error) {
    await ahead?.catch(() => {});
    options.ahead?.undo();
    await context.files.remove('lock', id).catch(() => {});
    throw error;
  }
  const lock = new HeldLock(context, exclusive, id);
  lock.start();
  return lock;
}

/** For reading where nothing can be written: no lock at all, which prune elsewhere does not see. */
async function withoutLock(ahead: Ahead | undefined): Promise<Lock> {
  await ahead?.start();
  return { exclusive: false, signal: new AbortController().signal, close: async () => {} };
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
    if (!isLeftBehind(context, lock)) throw repositoryLocked(describeLock(context, lock));
    context.log.warn('removing a lock left behind on this machine', { lock: id, pid: lock.pid });
    await context.files.remove('lock', id, options);
  }
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
    const { clock } = this.#context;
    const stepMs = Math.min(delayMs, wakeCheckMs);
    const dueMs = clock.now() + stepMs;
    const step = () => {
      const wasAsleep = clock.now() - dueMs > wakeCheckMs;
      if (stepMs < delayMs && !wasAsleep) this.#refreshIn(delayMs - stepMs);
      else this.#refreshing = this.#refresh();
    };
    this.#refreshTimer = clock.after(stepMs, step, { background: true });
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
      // Too late: somebody may rely on it by now. What was written goes when the holder closes.
      if (this.#lost.signal.aborted) return;
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
