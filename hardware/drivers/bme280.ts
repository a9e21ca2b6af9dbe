/**
 * Bosch BME280: temperature, pressure and humidity over I2C (datasheet BST-BME280-DS002). Measures in
 * forced mode, so the chip sleeps and stays cool in between. All settings are written for each
 * measurement: a chip that was reset by a supply dip measures on.
 */
import { type Clock, sleep } from '../../core/clock.js';
import * as errors from '../errors.js';
import type { I2cBus, Measurement, Sensor } from '../ports.js';
import {
  type Bme280Calibration,
  compensateHumidity,
  compensatePressure,
  fineTemperature,
  readCalibration,
} from './bme280-compensation.js';
import { untilReady } from './sensor-wait.js';

export type SampleCount = 1 | 2 | 4 | 8 | 16;

export interface Bme280Options {
  readonly clock: Clock;
  /** Samples averaged per quantity; 1 unless told, as datasheet 3.5.1 has it for weather. */
  readonly oversampling?: {
    readonly temperature?: SampleCount;
    readonly pressure?: SampleCount;
    readonly humidity?: SampleCount;
  };
}

// Datasheet 5.3, the memory map.
const calibrationLow = 0x88;
const chipIdRegister = 0xd0;
const resetRegister = 0xe0;
const calibrationHigh = 0xe1;
const ctrlHum = 0xf2;
const status = 0xf3;
const ctrlMeas = 0xf4;
const config = 0xf5;
const dataRegister = 0xf7;

const bme280Id = 0x60;
const relatedChips: ReadonlyMap<number, string> = new Map([
  [0x58, 'a BMP280, which has no humidity'],
  [0x61, 'a BME680'],
]);
const startUpMs = 2; // Datasheet 1.1
const startUpLimitMs = 50;
const forcedMode = 0x01;

export class Bme280 implements Sensor {
  readonly chip = 'bme280';
  readonly #bus: I2cBus;
  readonly #clock: Clock;
  readonly #where: errors.SensorContext;
  readonly #samples: { temperature: SampleCount; pressure: SampleCount; humidity: SampleCount };
  readonly #calibration: Bme280Calibration;
  #measuring: Promise<readonly Measurement[]> | undefined;

  private constructor(
    bus: I2cBus,
    where: errors.SensorContext,
    options: Bme280Options,
    calibration: Bme280Calibration,
  ) {
    this.#bus = bus;
    this.#clock = options.clock;
    this.#where = where;
    this.#samples = { temperature: 1, pressure: 1, humidity: 1, ...options.oversampling };
    this.#calibration = calibration;
  }

  /**
   * Resets the chip and reads its calibration. `address` is 0x76 or 0x77, by the SDO pin.
   * @throws the bus's errors, SENSOR_WRONG_CHIP, SENSOR_BUSY, SENSOR_CALIBRATION.
   */
  static async open(bus: I2cBus, address: number, options: Bme280Options): Promise<Bme280> {
    const where = { chip: 'bme280', bus: bus.bus, address };
    await checkId(bus, where);
    // Datasheet 4.1: 0xB6 resets as power-on does; im_update is set while the words are copied.
    await bus.writeRegisters(address, resetRegister, Uint8Array.of(0xb6));
    await sleep(options.clock, startUpMs);
    await untilReady({ clock: options.clock, where, pollMs: 2, limitMs: startUpLimitMs }, async () => {
      return ((await readByte(bus, address, status)) & 0x01) === 0;
    });
    const calibration = readCalibration(
      await bus.readRegisters(address, calibrationLow, 26),
      await bus.readRegisters(address, calibrationHigh, 7),
    );
    if (!plausible(calibration)) throw errors.sensorCalibration(where);
    return new Bme280(bus, where, options, calibration);
  }

  /**
   * Temperature (0.01 degrees), pressure (0.1 Pa), humidity (0.01 %). Calls at the same time share
   * one measurement.
   * @throws the bus's errors, SENSOR_BUSY, SENSOR_NOT_MEASURED, SENSOR_IMPLAUSIBLE.
   */
  measure(): Promise<readonly Measurement[]> {
    this.#measuring ??= this.#measureOnce().finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  async #measureOnce(): Promise<readonly Measurement[]> {
    const { address } = this.#where;
    const limitMs = maximumMs(this.#samples);
    const settings = this.#settings();
    await this.#write(config, 0); // Datasheet 5.4.6: no filter.
    await this.#write(ctrlHum, settings.humidity); // Datasheet 5.4.3: before ctrl_meas.
    await this.#write(ctrlMeas, settings.others | forcedMode);
    await sleep(this.#clock, limitMs);
    await untilReady({ clock: this.#clock, where: this.#where, pollMs: 2, limitMs }, async () => {
      return ((await readByte(this.#bus, address, status)) & 0x08) === 0;
    });
    // Datasheet 4: one burst, so that the three values belong together.
    const raw = unpack(await this.#bus.readRegisters(address, dataRegister, 8));
    if (holdsSkippedValue(raw)) await this.#refuseReset();
    return this.#convert(raw);
  }

  #convert(raw: RawData): readonly Measurement[] {
    const fine = fineTemperature(this.#calibration, raw.temperature);
    // Datasheet 1.1 to 1.4: the operating ranges. Humidity may overshoot a little in fog and in dry air.
    const temperatureC = this.#within('temperature', fine / 5120, -40, 85);
    const pressurePa = this.#within(
      'pressure',
      compensatePressure(this.#calibration, raw.pressure, fine),
      30_000,
      110_000,
    );
    const humidity = this.#within(
      'humidity',
      compensateHumidity(this.#calibration, raw.humidity, fine),
      -10,
      110,
    );
    return [
      { quantity: 'temperature', unit: 'Cel', value: rounded(temperatureC, 100) },
      { quantity: 'pressure', unit: 'Pa', value: rounded(pressurePa, 10) },
      { quantity: 'humidity', unit: '%RH', value: rounded(Math.min(100, Math.max(0, humidity)), 100) },
    ];
  }

  /** ctrl_hum, and ctrl_meas without its mode: datasheet 5.4.3 and 5.4.5. */
  #settings(): { readonly humidity: number; readonly others: number } {
    const { temperature, pressure, humidity } = this.#samples;
    return {
      humidity: samplesCode(humidity),
      others: (samplesCode(temperature) << 5) | (samplesCode(pressure) << 2),
    };
  }

  /**
   * The value of a skipped measurement is also a possible result. It is one if the chip still holds
   * the settings, which a reset since then would have cleared.
   */
  async #refuseReset(): Promise<void> {
    const held = await this.#bus.readRegisters(this.#where.address, ctrlHum, 3);
    const { humidity, others } = this.#settings();
    if (((held[0] ?? 0) & 0x07) === humidity && ((held[2] ?? 0) & 0xfc) === others) return;
    throw errors.sensorNotMeasured(this.#where);
  }

  #within(quantity: string, value: number, low: number, high: number): number {
    // Written so that NaN is refused too.
    if (value >= low && value <= high) return value;
    throw errors.sensorImplausible(this.#where, quantity, value);
  }

  #write(register: number, value: number): Promise<void> {
    return this.#bus.writeRegisters(this.#where.address, register, Uint8Array.of(value));
  }
}

interface RawData {
  readonly pressure: number;
  readonly temperature: number;
  readonly humidity: number;
}

/** Datasheet 5.4.7 to 5.4.9: pressure and temperature have 20 bits each, humidity has 16. */
function unpack(data: Uint8Array): RawData {
  const byte = (index: number) => data[index] ?? 0;
  const twentyBits = (index: number) => (byte(index) << 12) | (byte(index + 1) << 4) | (byte(index + 2) >> 4);
  return { pressure: twentyBits(0), temperature: twentyBits(3), humidity: (byte(6) << 8) | byte(7) };
}

/** Datasheet 5.4.3 to 5.4.5: what the data registers hold after a reset. */
function holdsSkippedValue({ pressure, temperature, humidity }: RawData): boolean {
  return pressure === 0x80000 || temperature === 0x80000 || humidity === 0x8000;
}

async function checkId(bus: I2cBus, where: errors.SensorContext): Promise<void> {
  const id = await readByte(bus, where.address, chipIdRegister);
  if (id === bme280Id) return;
  const name = relatedChips.get(id);
  throw errors.sensorWrongChip(where, `chip id ${errors.hexadecimal(id)}${name ? ` is ${name}` : ''}`);
}

async function readByte(bus: I2cBus, address: number, register: number): Promise<number> {
  return (await bus.readRegisters(address, register, 1))[0] ?? 0;
}

/** Words that no factory burns: all zeros or all ones, as a silent bus reads. */
function plausible({ t1, t2, p, h2 }: Bme280Calibration): boolean {
  const empty = (word: number | undefined) =>
    word === undefined || word === 0 || word === 0xffff || word === -1;
  return ![t1, t2, p[0], h2].some(empty);
}

/** Datasheet 5.4.3 and 5.4.5: 1, 2, 4, 8, 16 samples are the codes 1 to 5. */
function samplesCode(samples: SampleCount): number {
  return Math.log2(samples) + 1;
}

/** Datasheet 9.1, the maximum time of one forced measurement. */
function maximumMs(samples: { temperature: number; pressure: number; humidity: number }): number {
  return (
    1.25 + 2.3 * samples.temperature + (2.3 * samples.pressure + 0.575) + (2.3 * samples.humidity + 0.575)
  );
}

function rounded(value: number, perUnit: number): number {
  return Math.round(value * perUnit) / perUnit;
}
