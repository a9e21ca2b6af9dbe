/** An MCP9808 at register level (Microchip data sheet DS25095A); alerts are left out. */
import type { Clock } from '../../../core/clock.js';
import { type Climate, roomClimate } from '../climate.js';
import type { SimulatedI2cChip } from '../simulated-bus.js';
import { wordBytes, wordOf } from './word-registers.js';

export interface SimulatedMcp9808Options {
  readonly clock: Clock;
  /** `roomClimate` unless told; only its temperature counts. */
  readonly climate?: Climate;
}

const shutdownBit = 0x0100; // 5.2.1

export class SimulatedMcp9808 implements SimulatedI2cChip {
  readonly #clock: Clock;
  readonly #climate: Climate;
  readonly #words = new Map([
    [6, 0x0054],
    [7, 0x0400],
  ]);
  #frozenC: number | undefined;

  constructor(options: SimulatedMcp9808Options) {
    this.#clock = options.clock;
    this.#climate = options.climate ?? roomClimate;
  }

  read(register: number, length: number): Uint8Array {
    const word = register === 5 ? this.#temperatureWord() : (this.#words.get(register) ?? 0);
    return wordBytes(word, length);
  }

  write(register: number, bytes: Uint8Array): void {
    if (register < 1 || register > 4) return;
    this.#words.set(register, wordOf(bytes));
    const shutDown = ((this.#words.get(1) ?? 0) & shutdownBit) !== 0;
    this.#frozenC = shutDown ? (this.#frozenC ?? this.#airC()) : undefined;
  }

  #airC(): number {
    return this.#climate(this.#clock.now()).temperatureC;
  }

  /** 5.1.3: a sign bit above twelve bits of sixteenths. */
  #temperatureWord(): number {
    return Math.round((this.#frozenC ?? this.#airC()) * 16) & 0x1fff;
  }
}
