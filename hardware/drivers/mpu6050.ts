/**
 * InvenSense MPU-6050: acceleration and rotation about three axes over I2C (register map
 * RM-MPU-6000A-00 rev. 4.2, product specification PS-MPU-6000A-00 rev. 3.4). Samples by itself a hundred
 * times a second behind its low-pass filter; a reading is one burst, so that its values belong together.
 */
import { type Clock, sleep } from '../../core/clock.js';
import * as errors from '../errors.js';
import type { I2cBus, Measurement, Motion, MotionSensor, Sensor, Vector } from '../ports.js';
import { ChipRegisters, rounded, signed16 } from './chip-registers.js';
import { untilReady } from './sensor-wait.js';

export interface Mpu6050Options {
  readonly clock: Clock;
  /** Largest acceleration, in units of 9.80665 m/s2; 2 unless told. */
  readonly accelerationG?: 2 | 4 | 8 | 16;
  /** Largest rotation, degrees per second; 250 unless told. */
  readonly rotationDegrees?: 250 | 500 | 1000 | 2000;
  /** 44 unless told; 5 for who reads it twenty times a second and adds up what it says. */
  readonly lowPassHz?: 44 | 5;
}

// Register map, section 3.
const sampleDivider = 0x19;
const config = 0x1a;
const gyroConfig = 0x1b;
const accelConfig = 0x1c;
const interruptStatus = 0x3a;
const dataRegister = 0x3b;
const powerManagement1 = 0x6b;
const whoAmI = 0x75;

const resetBit = 0x80;
const sleepBit = 0x40;
const clockFromGyro = 0x01; // 4.28: steadier than the internal oscillator
/** 4.3: 44 Hz acceleration, 42 Hz rotation, 4.9 ms delay; or 5 Hz of both, 19 ms. */
const lowPass = { 44: 0x03, 5: 0x06 } as const;
const hundredPerSecond = 9; // 4.2: 1 kHz / (1 + 9)
const resetMs = 100; // Register map 4.28: registers may be written 100 ms after a reset
const gyroStartMs = 30; // Product specification 6.1
const firstSampleLimitMs = 100;

const standardGravity = 9.80665;
const relatedChips: ReadonlyMap<number, string> = new Map([
  [0x70, 'an MPU-6500'],
  [0x71, 'an MPU-9250'],
  [0x73, 'an MPU-9255'],
]);

export interface Mpu6050Reading extends Motion {
  /** Of the die, some degrees above the air. */
  readonly temperatureC: number;
}

export class Mpu6050 implements Sensor, MotionSensor {
  readonly chip = 'mpu6050';
  readonly #registers: ChipRegisters;
  readonly #accelerationStep: number;
  readonly #rotationStep: number;

  private constructor(registers: ChipRegisters, accelerationG: number, rotationDegrees: number) {
    this.#registers = registers;
    // Register map 4.4 and 4.5: 16384 steps per g at 2 g; 131 steps per degree at 250.
    this.#accelerationStep = (accelerationG / 2 / 16_384) * standardGravity;
    this.#rotationStep = (rotationDegrees / 250 / 131) * (Math.PI / 180);
  }

  /**
   * Resets and wakes the chip; resolves with its first sample ready. `address` is 0x68 or 0x69, by AD0.
   * @throws the bus's errors, SENSOR_WRONG_CHIP, SENSOR_BUSY.
   */
  static async open(bus: I2cBus, address: number, options: Mpu6050Options): Promise<Mpu6050> {
    const { clock, accelerationG = 2, rotationDegrees = 250, lowPassHz = 44 } = options;
    const registers = new ChipRegisters(bus, address, 'mpu6050');
    await checkId(registers);
    await registers.write(powerManagement1, resetBit);
    await sleep(clock, resetMs);
    await registers.write(powerManagement1, clockFromGyro);
    await sleep(clock, gyroStartMs);
    await registers.write(sampleDivider, hundredPerSecond);
    await registers.write(config, lowPass[lowPassHz]);
    await registers.write(gyroConfig, Math.log2(rotationDegrees / 250) << 3);
    await registers.write(accelConfig, Math.log2(accelerationG / 2) << 3);
    const wait = { clock, where: registers.where, pollMs: 5, limitMs: firstSampleLimitMs };
    // Register map 4.18: DATA_RDY_INT.
    await untilReady(wait, async () => ((await registers.byte(interruptStatus)) & 0x01) !== 0);
    return new Mpu6050(registers, accelerationG, rotationDegrees);
  }

  /** The newest sample. @throws the bus's errors, SENSOR_NOT_MEASURED when the chip lost its settings. */
  async motion(): Promise<Mpu6050Reading> {
    // Register map 4.17 to 4.21: acceleration, temperature, rotation, the high bytes first.
    const bytes = await this.#registers.bytes(dataRegister, 14);
    const word = (index: number) => signed16(((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0));
    if (bytes.every((byte) => byte === 0)) await this.#refuseSleep();
    return {
      acceleration: vector(this.#accelerationStep, word(0), word(1), word(2)),
      rotation: vector(this.#rotationStep, word(4), word(5), word(6)),
      temperatureC: word(3) / 340 + 36.53, // Register map 4.18
    };
  }

  /** Acceleration (0.001 m/s2), rotation (0.0001 rad/s) and the die's temperature (0.01 degrees). */
  async measure(): Promise<readonly Measurement[]> {
    const { acceleration, rotation, temperatureC } = await this.motion();
    const axes = ['x', 'y', 'z'] as const;
    return [
      ...axes.map((axis): Measurement => {
        return { quantity: `acceleration_${axis}`, unit: 'm/s2', value: rounded(acceleration[axis], 1_000) };
      }),
      ...axes.map((axis): Measurement => {
        return { quantity: `rotation_${axis}`, unit: 'rad/s', value: rounded(rotation[axis], 10_000) };
      }),
      { quantity: 'temperature', unit: 'Cel', value: rounded(temperatureC, 100) },
    ];
  }

  /** A chip that was reset by a dip of its supply sleeps, and its data registers read zero. */
  async #refuseSleep(): Promise<void> {
    const power = await this.#registers.byte(powerManagement1);
    if ((power & sleepBit) !== 0) throw errors.sensorNotMeasured(this.#registers.where);
  }
}

function vector(step: number, x: number, y: number, z: number): Vector {
  return { x: x * step, y: y * step, z: z * step };
}

/** Register map 4.32: the upper six bits of the address, wherever AD0 is. */
async function checkId(registers: ChipRegisters): Promise<void> {
  const id = await registers.byte(whoAmI);
  if (id === 0x68) return;
  const name = relatedChips.get(id);
  throw errors.sensorWrongChip(
    registers.where,
    `it calls itself ${errors.hexadecimal(id)}${name ? `, ${name}` : ''}`,
  );
}
