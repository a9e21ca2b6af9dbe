import { describe, expect, it } from 'vitest';
import { Mcp9808 } from '../../../hardware/drivers/mcp9808.js';
import { SimulatedMcp9808 } from '../../../hardware/sim/chips/mcp9808.js';
import { SimulatedBus } from '../../../hardware/sim/simulated-bus.js';
import { RushingClock } from '../../support/rushing-clock.js';
import { ScriptedBus, type Transaction } from '../../support/scripted-bus.js';

const opening: Transaction[] = [
  { read: 6, gives: [0x00, 0x54] },
  { read: 7, gives: [0x04, 0x00] },
  { write: 1, bytes: [0, 0] },
];

async function measure(gives: readonly number[]) {
  const bus = new ScriptedBus(0x18, [...opening, { read: 5, gives }]);
  const measured = await (await Mcp9808.open(bus, 0x18, { clock: new RushingClock() })).measure();
  expect(bus.unused).toEqual([]);
  return measured;
}

describe('Mcp9808 on scripted transactions', () => {
  // Data sheet DS25095A, equation 5-1; the three bits above are alerts.
  it.each([
    [[0x01, 0x94], 25.25],
    [[0xc1, 0x94], 25.25],
    [[0x1e, 0x6c], -25.25],
    [[0x07, 0xd0], 125],
    [[0x1d, 0x80], -40],
    [[0x00, 0x01], 0.0625],
    [[0x1f, 0xff], -0.0625],
    [[0x00, 0x00], 0],
  ])('reads %j as %d degrees', async (gives, value) => {
    expect(await measure(gives)).toEqual([{ quantity: 'temperature', unit: 'Cel', value }]);
  });

  it.each([[[0x0f, 0xff]], [[0x10, 0x00]]])('refuses %j, which it cannot have measured', async (gives) => {
    await expect(measure(gives)).rejects.toMatchObject({ code: 'SENSOR_IMPLAUSIBLE' });
  });

  it.each([
    [
      [0xff, 0xff],
      [0xff, 0xff],
    ],
    [
      [0x00, 0x54],
      [0x02, 0x00],
    ],
  ])('is no chip whose ids read %j and %j, to which nothing is written', async (maker, device) => {
    const bus = new ScriptedBus(0x18, [
      { read: 6, gives: maker },
      { read: 7, gives: device },
    ]);
    const opened = Mcp9808.open(bus, 0x18, { clock: new RushingClock() });
    await expect(opened).rejects.toMatchObject({ code: 'SENSOR_WRONG_CHIP' });
  });
});

it.each([21.5, -12.0625, 99.9375])(
  'Mcp9808 measures the %d degrees of the simulated chip',
  async (temperatureC) => {
    const clock = new RushingClock();
    const bus = new SimulatedBus({ bus: 1 });
    const climate = () => ({ temperatureC, humidityPercent: 50, pressurePa: 1e5 });
    bus.attach(0x18, new SimulatedMcp9808({ clock, climate }));
    const [measured] = await (await Mcp9808.open(bus, 0x18, { clock })).measure();
    expect(measured?.value).toBe(temperatureC);
  },
);
