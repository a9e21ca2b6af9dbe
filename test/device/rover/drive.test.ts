import { describe, expect, test } from 'vitest';
import { type SimulationOptions, simulate } from '../../../cli/rover/simulation.js';
import type { Clock } from '../../../core/clock.js';
import { silentLogger } from '../../../core/log.js';
import type { SimulatedRover } from '../../../hardware/sim/rover/parts.js';

/** After this long in mid-drive something happens. */
const happensMs = 8_000;

interface Stopping {
  readonly outcome: string;
  readonly reason: string | undefined;
  /** From what happened to the order to stand, milliseconds. */
  readonly afterMs: number;
  readonly dutyIsZero: boolean;
}

/** Drives course 3, lets `happen` happen, and tells when the motors were told to stand for good. */
async function stopping(
  happen: (parts: SimulatedRover, clock: Clock) => void,
  options: Partial<SimulationOptions> = {},
): Promise<Stopping> {
  let stoodAtMs = Number.NaN;
  const result = await simulate({
    seed: 3,
    log: silentLogger,
    ...options,
    prepare: (parts, clock) => {
      const set = parts.motors.set;
      Object.assign(parts.motors, {
        set: (left: number, right: number) => {
          if (left !== 0 || right !== 0) stoodAtMs = Number.NaN;
          else if (Number.isNaN(stoodAtMs)) stoodAtMs = clock.monotonicMs();
          return set(left, right);
        },
      });
      clock.after(happensMs, () => happen(parts, clock));
    },
  });
  const { outcome, reason, world } = result;
  return { outcome, reason, afterMs: stoodAtMs - happensMs, dutyIsZero: world.dutyIsZero };
}

describe('a drive', () => {
  test.each([1, 2])('reaches the goal of course %i within 0.2 m and touches nothing', async (seed) => {
    const { outcome, offM, touched } = await simulate({ seed, log: silentLogger });
    expect({ outcome, touched }).toEqual({ outcome: 'arrived', touched: false });
    expect(offM).toBeLessThan(0.2);
  });

  test('says so and stands where no way exists', async () => {
    const { outcome, touched, world } = await simulate({ seed: 9, kind: 'blocked', log: silentLogger });
    expect({ outcome, touched, stands: world.dutyIsZero }).toEqual({
      outcome: 'no-way',
      touched: false,
      stands: true,
    });
  });

  test('is the same drive again with the same seed', async () => {
    const [one, two] = [
      await simulate({ seed: 4, log: silentLogger }),
      await simulate({ seed: 4, log: silentLogger }),
    ];
    expect(two.world.truth).toEqual(one.world.truth);
    expect(two.elapsedMs).toBe(one.elapsedMs);
  });
});

describe('a drive stops', () => {
  test('in the same instant when the red button is pressed', async () => {
    const stop = await stopping((parts) => parts.pressStop());
    expect(stop).toEqual({ outcome: 'stopped', reason: 'red-button', afterMs: 0, dutyIsZero: true });
  });

  test('within 200 ms when it tilts', async () => {
    const stop = await stopping((parts) => {
      parts.world.tiltRad = 0.6;
    });
    expect(stop).toMatchObject({ outcome: 'stopped', reason: 'tilt', dutyIsZero: true });
    expect(stop.afterMs).toBeLessThanOrEqual(200);
  });

  test('within 1.6 s when the battery is low', async () => {
    const stop = await stopping((parts) => {
      parts.volts = 6.1;
    });
    expect(stop).toMatchObject({ outcome: 'stopped', reason: 'low-battery', dutyIsZero: true });
    expect(stop.afterMs).toBeLessThanOrEqual(1_600);
  });

  test('within the grace and 100 ms when the link is lost, if told so', async () => {
    let isLinked = true;
    const lose = () => {
      isLinked = false;
    };
    const settings = { stopOnLostLink: true, linkGraceMs: 1_000 };
    const stop = await stopping(lose, { settings, isLinked: () => isLinked });
    expect(stop).toMatchObject({ outcome: 'stopped', reason: 'link-lost', dutyIsZero: true });
    expect(stop.afterMs).toBeLessThanOrEqual(1_100);
  });

  test('not when the link is lost and nobody told it to', async () => {
    const { outcome } = await simulate({ seed: 4, log: silentLogger, isLinked: () => false });
    expect(outcome).toBe('arrived');
  });

  test('within 250 ms when a sensor hangs', async () => {
    const stop = await stopping((parts) => {
      parts.hangs = 'inertial';
    });
    expect(stop).toMatchObject({ outcome: 'stopped', reason: 'part-hangs', dutyIsZero: true });
    expect(stop.afterMs).toBeLessThanOrEqual(250);
  });

  test('within 1 s when the range finder hangs, which blinds it', async () => {
    const stop = await stopping((parts) => {
      parts.hangs = 'ranges';
    });
    expect(stop).toMatchObject({ outcome: 'stopped', reason: 'part-hangs', dutyIsZero: true });
    expect(stop.afterMs).toBeLessThanOrEqual(1_000);
  });

  test('within 100 ms when a sensor fails', async () => {
    const stop = await stopping((parts) => {
      parts.fault = new Error('the bus is gone');
    });
    expect(stop).toMatchObject({ outcome: 'stopped', reason: 'part-failed', dutyIsZero: true });
    expect(stop.afterMs).toBeLessThanOrEqual(100);
  });

  test('within 2 s when a wheel does not turn', async () => {
    const stop = await stopping((parts) => {
      const { counts } = parts.wheels;
      let frozen: number | undefined;
      Object.assign(parts.wheels, {
        counts: async () => {
          const now = await counts();
          frozen ??= now.left;
          return { ...now, left: frozen };
        },
      });
    });
    expect(stop).toMatchObject({ outcome: 'stopped', reason: 'wheel-stuck', dutyIsZero: true });
    expect(stop.afterMs).toBeLessThanOrEqual(2_500);
  });

  test('in the same instant when it is asked to', async () => {
    const controller = new AbortController();
    const stop = await stopping(() => controller.abort(), { signal: controller.signal });
    expect(stop).toEqual({ outcome: 'stopped', reason: 'asked', afterMs: 0, dutyIsZero: true });
  });

  test('at its time limit', async () => {
    const { outcome, reason, elapsedMs } = await simulate({
      seed: 3,
      log: silentLogger,
      settings: { timeLimitS: 10 },
    });
    expect({ outcome, reason }).toEqual({ outcome: 'stopped', reason: 'time-limit' });
    expect(elapsedMs).toBeLessThanOrEqual(10_200);
  });
});
