import { describe, expect, it } from 'vitest';
import { Tmp102 } from '../../../hardware/drivers/tmp102.js';
import { SimulatedTmp102 } from '../../../hardware/sim/chips/tmp102.js';
import { SimulatedBus } from '../../../hardware/sim/simulated-bus.js';
import { RushingClock } from '../../support/rushing-clock.js';
import { ScriptedBus, type Transaction } from '../../support/scripted-bus.js';

const powerUp: Transaction = { read: 1, gives: [0x60, 0xa0] };
const start: Transaction = { write: 1, bytes: [0xe1, 0x80] };
const startExtended: Transaction = { write: 1, bytes: [0xe1, 0x90] };
const done: Transaction = { read: 1, gives: [0xe1, 0xa0] };

async function measureScripted(extended: boolean, ...script: Transaction[]) {
  const bus = new ScriptedBus(0x48, [powerUp, ...script]);
  const sensor = await Tmp102.open(bus, 0x48, { clock: new RushingClock(), extended });
  const measurements = await sensor.measure();
  expect(bus.unused).toEqual([]);
  return measurements;
}

describe('Tmp102 on scripted transactions', () => {
  // Datasheet SBOS397, table 8-2: the twelve bits at the left of the word.
  it.each([
    [[0x7f, 0xf0], 127.9375],
    [[0x64, 0x00], 100],
    [[0x50, 0x00], 80],
    [[0x4b, 0x00], 75],
    [[0x32, 0x00], 50],
    [[0x19, 0x00], 25],
    [[0x00, 0x40], 0.25],
    [[0x00, 0x00], 0],
    [[0xff, 0xc0], -0.25],
    [[0xe7, 0x00], -25],
    [[0xc9, 0x00], -55],
  ])('reads %j as %d degrees in 12 bits', async (gives, value) => {
    expect(await measureScripted(false, start, done, { read: 0, gives })).toEqual([
      { quantity: 'temperature', unit: 'Cel', value },
    ]);
  });

  // Datasheet SBOS397, table 8-3: thirteen bits, and bit 0 set.
  it.each([
    [[0x4b, 0x01], 150],
    [[0x40, 0x01], 128],
    [[0x3f, 0xf9], 127.9375],
    [[0x0c, 0x81], 25],
    [[0x00, 0x21], 0.25],
    [[0xff, 0xe1], -0.25],
    [[0xe4, 0x81], -55],
  ])('reads %j as %d degrees in 13 bits', async (gives, value) => {
    expect(await measureScripted(true, startExtended, done, { read: 0, gives })).toEqual([
      { quantity: 'temperature', unit: 'Cel', value },
    ]);
  });

  it('waits for the conversion to end (datasheet 8.4.3)', async () => {
    const busy: Transaction = { read: 1, gives: [0x61, 0xa0] };
    await measureScripted(false, start, busy, busy, done, { read: 0, gives: [0x19, 0x00] });
  });

  it('gives up on a conversion that never ends', async () => {
    const busy: Transaction = { read: 1, gives: [0x61, 0xa0] };
    const measured = measureScripted(false, start, ...Array<Transaction>(30).fill(busy));
    await expect(measured).rejects.toMatchObject({ code: 'SENSOR_BUSY', retryable: true });
  });

  it.each([
    ['all ones, as an idle bus reads', false, [0xff, 0xff]],
    ['the extended form, not asked for', false, [0x0c, 0x81]],
    ['the normal form where the extended was asked for', true, [0x19, 0x00]],
    ['more than the chip can bear', true, [0x50, 0x01]],
    ['less than the chip can bear', false, [0x80, 0x00]],
  ])('refuses %s', async (_, extended, gives) => {
    const measured = measureScripted(extended, extended ? startExtended : start, done, { read: 0, gives });
    await expect(measured).rejects.toMatchObject({ code: 'SENSOR_IMPLAUSIBLE' });
  });

  it.each([[[0x00, 0xa0]], [[0x60, 0xaf]], [[0xff, 0xff]]])(
    'refuses a chip whose configuration reads %j',
    async (gives) => {
      const bus = new ScriptedBus(0x48, [{ read: 1, gives }]);
      const opened = Tmp102.open(bus, 0x48, { clock: new RushingClock() });
      await expect(opened).rejects.toMatchObject({ code: 'SENSOR_WRONG_CHIP' });
    },
  );
});

describe('Tmp102 on the simulated chip', () => {
  it.each([
    [false, 21.5],
    [false, -12.0625],
    [true, 21.5],
    [true, 140.25],
    [true, -40],
  ])('measures (extended: %s) %d degrees', async (extended, temperatureC) => {
    const clock = new RushingClock();
    const bus = new SimulatedBus({ bus: 1 });
    const climate = () => ({ temperatureC, humidityPercent: 50, pressurePa: 100_000 });
    bus.attach(0x48, new SimulatedTmp102({ clock, climate }));
    const sensor = await Tmp102.open(bus, 0x48, { clock, extended });
    expect(await sensor.measure()).toEqual([{ quantity: 'temperature', unit: 'Cel', value: temperatureC }]);
  });
});
