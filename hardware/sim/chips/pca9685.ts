/** A PCA9685 at register level (NXP product data sheet rev. 4), with what its outputs do for others to see. */
import type { SimulatedI2cChip } from '../simulated-bus.js';

const mode1 = 0x00;
const firstOutput = 0x06;
const lastOutput = 0x45;
const allOutputs = 0xfa;
const preScale = 0xfe;

export class SimulatedPca9685 implements SimulatedI2cChip {
  readonly #memory = new Uint8Array(0x100);

  constructor() {
    // Table 4, values at power-up.
    this.#memory.set([0x11, 0x04, 0xe2, 0xe4, 0xe8, 0xe0]);
    for (let register = firstOutput; register <= lastOutput; register += 4) this.#memory[register + 3] = 0x10;
    this.#memory[preScale] = 0x1e;
  }

  /** Share of time that the output is on; 0 while the oscillator sleeps, unless it is fully on. */
  duty(channel: number): number {
    const [onLow = 0, onHigh = 0, offLow = 0, offHigh = 0] = this.#memory.slice(firstOutput + 4 * channel);
    // 7.3.3: full off goes before full on.
    if ((offHigh & 0x10) !== 0) return 0;
    if ((onHigh & 0x10) !== 0) return 1;
    if (((this.#memory[mode1] ?? 0) & 0x10) !== 0) return 0;
    const ticks = ((offHigh & 0x0f) << 8) + offLow - ((onHigh & 0x0f) << 8) - onLow;
    return ((ticks + 4096) % 4096) / 4096;
  }

  /** 7.3.5. */
  get frequencyHz(): number {
    return 25_000_000 / (4096 * ((this.#memory[preScale] ?? 0) + 1));
  }

  /** 7.3.1: registers follow one another only with auto-increment. */
  read(register: number, length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, index) => this.#memory[register + this.#offset(index)] ?? 0);
  }

  write(register: number, bytes: Uint8Array): void {
    for (const [index, value] of bytes.entries()) this.#writeOne(register + this.#offset(index), value);
  }

  #offset(index: number): number {
    return ((this.#memory[mode1] ?? 0) & 0x20) !== 0 ? index : 0;
  }

  #writeOne(register: number, value: number): void {
    if (register === preScale) {
      if (((this.#memory[mode1] ?? 0) & 0x10) !== 0) this.#memory[preScale] = Math.max(3, value);
      return;
    }
    if (register >= allOutputs && register < preScale) {
      for (let at = firstOutput + register - allOutputs; at <= lastOutput; at += 4) this.#memory[at] = value;
      return;
    }
    this.#memory[register] = value;
  }
}
