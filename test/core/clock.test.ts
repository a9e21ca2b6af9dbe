import { describe, expect, it } from 'vitest';
import { sleep, systemClock, withTimeout } from '../../core/clock.js';
import { FakeClock } from '../support/fake-clock.js';

describe('sleep', () => {
  it('ends after its time and not before', async () => {
    const clock = new FakeClock();
    let done = false;
    const sleeping = sleep(clock, 1_000).then(() => {
      done = true;
    });
    clock.advance(999);
    await Promise.resolve();
    expect(done).toBe(false);
    clock.advance(1);
    await sleeping;
  });

  it('ends with INTERRUPTED when its signal aborts, and leaves no timer', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const sleeping = sleep(clock, 1_000, controller.signal);
    controller.abort();
    await expect(sleeping).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(clock.pendingCount).toBe(0);
  });

  it('does not begin when its signal has aborted already', async () => {
    const clock = new FakeClock();
    await expect(sleep(clock, 1_000, AbortSignal.abort())).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(clock.pendingCount).toBe(0);
  });
});

describe('withTimeout', () => {
  it('gives what the work gives, and leaves no timer', async () => {
    const clock = new FakeClock();
    expect(await withTimeout(clock, 10, Promise.resolve('done'), () => 'late')).toBe('done');
    await expect(withTimeout(clock, 10, Promise.reject(new Error('no')), () => 'late')).rejects.toThrow('no');
    expect(clock.pendingCount).toBe(0);
  });

  it('gives the substitute, or its error, when the time is over', async () => {
    const clock = new FakeClock();
    const never = new Promise<string>(() => {});
    const substituted = withTimeout(clock, 10, never, () => 'late');
    const failed = withTimeout(clock, 10, never, () => {
      throw new Error('too late');
    });
    clock.advance(10);
    expect(await substituted).toBe('late');
    await expect(failed).rejects.toThrow('too late');
  });
});

describe('the system clock', () => {
  it('runs a task once after the delay, on a scale that does not go back', async () => {
    const before = systemClock.monotonicMs();
    await new Promise<void>((resolve) => systemClock.after(20, resolve));
    expect(systemClock.monotonicMs() - before).toBeGreaterThanOrEqual(19);
  });

  it('does not run a task that was cancelled', async () => {
    let ran = false;
    systemClock
      .after(1, () => {
        ran = true;
      })
      .cancel();
    await new Promise<void>((resolve) => systemClock.after(20, resolve));
    expect(ran).toBe(false);
  });
});
