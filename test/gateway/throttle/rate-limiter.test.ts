import { describe, expect, test } from 'vitest';
import { RateLimiter } from '../../../gateway/throttle/rate-limiter.js';
import { FakeClock } from '../../support/fake-clock.js';

const settle = () => new Promise(setImmediate);

/** Moves time in steps of `stepMs` and lets every waiter react in between. */
async function pass(clock: FakeClock, durationMs: number, stepMs = 5): Promise<void> {
  for (let passed = 0; passed < durationMs; passed += stepMs) {
    clock.advance(stepMs);
    await settle();
  }
}

/** Takes grains for ever, notes when each was granted. */
function taker(limiter: RateLimiter, clock: FakeClock, signal: AbortSignal): number[] {
  const times: number[] = [];
  const run = async () => {
    for (;;) {
      await limiter.take(limiter.grainBytes, signal);
      times.push(clock.monotonicMs());
    }
  };
  run().catch(() => {});
  return times;
}

describe('a rate limiter', () => {
  test('keeps its grains to 50 ms worth and to 16 KiB', () => {
    const clock = new FakeClock();
    expect(new RateLimiter(10 * 1024 * 1024, { clock }).grainBytes).toBe(16 * 1024);
    expect(new RateLimiter(100_000, { clock }).grainBytes).toBe(5_000);
    expect(new RateLimiter(1, { clock }).grainBytes).toBe(1);
  });

  test('grants its rate evenly, however many take part, and all the same share', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(1024 * 1024, { clock });
    const stop = new AbortController();
    const takers = Array.from({ length: 4 }, () => taker(limiter, clock, stop.signal));
    await pass(clock, 10_000);
    stop.abort();
    const total = takers.flat().length * limiter.grainBytes;
    expect(total / (1024 * 1024)).toBeGreaterThan(9.95);
    expect(total / (1024 * 1024)).toBeLessThan(10.1);
    const shares = takers.map((times) => times.length);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
    for (let from = 0; from < 9_000; from += 50) {
      const inSecond = takers.flat().filter((time) => time >= from && time < from + 1_000).length;
      expect(inSecond * limiter.grainBytes, `from ${from} ms`).toBeLessThanOrEqual(1.1 * 1024 * 1024);
    }
  });

  test('saves up nothing while nobody asks', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(100_000, { clock });
    clock.advance(3_600_000);
    const stop = new AbortController();
    const times = taker(limiter, clock, stop.signal);
    await pass(clock, 1_000);
    stop.abort();
    expect(times.length * limiter.grainBytes).toBeLessThanOrEqual(110_000);
  });

  test('makes up for turns that a busy process missed, but no more than 50 ms of them', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(100_000, { clock });
    const stop = new AbortController();
    const times = taker(limiter, clock, stop.signal);
    await pass(clock, 1_000);
    const before = times.length;
    clock.advance(40);
    await settle();
    await pass(clock, 960);
    expect((times.length - before) * limiter.grainBytes).toBe(100_000);
    const steady = times.length;
    clock.advance(10_000);
    await settle();
    expect((times.length - steady) * limiter.grainBytes).toBeLessThanOrEqual(15_000);
    stop.abort();
  });

  test('lets a waiter leave, costs nobody its turn, and leaves no timer', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(1_000, { clock });
    await limiter.take(limiter.grainBytes);
    const leaver = new AbortController();
    const left = limiter.take(limiter.grainBytes, leaver.signal);
    const stays = limiter.take(limiter.grainBytes).then(() => clock.monotonicMs());
    leaver.abort();
    await expect(left).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await pass(clock, 200);
    expect(await stays).toBeLessThanOrEqual(50);

    const alone = new AbortController();
    const waits = [1, 2].map(() => limiter.take(limiter.grainBytes, alone.signal));
    await settle();
    alone.abort();
    const outcomes = await Promise.allSettled(waits);
    expect(outcomes.at(-1)).toMatchObject({ status: 'rejected' });
    expect(clock.pendingCount).toBe(0);
  });
});
