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
  test('keeps its grains to 15 ms worth, from 512 bytes to 16 KiB', () => {
    const clock = new FakeClock();
    expect(new RateLimiter(10 * 1024 * 1024, { clock }).grainBytes).toBe(16 * 1024);
    expect(new RateLimiter(100_000, { clock }).grainBytes).toBe(1_500);
    expect(new RateLimiter(1, { clock }).grainBytes).toBe(512);
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
      expect(inSecond * limiter.grainBytes, `from ${from} ms`).toBeLessThanOrEqual(1.045 * 1024 * 1024);
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

  test('makes up for turns that a busy process missed: a little at once, the rest of a second at 1.5 % more', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(100_000, { clock });
    const stop = new AbortController();
    const times = taker(limiter, clock, stop.signal);
    await pass(clock, 1_000);
    const before = times.length;
    clock.advance(500);
    await settle();
    await pass(clock, 1_000);
    const grains = times.length - before;
    expect(grains * limiter.grainBytes).toBeGreaterThanOrEqual(101_000);
    expect(grains * limiter.grainBytes).toBeLessThanOrEqual(104_500);
    await pass(clock, 100_000);
    const after = times.length;
    await pass(clock, 10_000);
    expect((times.length - after) * limiter.grainBytes).toBeCloseTo(1_000_000, -4);
    stop.abort();
  });

  test('takes a new rate at once, also for those who wait', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(1_000, { clock });
    const stop = new AbortController();
    const times = taker(limiter, clock, stop.signal);
    await pass(clock, 1_000);
    expect(times.length).toBeLessThanOrEqual(3);
    limiter.setRate(100_000);
    const before = times.length;
    await pass(clock, 1_000);
    expect((times.length - before) * limiter.grainBytes).toBeGreaterThan(97_000);
    limiter.setCeiling(50_000);
    expect(limiter.bytesPerSecond).toBe(50_000);
    stop.abort();
    await settle();
    const waits = limiter.take(16_384);
    limiter.setRate(undefined);
    limiter.setCeiling(undefined);
    expect(limiter.isOpen).toBe(true);
    await waits;
    expect(clock.pendingCount).toBe(0);
  });

  test('lets nothing go while it or its parent is paused, and all wait as if no time had passed', async () => {
    const clock = new FakeClock();
    const parent = new RateLimiter(undefined, { clock });
    const limiter = new RateLimiter(100_000, { clock, parent });
    const stop = new AbortController();
    const times = taker(limiter, clock, stop.signal);
    await pass(clock, 100);
    parent.pause();
    expect([limiter.isPaused, limiter.pauseCount]).toEqual([true, 1]);
    await pass(clock, 20);
    const before = times.length;
    await pass(clock, 3_600_000, 600_000);
    expect(times.length).toBe(before);
    const running = limiter.running();
    parent.resume();
    await running;
    await pass(clock, 1_000);
    expect((times.length - before) * limiter.grainBytes).toBeLessThanOrEqual(104_500);
    stop.abort();
  });

  test('waits for its own turn and for its parent, whichever is later', async () => {
    const clock = new FakeClock();
    const parent = new RateLimiter(50_000, { clock });
    const limiter = new RateLimiter(100_000, { clock, parent });
    expect([limiter.bytesPerSecond, limiter.grainBytes]).toEqual([50_000, 750]);
    const stop = new AbortController();
    const times = taker(limiter, clock, stop.signal);
    await pass(clock, 2_000);
    stop.abort();
    expect(times.length * limiter.grainBytes).toBeLessThanOrEqual(102_000);
    expect(times.length * limiter.grainBytes).toBeGreaterThanOrEqual(97_000);
  });

  test('lets others go earlier by what is given back', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(100_000, { clock });
    for (let i = 0; i < 3; i++) void limiter.take(2_000);
    const last = limiter.take(2_000).then(() => clock.monotonicMs());
    await pass(clock, 5);
    limiter.refund(2_000);
    await pass(clock, 100);
    expect(await last).toBeLessThanOrEqual(45);
  });

  test('lets a waiter leave, costs nobody its turn, and leaves no timer', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(100_000, { clock });
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
