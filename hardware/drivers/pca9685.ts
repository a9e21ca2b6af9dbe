/**
 * NXP PCA9685: sixteen PWM outputs of 12 bits over I2C (product data sheet rev. 4), for servos and
 * motor drivers. All outputs share one frequency. Outputs are off after opening and after closing;
 * they keep their last setting when the program dies, so motors need the chip's OE line or a watchdog too.
 */
import { type Clock, sleep } from '../../core/clock.js';
import * as errors from '../errors.js';
import type { I2cBus, PwmOutputs } from '../ports.js';
import { ChipRegisters } from './chip-registers.js';

export interface Pca9685Options {
  readonly clock: Clock;
  /** 24 to 1526; 50 unless told, as servos want it. */
  readonly frequencyHz?: number;
}

// Data sheet 7.3, table 4.
const mode1 = 0x00;
const mode2 = 0x01;
const subAddresses = 0x02;
const firstOutput = 0x06;
const allOutputs = 0xfa;
const preScale = 0xfe;

const autoIncrement = 0x20;
const sleepBit = 0x10;
const totemPole = 0x04;
const fullBit = 0x10; // Data sheet 7.3.3: bit 4 of LEDn_ON_H and LEDn_OFF_H
const oscillatorHz = 25_000_000;
const oscillatorStartMs = 0.5; // Data sheet 7.3.1.1
const steps = 4096;
const channelCount = 16;

export class Pca9685 implements PwmOutputs {
  readonly channels = channelCount;
  /** As the chip makes it, which is near what was asked for. */
  readonly frequencyHz: number;
  readonly #registers: ChipRegisters;
  #closing: Promise<void> | undefined;

  private constructor(registers: ChipRegisters, frequencyHz: number) {
    this.#registers = registers;
    this.frequencyHz = frequencyHz;
  }

  /**
   * Switches all outputs off and sets the frequency. `address` is 0x40 to 0x7f, by A0 to A5.
   * @throws the bus's errors, SENSOR_WRONG_CHIP, OUTPUT_INVALID.
   */
  static async open(bus: I2cBus, address: number, options: Pca9685Options): Promise<Pca9685> {
    const { clock, frequencyHz = 50 } = options;
    const registers = new ChipRegisters(bus, address, 'pca9685');
    // Data sheet 7.3.5: round(25 MHz / (4096 * rate)) - 1, at least 3.
    const scale = Math.round(oscillatorHz / (steps * frequencyHz)) - 1;
    if (!(scale >= 3 && scale <= 255)) throw errors.outputInvalid('pca9685', `${frequencyHz} Hz`);
    await checkChip(registers);
    // The pre-scaler takes a value only while the oscillator sleeps.
    await registers.write(mode1, sleepBit | autoIncrement);
    await registers.write(allOutputs, 0, 0, 0, fullBit);
    await registers.write(preScale, scale);
    await registers.write(mode2, totemPole);
    await registers.write(mode1, autoIncrement);
    await sleep(clock, oscillatorStartMs);
    return new Pca9685(registers, oscillatorHz / (steps * (scale + 1)));
  }

  /** @throws OUTPUT_INVALID, the bus's errors. */
  async setDuty(channel: number, duty: number): Promise<void> {
    if (!(duty >= 0 && duty <= 1)) throw errors.outputInvalid('pca9685', `a duty of ${duty}`);
    await this.#set(channel, Math.round(duty * steps));
  }

  /** @throws OUTPUT_INVALID when the pulse does not fit the period; the bus's errors. */
  async setPulse(channel: number, widthUs: number): Promise<void> {
    const ticks = Math.round((widthUs * this.frequencyHz * steps) / 1_000_000);
    if (!(ticks >= 0 && ticks <= steps)) throw errors.outputInvalid('pca9685', `a pulse of ${widthUs} µs`);
    await this.#set(channel, ticks);
  }

  allOff(): Promise<void> {
    return this.#registers.write(allOutputs, 0, 0, 0, fullBit);
  }

  /** Everything off. */
  close(): Promise<void> {
    this.#closing ??= this.allOff();
    return this.#closing;
  }

  /** Data sheet 7.3.3: on at step 0, off at step `ticks`; both ends have a bit of their own. */
  async #set(channel: number, ticks: number): Promise<void> {
    if (!(Number.isInteger(channel) && channel >= 0 && channel < channelCount)) {
      throw errors.outputInvalid('pca9685', `channel ${channel}`);
    }
    const register = firstOutput + 4 * channel;
    if (ticks === 0) await this.#registers.write(register, 0, 0, 0, fullBit);
    else if (ticks === steps) await this.#registers.write(register, 0, fullBit, 0, 0);
    else await this.#registers.write(register, 0, 0, ticks & 0xff, ticks >> 8);
  }
}

/** It has no id; its sub-addresses (data sheet 7.3.6) are as at power-up, since nobody writes them. */
async function checkChip(registers: ChipRegisters): Promise<void> {
  const found: number[] = [];
  // One by one: without auto-increment a longer read gives the same register again.
  for (let index = 0; index < 4; index += 1) found.push(await registers.byte(subAddresses + index));
  if ([0xe2, 0xe4, 0xe8, 0xe0].every((byte, index) => found[index] === byte)) return;
  const text = found.map(errors.hexadecimal).join(' ');
  throw errors.sensorWrongChip(registers.where, `its sub-addresses read ${text}`);
}
