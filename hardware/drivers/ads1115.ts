/**
 * Texas Instruments ADS1115: four voltages of 16 bits over I2C (datasheet SBAS444E). Converts one input
 * after the other in single shots, each against ground. A voltage beyond the range is an error, never the
 * range's end.
 */
import { type Clock, sleep } from '../../core/clock.js';
import * as errors from '../errors.js';
import type { I2cBus, Measurement, Sensor } from '../ports.js';
import { ChipRegisters, rounded, signed16 } from './chip-registers.js';
import { untilReady } from './sensor-wait.js';
import { SharedMeasurement } from './shared-measurement.js';

export type Ads1115Channel = 0 | 1 | 2 | 3;
export type Ads1115Range = 6.144 | 4.096 | 2.048 | 1.024 | 0.512 | 0.256;

export interface Ads1115Options {
  readonly clock: Clock;
  /** Inputs that are measured; all unless told. */
  readonly channels?: readonly Ads1115Channel[];
  /** Largest voltage, either way; 4.096 unless told. No input may go above the supply. */
  readonly rangeV?: Ads1115Range;
  /** What a measured voltage is multiplied with: (R1 + R2) / R2 of a divider before the input. 1 unless told. */
  readonly factor?: number;
}

// Datasheet 9.6.
const conversionRegister = 0x00;
const configRegister = 0x01;
const startBit = 0x8000; // OS: written 1 it starts, read 1 it is done
const singleShot = 0x0100;
const samplesPerSecond128 = 0x0080;
const comparatorOff = 0x0003;
const rangeCodes: Readonly<Record<Ads1115Range, number>> = {
  6.144: 0,
  4.096: 1,
  2.048: 2,
  1.024: 3,
  0.512: 4,
  0.256: 5,
};
const conversionMs = 8.6; // 1/128 s, and 10 % more as 9.3.4 allows
const conversionLimitMs = 50;

export class Ads1115 implements Sensor {
  readonly chip = 'ads1115';
  readonly #registers: ChipRegisters;
  readonly #clock: Clock;
  readonly #channels: readonly Ads1115Channel[];
  readonly #rangeV: Ads1115Range;
  readonly #factor: number;
  readonly #shared = new SharedMeasurement<readonly Measurement[]>();

  private constructor(registers: ChipRegisters, options: Ads1115Options) {
    this.#registers = registers;
    this.#clock = options.clock;
    this.#channels = options.channels ?? [0, 1, 2, 3];
    this.#rangeV = options.rangeV ?? 4.096;
    this.#factor = options.factor ?? 1;
  }

  /**
   * `address` is 0x48 to 0x4b, by the ADDR pin.
   * @throws the bus's errors, SENSOR_WRONG_CHIP.
   */
  static async open(bus: I2cBus, address: number, options: Ads1115Options): Promise<Ads1115> {
    const registers = new ChipRegisters(bus, address, 'ads1115');
    const word = await registers.word(configRegister);
    // It has no id. The comparator is off at power-up (9.6.3), and stays so here.
    if (word === 0xffff || (word & comparatorOff) !== comparatorOff) {
      throw errors.sensorWrongChip(
        registers.where,
        `its configuration reads 0x${word.toString(16).padStart(4, '0')}`,
      );
    }
    return new Ads1115(registers, options);
  }

  /**
   * Volts at each input, after the factor. Calls at the same time share one measurement.
   * @throws the bus's errors, SENSOR_BUSY, SENSOR_NOT_MEASURED, SENSOR_IMPLAUSIBLE beyond the range.
   */
  measure(): Promise<readonly Measurement[]> {
    return this.#shared.run(async () => {
      const measurements: Measurement[] = [];
      for (const channel of this.#channels) {
        const value = rounded(await this.#volts(channel), 1e6);
        measurements.push({ quantity: `voltage_a${channel}`, unit: 'V', value });
      }
      return measurements;
    });
  }

  async #volts(channel: Ads1115Channel): Promise<number> {
    const { where } = this.#registers;
    // 9.6.3: 4 to 7 are AIN0 to AIN3 against ground.
    const settings =
      ((4 + channel) << 12) |
      (rangeCodes[this.#rangeV] << 9) |
      singleShot |
      samplesPerSecond128 |
      comparatorOff;
    await this.#registers.writeWord(configRegister, settings | startBit);
    await sleep(this.#clock, conversionMs);
    const wait = { clock: this.#clock, where, pollMs: 2, limitMs: conversionLimitMs };
    await untilReady(wait, async () => {
      const word = await this.#registers.word(configRegister);
      if ((word & ~startBit) !== settings) throw errors.sensorNotMeasured(where);
      return (word & startBit) !== 0;
    });
    const steps = signed16(await this.#registers.word(conversionRegister));
    const volts = (steps / 32_768) * this.#rangeV;
    // Table 3: the ends of the scale are also what everything beyond reads as.
    if (steps === 32_767 || steps === -32_768) throw errors.sensorImplausible(where, 'voltage', volts);
    return volts * this.#factor;
  }
}
