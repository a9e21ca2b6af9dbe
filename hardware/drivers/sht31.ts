/**
 * Sensirion SHT31: temperature and humidity over I2C (datasheet SHT3x-DIS, version 7). It has commands
 * instead of registers, and a checksum behind each word, which is always checked. Measures in single
 * shots without clock stretching, so that a slow chip does not hold the bus.
 */
import { type Clock, sleep } from '../../core/clock.js';
import * as errors from '../errors.js';
import type { I2cBus, Measurement, Sensor } from '../ports.js';
import { crc8 } from './checksum.js';
import { ChipRegisters, rounded } from './chip-registers.js';
import { SharedMeasurement } from './shared-measurement.js';

// Datasheet 4.3 to 4.12.
const softReset = 0x30a2;
const readStatus = 0xf32d;
const measureHigh = 0x2400; // High repeatability, no clock stretching
const resetMs = 1.5; // Table 4
const measuringMs = 15.5; // Table 4, the maximum at low supply

export class Sht31 implements Sensor {
  readonly chip = 'sht31';
  readonly #bus: I2cBus;
  readonly #registers: ChipRegisters;
  readonly #clock: Clock;
  readonly #shared = new SharedMeasurement<readonly Measurement[]>();

  private constructor(bus: I2cBus, registers: ChipRegisters, clock: Clock) {
    this.#bus = bus;
    this.#registers = registers;
    this.#clock = clock;
  }

  /**
   * Resets the chip and reads its status. `address` is 0x44 or 0x45, by the ADDR pin.
   * @throws the bus's errors, SENSOR_CHECKSUM.
   */
  static async open(bus: I2cBus, address: number, { clock }: { readonly clock: Clock }): Promise<Sht31> {
    const sensor = new Sht31(bus, new ChipRegisters(bus, address, 'sht31'), clock);
    await sensor.#command(softReset);
    await sleep(clock, resetMs);
    await sensor.#command(readStatus);
    await sensor.#words(1);
    return sensor;
  }

  /**
   * Temperature (0.01 degrees) and humidity (0.01 %). Calls at the same time share one measurement.
   * @throws the bus's errors, SENSOR_CHECKSUM, SENSOR_IMPLAUSIBLE.
   */
  measure(): Promise<readonly Measurement[]> {
    return this.#shared.run(() => this.#measureOnce());
  }

  async #measureOnce(): Promise<readonly Measurement[]> {
    await this.#command(measureHigh);
    await sleep(this.#clock, measuringMs);
    const [temperature = 0, humidity = 0] = await this.#words(2);
    // Datasheet 4.13.
    const temperatureC = -45 + (175 * temperature) / 65_535;
    // Table 2: the operating range.
    if (temperatureC < -40 || temperatureC > 125) {
      throw errors.sensorImplausible(this.#registers.where, 'temperature', temperatureC);
    }
    return [
      { quantity: 'temperature', unit: 'Cel', value: rounded(temperatureC, 100) },
      { quantity: 'humidity', unit: '%RH', value: rounded((100 * humidity) / 65_535, 100) },
    ];
  }

  #command(command: number): Promise<void> {
    return this.#registers.write(command >> 8, command & 0xff);
  }

  /** Datasheet 4.12: two bytes and their checksum, polynomial 0x31 from 0xff on. */
  async #words(count: number): Promise<number[]> {
    const { where } = this.#registers;
    const bytes = await this.#bus.receive(where.address, 3 * count);
    return Array.from({ length: count }, (_, index) => {
      const [high = 0, low = 0, checksum] = bytes.subarray(3 * index);
      if (crc8([high, low], 0x31, 0xff) !== checksum) throw errors.sensorChecksum(where);
      return (high << 8) | low;
    });
  }
}
