import { describe, expect, it } from 'vitest';
import { Bme280 } from '../../../hardware/drivers/bme280.js';
import { SimulatedBme280 } from '../../../hardware/sim/chips/bme280.js';
import { Bme280Trim } from '../../../hardware/sim/chips/bme280-inverse.js';
import { type Air, steadyClimate } from '../../../hardware/sim/climate.js';
import { SimulatedBus } from '../../../hardware/sim/simulated-bus.js';
import { RushingClock } from '../../support/rushing-clock.js';
import { ScriptedBus, type Transaction } from '../../support/scripted-bus.js';

// Words of Bosch's worked example, then dig_H1 = 75; dig_H2 = 363, H3 = 0, H4 = 322, H5 = 50, H6 = 30.
const low = [
  0x70, 0x6b, 0x43, 0x67, 0x18, 0xfc, 0x7d, 0x8e, 0x43, 0xd6, 0xd0, 0x0b, 0x27, 0x0b, 0x8c, 0x00, 0xf9, 0xff,
  0x8c, 0x3c, 0xf8, 0xc6, 0x70, 0x17, 0x00, 0x4b,
];
const high = [0x6b, 0x01, 0x00, 0x14, 0x22, 0x03, 0x1e];

const opening: readonly Transaction[] = [
  { read: 0xd0, gives: [0x60] },
  { write: 0xe0, bytes: [0xb6] },
  { read: 0xf3, gives: [0x01] },
  { read: 0xf3, gives: [0x00] },
  { read: 0x88, gives: low },
  { read: 0xe1, gives: high },
];
const starting: readonly Transaction[] = [
  { write: 0xf5, bytes: [0x00] },
  { write: 0xf2, bytes: [0x01] },
  { write: 0xf4, bytes: [0x25] },
];
/** adc_P 415148, adc_T 519888 of the worked example; adc_H 28656. */
const exampleData = [0x65, 0x5a, 0xc0, 0x7e, 0xed, 0x00, 0x6f, 0xf0];

async function scripted(...after: readonly Transaction[]) {
  const bus = new ScriptedBus(0x76, [...opening, ...after]);
  const clock = new RushingClock();
  return { bus, clock, sensor: await Bme280.open(bus, 0x76, { clock }) };
}

describe('Bme280 on scripted transactions', () => {
  it("turns the raw values of Bosch's worked example into 25.08 degrees and 100653.3 Pa", async () => {
    const { bus, clock, sensor } = await scripted(
      ...starting,
      { read: 0xf3, gives: [0x08] },
      { read: 0xf3, gives: [0x00] },
      { read: 0xf7, gives: exampleData },
    );
    const before = clock.monotonicMs();
    expect(await sensor.measure()).toEqual([
      { quantity: 'temperature', unit: 'Cel', value: 25.08 },
      { quantity: 'pressure', unit: 'Pa', value: 100653.3 },
      { quantity: 'humidity', unit: '%RH', value: 44.43 },
    ]);
    expect(bus.unused).toEqual([]);
    // Datasheet 9.1: one sample each takes 9.3 ms at most.
    expect(clock.monotonicMs() - before).toBeGreaterThanOrEqual(9.3);
  });

  it('sets the samples asked for in both registers (datasheet 5.4.3, 5.4.5)', async () => {
    const bus = new ScriptedBus(0x76, [
      ...opening,
      { write: 0xf5, bytes: [0] },
      { write: 0xf2, bytes: [0x03] },
      { write: 0xf4, bytes: [(0x05 << 5) | (0x02 << 2) | 1] },
      { read: 0xf3, gives: [0] },
      { read: 0xf7, gives: exampleData },
    ]);
    const oversampling = { temperature: 16, pressure: 2, humidity: 4 } as const;
    await (await Bme280.open(bus, 0x76, { clock: new RushingClock(), oversampling })).measure();
    expect(bus.unused).toEqual([]);
  });

  it.each([
    [0x58, 'BMP280'],
    [0x61, 'BME680'],
    [0x00, '0x00'],
  ])('refuses chip id %i and names the chip', async (id, name) => {
    const bus = new ScriptedBus(0x76, [{ read: 0xd0, gives: [id] }]);
    const opened = Bme280.open(bus, 0x76, { clock: new RushingClock() });
    await expect(opened).rejects.toMatchObject({
      code: 'SENSOR_WRONG_CHIP',
      retryable: false,
      message: expect.stringContaining(name),
    });
  });

  it.each([0x00, 0xff])('refuses calibration words that all read %i', async (byte) => {
    const bus = new ScriptedBus(0x76, [
      ...opening.slice(0, 4),
      { read: 0x88, gives: Array<number>(26).fill(byte) },
      { read: 0xe1, gives: Array<number>(7).fill(byte) },
    ]);
    const opened = Bme280.open(bus, 0x76, { clock: new RushingClock() });
    await expect(opened).rejects.toMatchObject({ code: 'SENSOR_CALIBRATION' });
  });

  it('gives up with SENSOR_BUSY on a chip that measures for ever, and can be asked again', async () => {
    const { bus, sensor } = await scripted(
      ...starting,
      ...Array.from({ length: 6 }, () => ({ read: 0xf3, gives: [0x08] })),
      ...starting,
      { read: 0xf3, gives: [0x00] },
      { read: 0xf7, gives: exampleData },
    );
    await expect(sensor.measure()).rejects.toMatchObject({ code: 'SENSOR_BUSY', retryable: true });
    expect(await sensor.measure()).toHaveLength(3);
    expect(bus.unused).toEqual([]);
  });

  it('names a reset between start and result', async () => {
    const { bus, sensor } = await scripted(
      ...starting,
      { read: 0xf3, gives: [0x00] },
      { read: 0xf7, gives: [0x80, 0, 0, 0x80, 0, 0, 0x80, 0] },
      { read: 0xf2, gives: [0x00, 0x00, 0x00] },
    );
    await expect(sensor.measure()).rejects.toMatchObject({ code: 'SENSOR_NOT_MEASURED', retryable: true });
    expect(bus.unused).toEqual([]);
  });

  it('believes a result that happens to equal the reset value', async () => {
    const { bus, sensor } = await scripted(
      ...starting,
      { read: 0xf3, gives: [0x00] },
      { read: 0xf7, gives: [0x65, 0x5a, 0xc0, 0x80, 0, 0, 0x6f, 0xf0] },
      { read: 0xf2, gives: [0x01, 0x00, 0x24] },
    );
    const [temperature] = await sensor.measure();
    expect(temperature?.value).toBeCloseTo(26.46, 1);
    expect(bus.unused).toEqual([]);
  });

  it.each([
    ['temperature', [0x65, 0x5a, 0xc0, 0xff, 0xff, 0xf0, 0x6f, 0xf0]],
    ['temperature', [0x65, 0x5a, 0xc0, 0x00, 0x00, 0x00, 0x6f, 0xf0]],
    ['pressure', [0x00, 0x00, 0x00, 0x7e, 0xed, 0x00, 0x6f, 0xf0]],
    ['pressure', [0xff, 0xff, 0xf0, 0x7e, 0xed, 0x00, 0x6f, 0xf0]],
    ['humidity', [0x65, 0x5a, 0xc0, 0x7e, 0xed, 0x00, 0xff, 0xff]],
    ['humidity', [0x65, 0x5a, 0xc0, 0x7e, 0xed, 0x00, 0x00, 0x00]],
  ])('refuses an absurd %s from %j', async (quantity, gives) => {
    const { sensor } = await scripted(...starting, { read: 0xf3, gives: [0x00] }, { read: 0xf7, gives });
    await expect(sensor.measure()).rejects.toMatchObject({
      code: 'SENSOR_IMPLAUSIBLE',
      retryable: true,
      context: { quantity, chip: 'bme280', address: 0x76 },
    });
  });

  it('lets errors of the bus through', async () => {
    const { sensor } = await scripted({ write: 0xf5, bytes: [0] }, { write: 0xf2, bytes: [1] });
    await expect(sensor.measure()).rejects.toThrow('the script is used up');
  });
});

describe('Bme280 on the simulated chip', () => {
  const negativeWords = new Bme280Trim(
    [28009, 25654, 50],
    [39145, -10750, 3024, 5831, -36, -7, 9900, -10230, 4285],
    [200, 120, 60, -20, -30, -20],
  );

  async function open(air: Air, trim?: Bme280Trim) {
    const clock = new RushingClock();
    const bus = new SimulatedBus({ bus: 1 });
    const chip = new SimulatedBme280({ clock, climate: steadyClimate(air), ...(trim ? { trim } : {}) });
    bus.attach(0x77, chip);
    const oversampling = { temperature: 16, pressure: 16, humidity: 16 } as const;
    return { bus, chip, sensor: await Bme280.open(bus, 0x77, { clock, oversampling }) };
  }

  const airs: Air[] = [-20, 0, 21.37, 40, 80].flatMap((temperatureC) => [
    { temperatureC, humidityPercent: 20, pressurePa: 95_000 },
    { temperatureC, humidityPercent: 60, pressurePa: 104_000 },
  ]);

  it.each(airs)('measures $temperatureC degrees, $humidityPercent %, $pressurePa Pa', async (air) => {
    for (const trim of [undefined, negativeWords]) {
      const { sensor } = await open(air, trim);
      const values = Object.fromEntries(
        (await sensor.measure()).map(({ quantity, value }) => [quantity, value]),
      );
      expect(Math.abs(values['temperature']! - air.temperatureC)).toBeLessThan(0.011);
      expect(Math.abs(values['humidity']! - air.humidityPercent)).toBeLessThan(0.02);
      expect(Math.abs(values['pressure']! - air.pressurePa)).toBeLessThan(0.6);
    }
  });

  it('measures on after the chip lost its settings', async () => {
    const { chip, sensor } = await open({ temperatureC: 20, humidityPercent: 50, pressurePa: 100_000 });
    await sensor.measure();
    chip.write(0xe0, Uint8Array.of(0xb6));
    expect(await sensor.measure()).toMatchObject([{ value: 20 }, {}, {}]);
  });

  it('shares one measurement between calls at the same time', async () => {
    const { sensor } = await open({ temperatureC: 20, humidityPercent: 50, pressurePa: 100_000 });
    const [first, second] = await Promise.all([sensor.measure(), sensor.measure()]);
    expect(second).toBe(first);
  });

  it('reports an unplugged sensor and works again when it is back', async () => {
    const { bus, chip, sensor } = await open({ temperatureC: 20, humidityPercent: 50, pressurePa: 100_000 });
    bus.detach(0x77);
    await expect(sensor.measure()).rejects.toMatchObject({ code: 'I2C_NO_DEVICE' });
    bus.attach(0x77, chip);
    expect(await sensor.measure()).toHaveLength(3);
  });
});
