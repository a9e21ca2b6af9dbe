/**
 * Bosch BMP280: temperature and pressure over I2C (datasheet BST-BMP280-DS001). Calibration and
 * compensation are those of the BME280 without humidity. Measures in forced mode, and writes its settings
 * for each measurement, so that a chip that was reset measures on.
 */
import { type Clock, sleep } from '../../core/clock.js';
import * as errors from '../errors.js';
import type { I2cBus, Measurement, Sensor } from '../ports.js';
import {
  type Bme280Calibration,
  compensatePressure,
  fineTemperature,
  readCalibration,
} from './bme280-compensation.js';
import { ChipRegisters, rounded } from './chip-registers.js';
import { untilReady } from './sensor-wait.js';
import { SharedMeasurement } from './shared-measurement.js';

// Datasheet 4.2, the memory map.
const calibrationRegister = 0x88;
const chipIdRegister = 0xd0;
const resetRegister = 0xe0;
const status = 0xf3;
const ctrlMeas = 0xf4;
const config = 0xf5;
const dataRegister = 0xf7;

const chipId = 0x58;
const relatedChips: ReadonlyMap<number, string> = new Map([
  [0x55, 'a BMP180'],
  [0x60, 'a BME280'],
  [0x61, 'a BME680'],
]);
const onceForced = 0x25; // 4.3.4: one sample each, forced mode
const startUpMs = 2; // 1.1
const startUpLimitMs = 50;
const measuringMs = 6.4; // 3.8.1, table 13: the maximum for one sample each
const measuringLimitMs = 50;
const skipped = 0x80000; // 4.3.6 and 4.3.7: what the data registers hold after a reset

export class Bmp280 implements Sensor {
  readonly chip = 'bmp280';
  readonly #registers: ChipRegisters;
  readonly #clock: Clock;
  readonly #calibration: Bme280Calibration;
  readonly #shared = new SharedMeasurement<readonly Measurement[]>();

  private constructor(registers: ChipRegisters, clock: Clock, calibration: Bme280Calibration) {
    this.#registers = registers;
    this.#clock = clock;
    this.#calibration = calibration;
  }

  /**
   * Resets the chip and reads its calibration. `address` is 0x76 or 0x77, by the SDO pin.
   * @throws the bus's errors, SENSOR_WRONG_CHIP, SENSOR_BUSY, SENSOR_CALIBRATION.
   */
  static async open(bus: I2cBus, address: number, { clock }: { readonly clock: Clock }): Promise<Bmp280> {
    const registers = new ChipRegisters(bus, address, 'bmp280');
    const { where } = registers;
    const id = await registers.byte(chipIdRegister);
    if (id !== chipId) {
      const name = relatedChips.get(id);
      throw errors.sensorWrongChip(where, `chip id ${errors.hexadecimal(id)}${name ? ` is ${name}` : ''}`);
    }
    await registers.write(resetRegister, 0xb6); // 4.3.2
    await sleep(clock, startUpMs);
    // 4.3.3: im_update is set while the calibration is copied.
    await untilReady({ clock, where, pollMs: 2, limitMs: startUpLimitMs }, async () => {
      return ((await registers.byte(status)) & 0x01) === 0;
    });
    // 3.11.2, table 17: 24 bytes; those of humidity stay zero.
    const low = new Uint8Array(26);
    low.set(await registers.bytes(calibrationRegister, 24));
    const calibration = readCalibration(low, new Uint8Array(7));
    if (!plausible(calibration)) throw errors.sensorCalibration(where);
    return new Bmp280(registers, clock, calibration);
  }

  /**
   * Temperature (0.01 degrees) and pressure (0.1 Pa). Calls at the same time share one measurement.
   * @throws the bus's errors, SENSOR_BUSY, SENSOR_NOT_MEASURED, SENSOR_IMPLAUSIBLE.
   */
  measure(): Promise<readonly Measurement[]> {
    return this.#shared.run(() => this.#measureOnce());
  }

  async #measureOnce(): Promise<readonly Measurement[]> {
    const { where } = this.#registers;
    await this.#registers.write(config, 0); // 4.3.5: no filter
    await this.#registers.write(ctrlMeas, onceForced);
    await sleep(this.#clock, measuringMs);
    await untilReady({ clock: this.#clock, where, pollMs: 2, limitMs: measuringLimitMs }, async () => {
      return ((await this.#registers.byte(status)) & 0x08) === 0;
    });
    // 3.9: one burst, so that the values belong together.
    const bytes = await this.#registers.bytes(dataRegister, 6);
    const pressure = twentyBits(bytes, 0);
    const temperature = twentyBits(bytes, 3);
    if (pressure === skipped || temperature === skipped) throw errors.sensorNotMeasured(where);
    const fine = fineTemperature(this.#calibration, temperature);
    const temperatureC = this.#within('temperature', fine / 5120, -40, 85);
    const pressurePa = compensatePressure(this.#calibration, pressure, fine);
    return [
      { quantity: 'temperature', unit: 'Cel', value: rounded(temperatureC, 100) },
      {
        quantity: 'pressure',
        unit: 'Pa',
        value: rounded(this.#within('pressure', pressurePa, 30_000, 110_000), 10),
      },
    ];
  }

  /** Datasheet 1: the operating ranges. */
  #within(quantity: string, value: number, low: number, high: number): number {
    if (value >= low && value <= high) return value;
    throw errors.sensorImplausible(this.#registers.where, quantity, value);
  }
}

function twentyBits(bytes: Uint8Array, at: number): number {
  const [high = 0, middle = 0, low = 0] = bytes.subarray(at);
  return (high << 12) | (middle << 4) | (low >> 4);
}

function plausible({ t1, t2, p }: Bme280Calibration): boolean {
  return [t1, t2, p[0]].every((word) => word !== undefined && ![0, 0xffff, -1].includes(word));
}
