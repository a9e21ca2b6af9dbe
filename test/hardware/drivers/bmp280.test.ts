import { describe, expect, it } from 'vitest';
import { Bmp280 } from '../../../hardware/drivers/bmp280.js';
import { SimulatedBme280 } from '../../../hardware/sim/chips/bme280.js';
import { SimulatedBus } from '../../../hardware/sim/simulated-bus.js';
import { RushingClock } from '../../support/rushing-clock.js';
import { ScriptedBus, type Transaction } from '../../support/scripted-bus.js';

/** Datasheet BST-BMP280-DS001, 3.12: T1 27504 to T3 -1000, P1 36477 to P9 6000. */
const calibration = [
  0x70, 0x6b, 0x43, 0x67, 0x18, 0xfc, 0x7d, 0x8e, 0x43, 0xd6, 0xd0, 0x0b, 0x27, 0x0b, 0x8c, 0x00, 0xf9, 0xff,
  0x8c, 0x3c, 0xf8, 0xc6, 0x70, 0x17,
];
const opening: Transaction[] = [
  { read: 0xd0, gives: [0x58] },
  { write: 0xe0, bytes: [0xb6] },
  { read: 0xf3, gives: [0x01] },
  { read: 0xf3, gives: [0x00] },
  { read: 0x88, gives: calibration },
];
const measuring: Transaction[] = [
  { write: 0xf5, bytes: [0] },
  { write: 0xf4, bytes: [0x25] },
  { read: 0xf3, gives: [0x08] },
  { read: 0xf3, gives: [0x00] },
];

async function measure(data: readonly number[]) {
  const bus = new ScriptedBus(0x76, [...opening, ...measuring, { read: 0xf7, gives: data }]);
  const measured = await (await Bmp280.open(bus, 0x76, { clock: new RushingClock() })).measure();
  expect(bus.unused).toEqual([]);
  return measured;
}

describe('Bmp280 on scripted transactions', () => {
  it("measures the datasheet's worked example (3.12)", async () => {
    expect(await measure([0x65, 0x5a, 0xc0, 0x7e, 0xed, 0x00])).toEqual([
      { quantity: 'temperature', unit: 'Cel', value: 25.08 },
      { quantity: 'pressure', unit: 'Pa', value: 100_653.3 },
    ]);
  });

  it.each([
    ['a reset while measuring', [0x80, 0, 0, 0x80, 0, 0], 'SENSOR_NOT_MEASURED'],
    ['all ones, as an idle bus reads', Array<number>(6).fill(0xff), 'SENSOR_IMPLAUSIBLE'],
    ['all zeros', Array<number>(6).fill(0), 'SENSOR_IMPLAUSIBLE'],
  ])('refuses %s', async (_, data, code) => {
    await expect(measure(data)).rejects.toMatchObject({ code });
  });

  it('names a BME280 in its place, and refuses an empty calibration', async () => {
    const open = (...script: Transaction[]) =>
      Bmp280.open(new ScriptedBus(0x76, script), 0x76, { clock: new RushingClock() });
    await expect(open({ read: 0xd0, gives: [0x60] })).rejects.toMatchObject({
      code: 'SENSOR_WRONG_CHIP',
      message: expect.stringContaining('BME280'),
    });
    const empty = opening.map((step, index) =>
      index === 4 ? { read: 0x88, gives: Array<number>(24).fill(0) } : step,
    );
    await expect(open(...empty)).rejects.toMatchObject({ code: 'SENSOR_CALIBRATION' });
  });
});

it('Bmp280 measures what the simulated chip is in', async () => {
  const clock = new RushingClock();
  const bus = new SimulatedBus({ bus: 1 });
  const climate = () => ({ temperatureC: -7.25, humidityPercent: 50, pressurePa: 98_765 });
  bus.attach(0x77, new SimulatedBme280({ clock, climate, chip: 'bmp280' }));
  const [temperature, pressure] = await (await Bmp280.open(bus, 0x77, { clock })).measure();
  expect(temperature?.value).toBeCloseTo(-7.25, 1);
  expect(pressure?.value).toBeCloseTo(98_765, -1);
});
