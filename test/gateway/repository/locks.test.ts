import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../../core/log.js';
import { Sealer } from '../../../gateway/repository/crypto.js';
import { type LockContext, thisProcess, writeLock } from '../../../gateway/repository/lock-files.js';
import { removeLocks, takeLock } from '../../../gateway/repository/locks.js';
import type { Lock } from '../../../gateway/repository/types.js';
import { UnpackedFiles } from '../../../gateway/repository/unpacked.js';
import { FakeClock } from '../../support/fake-clock.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { sheetKey } from './vectors.js';

const minuteMs = 60_000;
const elsewhere = { ...thisProcess(), hostname: 'other-nas', username: 'bob', pid: 4711 };

async function setUp() {
  const bucket = new MemoryBucket();
  const clock = new FakeClock();
  const files = new UnpackedFiles(bucket, new Sealer(await sheetKey()), 2);
  const context: LockContext = { files, clock, log: silentLogger, holder: thisProcess() };
  /** Lets bucket calls run, and ends the pause of 200 ms when it is reached. */
  const take = async (exclusive: boolean, as = context): Promise<Lock> => {
    const taken = takeLock(as, exclusive);
    taken.catch(() => {});
    await passPause(clock);
    const lock = await taken;
    onTestFinished(() => lock.close());
    return lock;
  };
  return { bucket, clock, files, context, foreign: { ...context, holder: elsewhere }, take };
}

const settled = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

async function passPause(clock: FakeClock): Promise<void> {
  await settled();
  clock.advance(200);
  await settled();
}

describe('taking a lock', () => {
  it('lets any number of shared holders in', async () => {
    const { bucket, take, foreign } = await setUp();
    await take(false, foreign);
    await take(false);
    expect(bucket.keys('locks/')).toHaveLength(2);
  });

  it('tries again for as long as it may while another lock conflicts', async () => {
    const { bucket, clock, context, take, foreign } = await setUp();
    const theirs = await take(true, foreign);
    const waiting = takeLock({ ...context, retryLockMs: 60_000 }, false);
    await settled();
    clock.advance(5_000);
    await settled();
    await theirs.close();
    clock.advance(10_000);
    await passPause(clock);
    const lock = await waiting;
    expect(bucket.keys('locks/')).toHaveLength(1);
    await lock.close();
    const again = await take(true, foreign);
    const inVain = takeLock({ ...context, retryLockMs: 7_000 }, false);
    inVain.catch(() => {});
    for (let i = 0; i < 3; i++) {
      await settled();
      clock.advance(5_000);
    }
    await expect(inVain).rejects.toMatchObject({ code: 'LOCKED' });
    await again.close();
  });

  it('takes no shared lock when told so', async () => {
    const { bucket, context } = await setUp();
    await (await takeLock({ ...context, noLock: true }, false)).close();
    expect(bucket.keys('locks/')).toEqual([]);
  });

  it.each([
    [true, false],
    [false, true],
    [true, true],
  ])(
    'names the holder when a lock (exclusive: %s) conflicts with ours (exclusive: %s)',
    async (theirs, ours) => {
      const { bucket, clock, take, foreign } = await setUp();
      await take(theirs, foreign);
      clock.advance(10_000);
      await expect(take(ours)).rejects.toMatchObject({
        code: 'LOCKED',
        message: expect.stringMatching(/process 4711 of bob on other-nas, 10 seconds ago/),
        context: { hostname: 'other-nas', username: 'bob', pid: 4711, exclusive: theirs, ageSeconds: 10 },
      });
      expect(bucket.keys('locks/')).toHaveLength(1);
    },
  );

  it('withdraws its own lock when another appears during the pause', async () => {
    const { bucket, clock, context, foreign } = await setUp();
    const taken = takeLock(context, true);
    taken.catch(() => {});
    await settled();
    const theirs = await writeLock(foreign, false);
    clock.advance(200);
    await expect(taken).rejects.toMatchObject({ code: 'LOCKED' });
    expect(bucket.keys('locks/')).toEqual([`locks/${theirs}`]);
  });

  it('withdraws its own lock when it is interrupted during the pause', async () => {
    const { bucket, context } = await setUp();
    const abort = new AbortController();
    const taken = takeLock(context, true, { signal: abort.signal });
    taken.catch(() => {});
    await settled();
    abort.abort();
    await expect(taken).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(bucket.keys('locks/')).toEqual([]);
  });

  it('has other work done during the pause, and takes it back when another lock appears', async () => {
    const { clock, context, foreign } = await setUp();
    const done: string[] = [];
    const ahead = {
      start: async () => void done.push('started'),
      undo: () => void done.push('taken back'),
    };
    const first = takeLock(context, false, { ahead });
    await settled();
    expect(done).toEqual(['started']);
    await passPause(clock);
    await (await first).close();
    expect(done).toEqual(['started']);
    const second = takeLock(context, false, { ahead });
    second.catch(() => {});
    await settled();
    await writeLock(foreign, true);
    clock.advance(200);
    await expect(second).rejects.toMatchObject({ code: 'LOCKED' });
    expect(done).toEqual(['started', 'started', 'taken back']);
  });

  it('fails with what the work of the pause failed with, and leaves no lock', async () => {
    const { bucket, clock, context } = await setUp();
    const ahead = { start: () => Promise.reject(new Error('no index')), undo: () => {} };
    const taken = takeLock(context, false, { ahead });
    taken.catch(() => {});
    await passPause(clock);
    await expect(taken).rejects.toThrow('no index');
    expect(bucket.keys('locks/')).toEqual([]);
    await expect(takeLock({ ...context, noLock: true }, false, { ahead })).rejects.toThrow('no index');
  });

  it('conflicts with a lock of this very process', async () => {
    const { take } = await setUp();
    await take(true);
    await expect(take(false)).rejects.toMatchObject({ code: 'LOCKED' });
  });

  it('removes the lock of a dead process of this machine, but no old lock of another', async () => {
    const { bucket, clock, context, foreign, take } = await setUp();
    // Process ids end far below this.
    await writeLock({ ...context, holder: { ...context.holder, pid: 2 ** 30 } }, true);
    await (await take(false)).close();
    expect(bucket.keys('locks/')).toEqual([]);
    await writeLock(foreign, true);
    clock.advance(31 * minuteMs);
    await expect(take(false)).rejects.toMatchObject({ code: 'LOCKED' });
  });

  it('passes over empty files and fails on unreadable ones after some tries', async () => {
    const { bucket, clock, context, take } = await setUp();
    bucket.objects.set(`locks/${'0'.repeat(64)}`, Buffer.alloc(0));
    await (await take(true)).close();
    bucket.objects.set(`locks/${'1'.repeat(64)}`, Buffer.from('rubbish'));
    const taken = takeLock(context, false);
    taken.catch(() => {});
    for (const pauseMs of [1000, 2000, 4000]) {
      await settled();
      clock.advance(pauseMs);
    }
    await expect(taken).rejects.toMatchObject({ code: 'LOCK_UNREADABLE' });
  });
});

describe('holding a lock', () => {
  it('writes a fresh file every five minutes and removes the old one', async () => {
    const { bucket, clock, take } = await setUp();
    const lock = await take(false);
    const [first] = bucket.keys('locks/');
    clock.advance(5 * minuteMs);
    await settled();
    const [second, ...more] = bucket.keys('locks/');
    expect(more).toEqual([]);
    expect(second).not.toBe(first);
    await lock.close();
    await lock.close();
    expect(bucket.keys('locks/')).toEqual([]);
    expect(clock.pendingCount).toBe(0);
  });

  it('goes on after a failed refresh, and is lost when none succeeds for 22.5 minutes', async () => {
    const { bucket, clock, take } = await setUp();
    const lock = await take(true);
    let works = false;
    bucket.before = (operation) => {
      if (operation === 'put' && !works) throw new Error('unreachable');
    };
    const pass = async (minutes: number) => {
      for (let i = 0; i < minutes * 2; i++) {
        clock.advance(minuteMs / 2);
        await settled();
      }
    };
    await pass(20);
    works = true;
    await pass(2);
    works = false;
    await pass(20);
    expect(lock.signal.aborted).toBe(false);
    await pass(4);
    expect(lock.signal.aborted).toBe(true);
    expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST' });
  });

  it('is looked at soon after the machine slept, and is lost when others removed it meanwhile', async () => {
    const { bucket, clock, take } = await setUp();
    const lock = await take(false);
    clock.setWallClock(clock.now() + 60 * minuteMs);
    for (const key of bucket.keys('locks/')) await bucket.delete(key);
    clock.advance(minuteMs);
    await settled();
    expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST' });
  });

  it('is lost when a refresh hangs', async () => {
    const { bucket, clock, take } = await setUp();
    const lock = await take(true);
    let release = () => {};
    bucket.before = (operation) =>
      operation === 'put' ? new Promise((resolve) => (release = () => resolve())) : undefined;
    clock.advance(5 * minuteMs);
    await settled();
    clock.advance(18 * minuteMs);
    expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST' });
    release();
  });

  it('is lost when another program removed it', async () => {
    const { bucket, clock, take } = await setUp();
    const lock = await take(true);
    bucket.objects.clear();
    clock.advance(5 * minuteMs);
    await settled();
    expect(lock.signal.reason).toMatchObject({ code: 'LOCK_LOST' });
    expect(bucket.keys('locks/')).toEqual([]);
  });
});

describe('unlock', () => {
  it('removes stale locks and leaves fresh ones', async () => {
    const { bucket, clock, context, foreign } = await setUp();
    await writeLock(foreign, true);
    clock.advance(31 * minuteMs);
    const fresh = await writeLock(foreign, true);
    await writeLock({ ...context, holder: { ...context.holder, pid: 2 ** 30 } }, false);
    expect(await removeLocks(context, false)).toBe(2);
    expect(bucket.keys('locks/')).toEqual([`locks/${fresh}`]);
  });

  it('removes every lock when told, unreadable ones too', async () => {
    const { bucket, context, foreign } = await setUp();
    await writeLock(foreign, true);
    bucket.objects.set(`locks/${'1'.repeat(64)}`, Buffer.from('rubbish'));
    expect(await removeLocks(context, true)).toBe(2);
    expect(bucket.keys('locks/')).toEqual([]);
  });
});
