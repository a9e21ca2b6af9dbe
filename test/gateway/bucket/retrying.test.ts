import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { DirectoryBucket } from '../../../gateway/bucket/directory.js';
import { bucketDenied, bucketSlowDown, bucketUnreachable } from '../../../gateway/bucket/errors.js';
import { RetryingBucket, type RetryOptions } from '../../../gateway/bucket/retrying.js';
import { bucketContract, keysOf } from '../../contracts/bucket.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FaultyBucket } from '../../support/faulty-bucket.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { RushingClock } from '../../support/rushing-clock.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function directory() {
  return new DirectoryBucket(join(await temporaryFolder(), 'repository'), { clock: systemClock });
}

bucketContract({
  name: 'a retrying bucket over a directory',
  open: async () => new RetryingBucket(await directory(), { clock: systemClock }),
});

const gone = () => bucketUnreachable({ location: 'x', reason: 'ECONNREFUSED' });

/** A bucket that has answered already, and a clock that moves as fast as it is waited for. */
async function setUp(options: Partial<RetryOptions> = {}) {
  const clock = new FakeClock();
  const delays: number[] = [];
  const after = clock.after.bind(clock);
  clock.after = (delayMs, task) => {
    delays.push(delayMs);
    const timer = after(delayMs, task);
    queueMicrotask(() => clock.advance(delayMs));
    return timer;
  };
  const faulty = new FaultyBucket(await directory());
  const bucket = new RetryingBucket(faulty, { clock, random: () => 0.999, ...options });
  return { bucket, faulty, clock, delays };
}

async function setUpAnswered(options: Partial<RetryOptions> = {}) {
  const parts = await setUp(options);
  await parts.bucket.prepare();
  parts.faulty.calls = 0;
  return parts;
}

describe('a retrying bucket', () => {
  test('repeats a call until it succeeds, with waits that double up to a limit', async () => {
    const { bucket, faulty, delays } = await setUpAnswered({ baseDelayMs: 100, maxDelayMs: 500 });
    faulty.faults.push(gone(), bucketSlowDown({ location: 'x' }), gone(), gone());
    await bucket.put('config', Buffer.from('x'));
    expect(faulty.calls).toBe(5);
    expect(delays.map(Math.round)).toEqual([100, 200, 400, 500]);
    expect(await bucket.stat('config')).toBe(1);
  });

  test('spreads its waits from nothing to the full length', async () => {
    const draws = [0, 0.5];
    const { bucket, faulty, delays } = await setUpAnswered({
      baseDelayMs: 100,
      random: () => draws.shift() ?? 0,
    });
    faulty.faults.push(gone(), gone());
    await bucket.stat('config');
    expect(delays).toEqual([0, 100]);
  });

  test('does not repeat what is not retryable, nor a foreign error', async () => {
    const { bucket, faulty } = await setUpAnswered();
    const foreign = new TypeError('a bug');
    faulty.faults.push(bucketDenied({ location: 'x' }), foreign);
    await expect(bucket.get('config')).rejects.toMatchObject({ code: 'BUCKET_DENIED' });
    await expect(bucket.get('config')).rejects.toBe(foreign);
    expect(faulty.calls).toBe(2);
  });

  test('gives up when the waits have used up the budget', async () => {
    const { bucket, faulty, delays } = await setUpAnswered({ budgetMs: 60_000, maxDelayMs: 10_000 });
    faulty.faults.push(...Array.from({ length: 1_000 }, gone));
    await expect(bucket.get('config')).rejects.toMatchObject({ code: 'BUCKET_UNREACHABLE' });
    const waited = delays.reduce((sum, delay) => sum + delay, 0);
    expect(waited).toBeLessThanOrEqual(60_000);
    expect(waited).toBeGreaterThan(49_000);
  });

  test('gives up soon on a bucket that never answered', async () => {
    const { bucket, faulty, clock } = await setUp();
    faulty.faults.push(...Array.from({ length: 1_000 }, gone));
    await expect(bucket.get('config')).rejects.toMatchObject({ code: 'BUCKET_UNREACHABLE' });
    expect(clock.monotonicMs()).toBeLessThanOrEqual(10_000);
  });

  test('stops waiting when its signal aborts', async () => {
    const clock = new FakeClock();
    const faulty = new FaultyBucket(await directory());
    const bucket = new RetryingBucket(faulty, { clock, random: () => 0.5 });
    faulty.faults.push(gone());
    const stop = new AbortController();
    const call = bucket.get('config', { signal: stop.signal });
    await new Promise(setImmediate);
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(clock.pendingCount).toBe(0);
  });

  test('begins a broken listing anew and names nothing twice', async () => {
    const { bucket, faulty } = await setUpAnswered();
    const keys = ['a', 'b', 'c', 'd', 'e'];
    for (const key of keys) await bucket.put(key, new Uint8Array(1));
    faulty.listFailsAfter = 3;
    faulty.faults.push(gone(), gone());
    expect(await keysOf(bucket, '')).toEqual(keys);
    expect(faulty.faults).toEqual([]);
  });

  test('waits as long as the server asks, and gives up when that is longer than its patience', async () => {
    const { bucket, faulty, delays } = await setUpAnswered({ baseDelayMs: 100, budgetMs: 60_000 });
    faulty.faults.push(bucketSlowDown({ location: 'x', retryAfterMs: 7_000 }));
    await bucket.stat('config');
    expect(delays.map(Math.round)).toEqual([7_100]);
    faulty.faults.push(bucketSlowDown({ location: 'x', retryAfterMs: 61_000 }));
    await expect(bucket.stat('config')).rejects.toMatchObject({ code: 'BUCKET_SLOW_DOWN' });
    expect(delays).toHaveLength(1);
  });

  test('does not hammer: many calls that fail at once share what may be repeated', async () => {
    const { bucket, faulty, clock } = await setUpAnswered({ baseDelayMs: 1, maxDelayMs: 1 });
    faulty.faults.push(...Array.from({ length: 100 }, gone));
    const startedMs = clock.monotonicMs();
    await Promise.all(Array.from({ length: 20 }, () => bucket.stat('config')));
    expect(faulty.calls).toBe(120);
    expect(clock.monotonicMs() - startedMs).toBeGreaterThan(80_000);
  });

  test('goes on with a stream from the byte where it broke', async () => {
    const content = Buffer.from('0123456789');
    const inner = new MemoryBucket();
    await inner.put('x', content);
    const begins: number[] = [];
    inner.getStream = async (_key, options) => {
      const fromByte = options?.fromByte ?? 0;
      begins.push(fromByte);
      options?.onVersion?.('v1');
      if (begins.length > 1) expect(options?.ifVersion).toBe('v1');
      return Readable.from(breaking(content.subarray(fromByte), begins.length < 3), { objectMode: false });
    };
    const clock = new RushingClock();
    const bucket = new RetryingBucket(inner, { clock });
    await bucket.stat('x');
    const stream = await bucket.getStream('x', { fromByte: 1 });
    expect(Buffer.concat(await stream!.toArray()).toString()).toBe('123456789');
    expect(begins).toEqual([1, 4, 7]);
  });

  test('gives up on a stream that breaks for a reason that will stay', async () => {
    const inner = new MemoryBucket();
    inner.getStream = async () =>
      Readable.from(
        (async function* () {
          yield Buffer.from('x');
          throw bucketDenied({ location: 'x' });
        })(),
        { objectMode: false },
      );
    const bucket = new RetryingBucket(inner, { clock: systemClock });
    await expect((await bucket.getStream('x'))!.toArray()).rejects.toMatchObject({ code: 'BUCKET_DENIED' });
  });
});

async function* breaking(content: Buffer, breaks: boolean): AsyncGenerator<Buffer> {
  yield breaks ? content.subarray(0, 3) : content;
  if (breaks) throw gone();
}
