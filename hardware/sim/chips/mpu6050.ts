/** An MPU-6050 at register level (register map RM-MPU-6000A-00 rev. 4.2). No FIFO, no interrupts, no self-test. */
import type { Clock } from '../../../core/clock.js';
import type { Motion } from '../../ports.js';
import type { SimulatedI2cChip } from '../simulated-bus.js';

export interface SimulatedMpu6050Options {
  readonly clock: Clock;
  /** What the board does at this moment; at rest and level unless told. */
  readonly motion?: () => Motion;
  /** Of the die; 30 degrees unless told. */
  readonly temperatureC?: () => number;
}

const identity = 0x68;
const startMs = 30; // Product specification 6.1
const none = { x: 0, y: 0, z: 0 };
const atRest: Motion = { acceleration: { x: 0, y: 0, z: 9.80665 }, rotation: none };

export class SimulatedMpu6050 implements SimulatedI2cChip {
  readonly #options: SimulatedMpu6050Options;
  readonly #memory = new Uint8Array(0x80);
  #wokenMs: number | undefined;

  constructor(options: SimulatedMpu6050Options) {
    this.#options = options;
    this.#reset();
  }

  read(register: number, length: number): Uint8Array {
    this.#memory[0x3a] = this.#sampling() ? 0x01 : 0;
    if (this.#sampling()) this.#sample();
    return this.#memory.slice(register, register + length);
  }

  write(register: number, bytes: Uint8Array): void {
    for (const [index, value] of bytes.entries()) this.#writeOne(register + index, value);
  }

  #writeOne(register: number, value: number): void {
    // 4.17 to 4.21 and 4.32 are read-only.
    if (register === 0x75 || (register >= 0x3a && register <= 0x48)) return;
    if (register === 0x6b && (value & 0x80) !== 0) {
      this.#reset();
      return;
    }
    this.#memory[register & 0x7f] = value;
    if (register !== 0x6b) return;
    this.#wokenMs = (value & 0x40) === 0 ? this.#options.clock.monotonicMs() : undefined;
  }

  /** Section 3: all registers are 0 after a reset but power management 1 (asleep) and the identity. */
  #reset(): void {
    this.#memory.fill(0);
    this.#memory[0x6b] = 0x40;
    this.#memory[0x75] = identity;
    this.#wokenMs = undefined;
  }

  #sampling(): boolean {
    return this.#wokenMs !== undefined && this.#options.clock.monotonicMs() - this.#wokenMs >= startMs;
  }

  #sample(): void {
    const { motion = () => atRest, temperatureC = () => 30 } = this.#options;
    const { acceleration, rotation } = motion();
    const accelerationSteps = 16_384 / 2 ** this.#range(0x1c) / 9.80665;
    const rotationSteps = (131 / 2 ** this.#range(0x1b)) * (180 / Math.PI);
    const words = [
      ...[acceleration.x, acceleration.y, acceleration.z].map((value) => value * accelerationSteps),
      (temperatureC() - 36.53) * 340,
      ...[rotation.x, rotation.y, rotation.z].map((value) => value * rotationSteps),
    ];
    const view = new DataView(this.#memory.buffer);
    words.forEach((word, index) => {
      view.setInt16(0x3b + 2 * index, Math.min(32_767, Math.max(-32_768, Math.round(word))));
    });
  }

  /** 4.4 and 4.5: bits 4 and 3 double the range. */
  #range(register: number): number {
    return ((this.#memory[register] ?? 0) >> 3) & 0x03;
  }
}
