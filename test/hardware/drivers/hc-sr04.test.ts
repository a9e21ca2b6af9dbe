import { describe, expect, it, onTestFinished } from 'vitest';
import { HcSr04 } from '../../../hardware/drivers/hc-sr04.js';
import { attachHcSr04 } from '../../../hardware/sim/chips/hc-sr04.js';
import { SimulatedChip } from '../../../hardware/sim/simulated-chip.js';
import { RushingClock } from '../../support/rushing-clock.js';

const pins = { triggerPin: 'GPIO23', echoPin: 'GPIO24' };

async function open(distanceM: () => number | undefined, plugged = true) {
  const clock = new RushingClock();
  const chip = new SimulatedChip({ clock });
  if (plugged) attachHcSr04({ chip, ...pins, distanceM });
  const sensor = await HcSr04.open(chip, { clock, ...pins });
  onTestFinished(() => chip.close());
  return { clock, chip, sensor };
}

describe('HcSr04 on simulated lines', () => {
  // 58 µs per centimetre, as its data sheet has it, to half a percent.
  it.each([0.02, 0.1, 1, 3.9])('measures %d m', async (distance) => {
    const { sensor } = await open(() => distance);
    expect(await sensor.distanceM()).toBeCloseTo(distance, 3);
    expect(await sensor.measure()).toEqual([
      { quantity: 'distance', unit: 'm', value: expect.closeTo(distance, 3) },
    ]);
  });

  it.each([undefined, 4.5])('leaves a gap for an obstacle at %s', async (distance) => {
    const { sensor } = await open(() => distance);
    expect(await sensor.measure()).toEqual([]);
  });

  it('takes a warmer air into account', async () => {
    const { chip, clock } = await open(() => 1);
    await chip.input({ pin: 'GPIO5', activeLow: false });
    attachHcSr04({ chip, triggerPin: 'GPIO6', echoPin: 'GPIO7', distanceM: () => 1 });
    const warm = await HcSr04.open(chip, { clock, triggerPin: 'GPIO6', echoPin: 'GPIO7', temperatureC: 40 });
    expect(await warm.distanceM()).toBeCloseTo(1.0353, 3);
  });

  it('pulses for at least 10 µs and once per 60 ms, and shares one pulse among callers', async () => {
    const { chip, sensor } = await open(() => 0.5);
    const [first, second] = await Promise.all([sensor.distanceM(), sensor.distanceM()]);
    expect(second).toBe(first);
    await sensor.distanceM();
    const levels = chip.recorded('GPIO23');
    expect(levels.map(({ level }) => level)).toEqual([0, 1, 0, 1, 0]);
    const at = (index: number) => levels[index]!.atMs;
    expect(at(2) - at(1)).toBeGreaterThanOrEqual(0.01);
    expect(at(3) - at(1)).toBeGreaterThanOrEqual(60);
  });

  it('is SENSOR_SILENT without an echo signal, as with a broken wire', async () => {
    const { sensor } = await open(() => 1, false);
    await expect(sensor.distanceM()).rejects.toMatchObject({
      code: 'SENSOR_SILENT',
      message: expect.stringContaining('GPIO23 and GPIO24'),
      retryable: true,
    });
  });

  it('gives its lines back, also when the second one cannot be had', async () => {
    const { chip, clock, sensor } = await open(() => 1);
    await sensor.close();
    await chip.input({ pin: 'GPIO24', activeLow: false });
    await expect(HcSr04.open(chip, { clock, ...pins })).rejects.toMatchObject({ code: 'LINE_BUSY' });
    await chip.output({ pin: 'GPIO23', activeLow: false });
  });
});
