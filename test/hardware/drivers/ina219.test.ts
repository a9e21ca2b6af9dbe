import { describe, expect, it } from 'vitest';
import { batteryLeft, lithiumPolymer } from '../../../hardware/drivers/battery.js';
import { Ina219, type Ina219Options } from '../../../hardware/drivers/ina219.js';
import { SimulatedIna219 } from '../../../hardware/sim/chips/ina219.js';
import { SimulatedBus } from '../../../hardware/sim/simulated-bus.js';
import { RushingClock } from '../../support/rushing-clock.js';
import { ScriptedBus, type Transaction } from '../../support/scripted-bus.js';

const configure: Transaction = { write: 0, bytes: [0x3e, 0x63] };
const opening: Transaction[] = [configure, { read: 0, gives: [0x3e, 0x63] }];

async function measure(
  options: Omit<Ina219Options, 'clock'>,
  bus: readonly number[],
  shunt: readonly number[],
) {
  const scripted = new ScriptedBus(0x40, [
    ...opening,
    configure,
    { read: 2, gives: [0, 0] },
    { read: 2, gives: bus },
    { read: 1, gives: shunt },
  ]);
  const sensor = await Ina219.open(scripted, 0x40, { clock: new RushingClock(), ...options });
  const measured = await sensor.measure();
  expect(scripted.unused).toEqual([]);
  return measured;
}

describe('Ina219 on scripted transactions', () => {
  // Datasheet SBOS448G, table 8: 10 A through 2 mΩ at 11.98 V.
  it("measures the datasheet's worked example", async () => {
    expect(await measure({ shuntOhms: 0.002 }, [0x5d, 0x9a], [0x07, 0xd0])).toEqual([
      { quantity: 'voltage', unit: 'V', value: 11.98 },
      { quantity: 'current', unit: 'A', value: 10 },
      { quantity: 'power', unit: 'W', value: 119.8 },
    ]);
  });

  it('tells a charging current as negative (8.6.3.1: two’s complement)', async () => {
    const measured = await measure({}, [0x1f, 0x42], [0xf8, 0x30]);
    expect(measured.map(({ value }) => value)).toEqual([4, -0.2, -0.8]);
  });

  it('tells what a battery has left, at rest behind its resistance', async () => {
    const measured = await measure(
      { battery: { cells: 1, resistanceOhms: 0.1 } },
      [0x1e, 0x0a],
      [0x07, 0xd0],
    );
    // 3.844 V under 0.2 A is 3.864 V at rest.
    expect(measured.at(-1)).toEqual({ quantity: 'battery', unit: '%EL', value: 58 });
  });

  it.each([
    ['more than the shunt allows', [0x1f, 0x42], [0x7d, 0x00]],
    ['an overflow of its arithmetic', [0x1f, 0x43], [0x07, 0xd0]],
  ])('refuses %s', async (_, bus, shunt) => {
    await expect(measure({}, bus, shunt)).rejects.toMatchObject({ code: 'SENSOR_IMPLAUSIBLE' });
  });

  it('is no chip that does not keep what is written to it', async () => {
    const bus = new ScriptedBus(0x40, [configure, { read: 0, gives: [0x11, 0x11] }]);
    const opened = Ina219.open(bus, 0x40, { clock: new RushingClock() });
    await expect(opened).rejects.toMatchObject({ code: 'SENSOR_WRONG_CHIP' });
  });
});

describe('what a battery has left', () => {
  it.each([
    [4.3, 100],
    [4.2, 100],
    [3.84, 50],
    [3.995, 76.4],
    [3.27, 0],
    [2.5, 0],
  ])('is at %d V of a lithium-polymer cell %d %%', (volts, percent) => {
    expect(batteryLeft({}, volts, 0)).toBeCloseTo(percent, 0);
  });

  it('falls with the voltage', () => {
    const all = lithiumPolymer.map(([volts]) => batteryLeft({}, volts, 0));
    expect(all).toEqual([...all].sort((a, b) => a - b));
  });

  it('is by a curve of its own, and by cell', () => {
    const curve = [
      [1.0, 0],
      [1.5, 100],
    ] as const;
    expect(batteryLeft({ cells: 4, curve }, 5, 0)).toBe(50);
  });
});

it('Ina219 measures the supply of the simulated chip', async () => {
  const clock = new RushingClock();
  const bus = new SimulatedBus({ bus: 1 });
  bus.attach(0x40, new SimulatedIna219({ clock, supply: () => ({ volts: 7.4, amperes: 1.25 }) }));
  const sensor = await Ina219.open(bus, 0x40, { clock, battery: { cells: 2 } });
  expect((await sensor.measure()).map(({ value }) => value)).toEqual([7.4, 1.25, 9.25, 12.5]);
});
