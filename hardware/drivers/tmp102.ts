/**
 * Texas Instruments TMP102: temperature over I2C (datasheet SBOS397). Measures in one-shot mode, so
 * that every value is fresh and the chip sleeps in between. It has no chip id; its fixed bits are
 * checked instead.
 */
import { type Clock, sleep } from '../../core/clock.js';
import * as errors from '../errors.js';
import type { I2cBus, Measurement, Sensor } from '../ports.js';
import { untilReady } from './sensor-wait.js';

export interface Tmp102Options {
  readonly clock: Clock;
  /** 13 bits: up to 150 degrees instead of 127.9; off unless told. */
  readonly extended?: boolean;
}

// Datasheet 8.5.1, the pointer register.
const temperatureRegister = 0x00;
const configRegister = 0x01;

// Datasheet 8.5.3, the configuration register, both bytes as one word.
const oneShotBit = 0x8000;
const resolutionBits = 0x6000;
const shutdownBit = 0x0100;
const extendedBit = 0x0010;
const unusedBits = 0x000f;
const fourPerSecond = 0x0080;

const conversionMs = 35; // Datasheet 7.5, the maximum
const conversionLimitMs = 100;

export class Tmp102 implements Sensor {
  readonly chip = 'tmp102';
  readonly #bus: I2cBus;
  readonly #clock: Clock;
  readonly #where: errors.SensorContext;
  readonly #config: number;
  #measuring: Promise<readonly Measurement[]> | undefined;

  private constructor(bus: I2cBus, where: errors.SensorContext, options: Tmp102Options) {
    this.#bus = bus;
    this.#clock = options.clock;
    this.#where = where;
    this.#config = resolutionBits | shutdownBit | fourPerSecond | (options.extended ? extendedBit : 0);
  }

  /**
   * `address` is 0x48 to 0x4b, by the ADD0 pin.
   * @throws the bus's errors, SENSOR_WRONG_CHIP.
   */
  static async open(bus: I2cBus, address: number, options: Tmp102Options): Promise<Tmp102> {
    const where = { chip: 'tmp102', bus: bus.bus, address };
    const word = await readWord(bus, address, configRegister);
    // Datasheet 8.5.3: the resolution reads 11, the four bits at the end read 0.
    if ((word & resolutionBits) !== resolutionBits || (word & unusedBits) !== 0) {
      throw errors.sensorWrongChip(where, `its configuration reads 0x${word.toString(16).padStart(4, '0')}`);
    }
    return new Tmp102(bus, where, options);
  }

  /**
   * Temperature in steps of 1/16 degree. Calls at the same time share one measurement.
   * @throws the bus's errors, SENSOR_BUSY, SENSOR_IMPLAUSIBLE.
   */
  measure(): Promise<readonly Measurement[]> {
    this.#measuring ??= this.#measureOnce().finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  async #measureOnce(): Promise<readonly Measurement[]> {
    const { address } = this.#where;
    const start = this.#config | oneShotBit;
    await this.#bus.writeRegisters(address, configRegister, Uint8Array.of(start >> 8, start & 0xff));
    await sleep(this.#clock, conversionMs);
    const wait = { clock: this.#clock, where: this.#where, pollMs: 5, limitMs: conversionLimitMs };
    // Datasheet 8.4.3: OS reads 0 during the conversion and 1 after it.
    await untilReady(
      wait,
      async () => ((await readWord(this.#bus, address, configRegister)) & oneShotBit) !== 0,
    );
    const value = this.#convert(await readWord(this.#bus, address, temperatureRegister));
    return [{ quantity: 'temperature', unit: 'Cel', value }];
  }

  /** Datasheet 8.5.2: two's complement at the left of the word; bit 0 tells which form the word has. */
  #convert(word: number): number {
    const signed = (word << 16) >> 16;
    const extended = (word & 1) === 1;
    const value = (extended ? signed >> 3 : signed >> 4) / 16;
    const padding = extended ? word & 0x06 : word & 0x0e;
    // The form must be the one asked for, the padding zero; all ones is a bus that nobody drives.
    const formed = padding === 0 && extended === ((this.#config & extendedBit) !== 0);
    // Datasheet 7.3: the chip works from -55 to 150 degrees at the utmost.
    if (!formed || value < -55 || value > 150) {
      throw errors.sensorImplausible(this.#where, 'temperature', value);
    }
    return value;
  }
}

async function readWord(bus: I2cBus, address: number, register: number): Promise<number> {
  const [high = 0, low = 0] = await bus.readRegisters(address, register, 2);
  return (high << 8) | low;
}
