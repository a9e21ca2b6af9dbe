/**
 * Microchip MCP9808: temperature over I2C, a quarter of a degree exact (data sheet DS25095A). Converts by
 * itself four times a second, from power-up on, so that a reset needs no care.
 */
import { type Clock, sleep } from '../../core/clock.js';
import * as errors from '../errors.js';
import type { I2cBus, Measurement, Sensor } from '../ports.js';
import { ChipRegisters } from './chip-registers.js';

// Data sheet 5.1, table 5-1.
const configRegister = 0x01;
const temperatureRegister = 0x05;
const makerRegister = 0x06;
const deviceRegister = 0x07;

const microchip = 0x0054; // 5.1.5
const deviceId = 0x04; // 5.1.6: the upper byte; the lower one is the revision
const awake = 0x0000; // 5.2.1: continuous conversion, alert output off
const firstConversionMs = 300; // 5.2.4: 250 ms, typical

export class Mcp9808 implements Sensor {
  readonly chip = 'mcp9808';
  readonly #registers: ChipRegisters;

  private constructor(registers: ChipRegisters) {
    this.#registers = registers;
  }

  /**
   * `address` is 0x18 to 0x1f, by A0 to A2.
   * @throws the bus's errors, SENSOR_WRONG_CHIP.
   */
  static async open(bus: I2cBus, address: number, { clock }: { readonly clock: Clock }): Promise<Mcp9808> {
    const registers = new ChipRegisters(bus, address, 'mcp9808');
    const maker = await registers.word(makerRegister);
    const device = await registers.word(deviceRegister);
    if (maker !== microchip || device >> 8 !== deviceId) {
      const saw = `maker ${errors.hexadecimal(maker)}, device ${errors.hexadecimal(device)}`;
      throw errors.sensorWrongChip(registers.where, saw);
    }
    await registers.writeWord(configRegister, awake);
    await sleep(clock, firstConversionMs);
    return new Mcp9808(registers);
  }

  /** Temperature in steps of 1/16 degree. @throws the bus's errors, SENSOR_IMPLAUSIBLE. */
  async measure(): Promise<readonly Measurement[]> {
    // 5.1.3, equation 5-1: 13 bits in two's complement below three alert bits.
    const word = await this.#registers.word(temperatureRegister);
    const value = (((word & 0x1fff) << 19) >> 19) / 16;
    // Section 1: from -40 to 125 degrees.
    if (value < -40 || value > 125) {
      throw errors.sensorImplausible(this.#registers.where, 'temperature', value);
    }
    return [{ quantity: 'temperature', unit: 'Cel', value }];
  }
}
