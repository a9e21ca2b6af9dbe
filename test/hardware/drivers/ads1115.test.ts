import { describe, expect, it } from 'vitest';
import { Ads1115, type Ads1115Options } from '../../../hardware/drivers/ads1115.js';
import { SimulatedAds1115 } from '../../../hardware/sim/chips/ads1115.js';
import { SimulatedBus } from '../../../hardware/sim/simulated-bus.js';
import { RushingClock } from '../../support/rushing-clock.js';
import { ScriptedBus, type Transaction } from '../../support/scripted-bus.js';

async function measure(options: Omit<Ads1115Options, 'clock'>, ...script: Transaction[]) {
  const bus = new ScriptedBus(0x48, [{ read: 1, gives: [0x85, 0x83] }, ...script]);
  const sensor = await Ads1115.open(bus, 0x48, { clock: new RushingClock(), ...options });
  const measured = await sensor.measure();
  expect(bus.unused).toEqual([]);
  return measured;
}

/** 9.6.3: OS, input against ground, range 4.096 V, single shot, 128 a second, comparator off. */
const converted = (high: number, gives: readonly number[]): Transaction[] => [
  { write: 1, bytes: [high | 0x80, 0x83] },
  { read: 1, gives: [high, 0x83] },
  { read: 1, gives: [high | 0x80, 0x83] },
  { read: 0, gives },
];

describe('Ads1115 on scripted transactions', () => {
  it('converts one input after the other (table 3: two’s complement, 0x4000 is half the range)', async () => {
    const script = [
      ...converted(0x43, [0x40, 0x00]),
      ...converted(0x53, [0x00, 0x01]),
      ...converted(0x63, [0x00, 0x00]),
      ...converted(0x73, [0xff, 0xff]),
    ];
    expect(await measure({}, ...script)).toEqual([
      { quantity: 'voltage_a0', unit: 'V', value: 2.048 },
      { quantity: 'voltage_a1', unit: 'V', value: 0.000125 },
      { quantity: 'voltage_a2', unit: 'V', value: 0 },
      { quantity: 'voltage_a3', unit: 'V', value: -0.000125 },
    ]);
  });

  it('measures the inputs it is told, in their range, times the factor of a divider', async () => {
    const options = { channels: [2], rangeV: 2.048, factor: 3 } as const;
    expect(await measure(options, ...converted(0x65, [0x40, 0x00]))).toEqual([
      { quantity: 'voltage_a2', unit: 'V', value: 3.072 },
    ]);
  });

  it.each([
    ['the end of the range', [0x7f, 0xff], 'SENSOR_IMPLAUSIBLE'],
    ['the other end', [0x80, 0x00], 'SENSOR_IMPLAUSIBLE'],
  ])('refuses %s, behind which anything may be', async (_, gives, code) => {
    await expect(measure({ channels: [0] }, ...converted(0x43, gives))).rejects.toMatchObject({ code });
  });

  it('takes the settings of power-up for a reset', async () => {
    const script: Transaction[] = [
      { write: 1, bytes: [0xc3, 0x83] },
      { read: 1, gives: [0x85, 0x83] },
    ];
    await expect(measure({ channels: [0] }, ...script)).rejects.toMatchObject({
      code: 'SENSOR_NOT_MEASURED',
    });
  });

  it.each([[[0x60, 0xa0]], [[0xff, 0xff]], [[0, 0]]])('is no chip that reads %j', async (gives) => {
    const opening = Ads1115.open(new ScriptedBus(0x48, [{ read: 1, gives }]), 0x48, {
      clock: new RushingClock(),
    });
    await expect(opening).rejects.toMatchObject({ code: 'SENSOR_WRONG_CHIP' });
  });
});

it('Ads1115 measures what is at the inputs of the simulated chip', async () => {
  const clock = new RushingClock();
  const bus = new SimulatedBus({ bus: 1 });
  bus.attach(0x48, new SimulatedAds1115({ clock, volts: () => [0.1, 3.3, -0.2, 4.5] }));
  const sensor = await Ads1115.open(bus, 0x48, { clock, channels: [0, 1, 2] });
  expect((await sensor.measure()).map(({ value }) => Math.round(value * 1000))).toEqual([100, 3300, -200]);
  const beyond = await Ads1115.open(bus, 0x48, { clock, channels: [3] });
  await expect(beyond.measure()).rejects.toMatchObject({ code: 'SENSOR_IMPLAUSIBLE' });
});
