import { describe, expect, it } from 'vitest';
import type { Edge, Level } from '../../../hardware/ports.js';
import { SimulatedChip } from '../../../hardware/sim/simulated-chip.js';
import { gpioInputContract } from '../../contracts/gpio-input.js';
import { gpioOutputContract } from '../../contracts/gpio-output.js';
import { FakeClock } from '../../support/fake-clock.js';

gpioInputContract('simulated', async () => {
  const clock = new FakeClock();
  const chip = new SimulatedChip({ clock });
  return {
    chip,
    clock,
    pin: 'GPIO17',
    drive: async (level: Level) => {
      clock.advance(1);
      chip.drive('GPIO17', level);
    },
    settle: async () => {},
    close: () => chip.close(),
  };
});

gpioOutputContract('simulated', async () => {
  const chip = new SimulatedChip({ clock: new FakeClock() });
  return {
    chip,
    pin: 'GPIO18',
    electrical: async () => chip.recorded('GPIO18').at(-1)!.level,
    close: () => chip.close(),
  };
});

describe('SimulatedChip', () => {
  const setUp = async (activeLow = true) => {
    const clock = new FakeClock();
    const chip = new SimulatedChip({ clock });
    const line = await chip.input({ pin: 'GPIO17', activeLow });
    const edges: Edge[] = [];
    line.watch((edge) => edges.push(edge));
    return { clock, chip, line, edges };
  };

  it.each([true, false])(
    'rests an undriven line at its inactive level (active low: %s)',
    async (activeLow) => {
      const { line } = await setUp(activeLow);
      expect(await line.read()).toBe(0);
    },
  );

  it('stamps an edge with the monotonic time of the clock', async () => {
    const { clock, chip, edges } = await setUp();
    clock.advance(12.25);
    chip.drive('17', 0);
    clock.advance(3);
    chip.drive('GPIO17', 1);
    expect(edges).toEqual([
      { level: 1, atMs: 12.25 },
      { level: 0, atMs: 15.25 },
    ]);
  });

  it('plays a pattern step by step and resolves after the last step', async () => {
    const { clock, chip, edges } = await setUp(false);
    let ended = false;
    const played = chip
      .play('GPIO17', [
        { afterMs: 0, level: 1 },
        { afterMs: 0.25, level: 0 },
        { afterMs: 10, level: 1 },
      ])
      .then(() => {
        ended = true;
      });
    expect(edges).toEqual([{ level: 1, atMs: 0 }]);
    clock.advance(10);
    expect(edges).toHaveLength(2);
    await Promise.resolve();
    expect(ended).toBe(false);
    clock.advance(0.25);
    await played;
    expect(edges).toEqual([
      { level: 1, atMs: 0 },
      { level: 0, atMs: 0.25 },
      { level: 1, atMs: 10.25 },
    ]);
    expect(clock.pendingCount).toBe(0);
  });

  it('gives steps that a late timer runs together each its own time', async () => {
    const { clock, chip, edges } = await setUp(false);
    const late = new (class extends FakeClock {
      override after(_delayMs: number, task: () => void) {
        return super.after(5, task);
      }
    })();
    const lateChip = new SimulatedChip({ clock: late });
    const line = await lateChip.input({ pin: '4', activeLow: false });
    line.watch((edge) => edges.push(edge));
    void lateChip.play('4', [
      { afterMs: 1, level: 1 },
      { afterMs: 0.5, level: 0 },
    ]);
    late.advance(5);
    expect(edges).toEqual([
      { level: 1, atMs: 1 },
      { level: 0, atMs: 1.5 },
    ]);
    await chip.close();
    expect(clock.pendingCount).toBe(0);
  });

  it('stops playing when aborted or closed, leaving no timer', async () => {
    const { clock, chip } = await setUp();
    const abort = new AbortController();
    const aborted = chip.play('GPIO17', [{ afterMs: 50, level: 0 }], { signal: abort.signal });
    const closed = chip.play('GPIO17', [{ afterMs: 50, level: 0 }]);
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await chip.close();
    await expect(closed).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(clock.pendingCount).toBe(0);
  });

  it('fails a line on demand: watchers are told, the next read rejects, the one after works', async () => {
    const { chip, line } = await setUp();
    const errors: Error[] = [];
    line.watch(
      () => {},
      (error) => errors.push(error),
    );
    chip.fail('GPIO17');
    expect(errors).toMatchObject([{ code: 'LINE_FAILED' }]);
    await expect(line.read()).rejects.toMatchObject({ code: 'LINE_FAILED' });
    expect(await line.read()).toBe(0);
  });

  it('records what outputs put out, electrically, with times', async () => {
    const clock = new FakeClock();
    const chip = new SimulatedChip({ clock });
    const lamp = await chip.output({ pin: '22', activeLow: true });
    clock.advance(7);
    await lamp.write(1);
    expect(chip.recorded('GPIO22')).toEqual([
      { level: 1, atMs: 0 },
      { level: 0, atMs: 7 },
    ]);
  });
});
