/** An ADS1115 at register level (Texas Instruments datasheet SBAS444E); the comparator is left out. */
import type { Clock } from '../../../core/clock.js';
import type { SimulatedI2cChip } from '../simulated-bus.js';
import { wordBytes, wordOf } from './word-registers.js';

export interface SimulatedAds1115Options {
  readonly clock: Clock;
  /** Volts at AIN0 to AIN3 at this moment; 0.5, 1, 1.5 and 2 unless told. */
  readonly volts?: () => readonly [number, number, number, number];
}

const powerUpConfig = 0x8583; // 9.6.3
const rangesV = [6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256];
const samplesPerSecond = [8, 16, 32, 64, 128, 250, 475, 860];

export class SimulatedAds1115 implements SimulatedI2cChip {
  readonly #clock: Clock;
  readonly #volts: () => readonly [number, number, number, number];
  #config = powerUpConfig & 0x7fff;
  #conversion = 0;
  #doneAtMs: number | undefined;

  constructor(options: SimulatedAds1115Options) {
    this.#clock = options.clock;
    this.#volts = options.volts ?? (() => [0.5, 1, 1.5, 2]);
  }

  read(register: number, length: number): Uint8Array {
    this.#proceed();
    const done = this.#doneAtMs === undefined ? 0x8000 : 0;
    return wordBytes([this.#conversion, this.#config | done, 0x8000, 0x7fff][register & 3] ?? 0, length);
  }

  write(register: number, bytes: Uint8Array): void {
    this.#proceed();
    if ((register & 3) !== 1) return;
    const word = wordOf(bytes);
    this.#config = word & 0x7fff;
    if ((word & 0x8000) === 0) return;
    this.#doneAtMs = this.#clock.monotonicMs() + 1_000 / (samplesPerSecond[(word >> 5) & 7] ?? 128);
  }

  #proceed(): void {
    if (this.#doneAtMs === undefined || this.#clock.monotonicMs() < this.#doneAtMs) return;
    this.#doneAtMs = undefined;
    const rangeV = rangesV[(this.#config >> 9) & 7] ?? 0.256;
    const steps = Math.round((this.#inputVolts() / rangeV) * 32_768);
    this.#conversion = Math.min(32_767, Math.max(-32_768, steps)) & 0xffff;
  }

  /** 9.6.3, MUX: the lower four are differences. */
  #inputVolts(): number {
    const [a0, a1, a2, a3] = this.#volts();
    return [a0 - a1, a0 - a3, a1 - a3, a2 - a3, a0, a1, a2, a3][(this.#config >> 12) & 7] ?? 0;
  }
}
