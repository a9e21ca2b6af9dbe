import { describe, expect, it } from 'vitest';
import { crc8 } from '../../../hardware/drivers/checksum.js';
import { Sht31 } from '../../../hardware/drivers/sht31.js';
import { SimulatedSht31 } from '../../../hardware/sim/chips/sht31.js';
import { SimulatedBus } from '../../../hardware/sim/simulated-bus.js';
import { RushingClock } from '../../support/rushing-clock.js';
import { ScriptedBus, type Transaction } from '../../support/scripted-bus.js';

const opening: Transaction[] = [
  { write: 0x30, bytes: [0xa2] },
  { write: 0xf3, bytes: [0x2d] },
  { receives: [0x80, 0x10, 0xe1] },
];

async function measure(receives: readonly number[]) {
  const bus = new ScriptedBus(0x44, [...opening, { write: 0x24, bytes: [0x00] }, { receives }]);
  const measured = await (await Sht31.open(bus, 0x44, { clock: new RushingClock() })).measure();
  expect(bus.unused).toEqual([]);
  return measured;
}

describe('Sht31 on scripted transactions', () => {
  it('checks as the datasheet says (4.12: 0xBEEF has 0x92)', () => {
    expect(crc8([0xbe, 0xef], 0x31, 0xff)).toBe(0x92);
  });

  // Datasheet 4.13: -45 + 175 * word / 65535 and 100 * word / 65535.
  it('measures temperature and humidity', async () => {
    expect(await measure([0x66, 0x66, 0x93, 0x80, 0x00, 0xa2])).toEqual([
      { quantity: 'temperature', unit: 'Cel', value: 25 },
      { quantity: 'humidity', unit: '%RH', value: 50 },
    ]);
  });

  it.each([
    ['one wrong bit in the temperature', [0x66, 0x67, 0x93, 0x80, 0x00, 0xa2], 'SENSOR_CHECKSUM'],
    ['one wrong bit in the humidity', [0x66, 0x66, 0x93, 0x80, 0x01, 0xa2], 'SENSOR_CHECKSUM'],
    ['all ones, as an idle bus reads', Array<number>(6).fill(0xff), 'SENSOR_CHECKSUM'],
    ['all zeros', Array<number>(6).fill(0), 'SENSOR_CHECKSUM'],
    ['what is colder than it works', [0x00, 0x00, 0x81, 0x80, 0x00, 0xa2], 'SENSOR_IMPLAUSIBLE'],
  ])('refuses %s', async (_, bytes, code) => {
    await expect(measure(bytes)).rejects.toMatchObject({ code });
  });
});

describe('Sht31 on the simulated chip', () => {
  it('measures what the chip is in, again and again', async () => {
    const clock = new RushingClock();
    const bus = new SimulatedBus({ bus: 1 });
    let temperatureC = 21.5;
    bus.attach(
      0x45,
      new SimulatedSht31({ clock, climate: () => ({ temperatureC, humidityPercent: 33, pressurePa: 1e5 }) }),
    );
    const sensor = await Sht31.open(bus, 0x45, { clock });
    for (temperatureC of [21.5, -12.3, 80]) {
      const [temperature, humidity] = await sensor.measure();
      expect(temperature?.value).toBeCloseTo(temperatureC, 1);
      expect(humidity?.value).toBeCloseTo(33, 1);
    }
  });
});
