/**
 * Texas Instruments INA219: voltage, current and power of a supply over I2C (datasheet SBOS448G), and
 * from them what a battery has left. The current is computed here from the shunt's voltage: the chip's own
 * current register reads zero after a reset, until it is calibrated again.
 */
import { type Clock, sleep } from '../../core/clock.js';
import * as errors from '../errors.js';
import type { I2cBus, Measurement, Sensor } from '../ports.js';
import { type Battery, batteryLeft } from './battery.js';
import { ChipRegisters, rounded, signed16 } from './chip-registers.js';
import { untilReady } from './sensor-wait.js';
import { SharedMeasurement } from './shared-measurement.js';

export interface Ina219Options {
  readonly clock: Clock;
  /** The resistor that the current flows through; 0.1 unless told, as on common boards. */
  readonly shuntOhms?: number;
  /** What the supply is, when it is a battery whose charge is to be told. */
  readonly battery?: Battery;
}

// Datasheet 8.6.
const configRegister = 0x00;
const shuntRegister = 0x01;
const busRegister = 0x02;

// 8.6.2.1: 32 V, 320 mV, 16 samples averaged for each, both once when written.
const settings = 0x3e63;
const conversionMs = 19; // Table 5: twice 8.51 ms, and 10 %
const conversionLimitMs = 60;
const readyBit = 0x0002; // 8.6.3.2: CNVR
const overflowBit = 0x0001;
const fullScaleSteps = 32_000; // 320 mV in steps of 10 µV

export class Ina219 implements Sensor {
  readonly chip = 'ina219';
  readonly #registers: ChipRegisters;
  readonly #options: Ina219Options;
  readonly #shared = new SharedMeasurement<readonly Measurement[]>();

  private constructor(registers: ChipRegisters, options: Ina219Options) {
    this.#registers = registers;
    this.#options = options;
  }

  /**
   * `address` is 0x40 to 0x4f, by A0 and A1.
   * @throws the bus's errors, SENSOR_WRONG_CHIP.
   */
  static async open(bus: I2cBus, address: number, options: Ina219Options): Promise<Ina219> {
    const registers = new ChipRegisters(bus, address, 'ina219');
    // It has no id: what is written to it must stand there afterwards.
    await registers.writeWord(configRegister, settings);
    const word = await registers.word(configRegister);
    if (word !== settings) {
      throw errors.sensorWrongChip(
        registers.where,
        `its configuration reads 0x${word.toString(16).padStart(4, '0')}`,
      );
    }
    return new Ina219(registers, options);
  }

  /**
   * Voltage of the load (V), current (A, negative while charging), power (W), and what the battery has left
   * (percent) if there is one. Calls at the same time share one measurement.
   * @throws the bus's errors, SENSOR_BUSY, SENSOR_IMPLAUSIBLE beyond the range.
   */
  measure(): Promise<readonly Measurement[]> {
    return this.#shared.run(() => this.#measureOnce());
  }

  async #measureOnce(): Promise<readonly Measurement[]> {
    const { clock, shuntOhms = 0.1, battery } = this.#options;
    const { where } = this.#registers;
    await this.#registers.writeWord(configRegister, settings);
    await sleep(clock, conversionMs);
    let busWord = 0;
    await untilReady({ clock, where, pollMs: 5, limitMs: conversionLimitMs }, async () => {
      busWord = await this.#registers.word(busRegister);
      return (busWord & readyBit) !== 0;
    });
    const steps = signed16(await this.#registers.word(shuntRegister));
    const current = (steps * 10e-6) / shuntOhms; // 8.6.3.1
    if (Math.abs(steps) >= fullScaleSteps || (busWord & overflowBit) !== 0) {
      throw errors.sensorImplausible(where, 'current', current);
    }
    const voltage = (busWord >> 3) * 0.004; // 8.6.3.2
    return [
      { quantity: 'voltage', unit: 'V', value: rounded(voltage, 1_000) },
      { quantity: 'current', unit: 'A', value: rounded(current, 10_000) },
      { quantity: 'power', unit: 'W', value: rounded(voltage * current, 1_000) },
      ...(battery === undefined
        ? []
        : [
            {
              quantity: 'battery',
              unit: '%EL',
              value: rounded(batteryLeft(battery, voltage, current), 10),
            } as const,
          ]),
    ];
  }
}
