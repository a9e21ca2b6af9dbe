/**
 * A TMP102 at register level (Texas Instruments datasheet SBOS397): pointer register, 12 and 13 bits,
 * continuous and one-shot conversions. The alert pin and its fault queue are left out.
 */
import type { Clock } from '../../../core/clock.js';
import { type Climate, roomClimate } from '../climate.js';
import type { SimulatedI2cChip } from '../simulated-bus.js';

export interface SimulatedTmp102Options {
  readonly clock: Clock;
  /** `roomClimate` unless told; only its temperature counts. */
  readonly climate?: Climate;
}

const conversionMs = 26; // Datasheet 7.5, typical
const powerUpConfig = 0x60a0; // Datasheet 8.5.3, table 10
const writableConfig = 0x9fd0; // OS, SD, TM, POL, F, CR, EM; not the resolution and the alert bit
const oneShotBit = 0x8000;
const shutdownBit = 0x0100;
const extendedBit = 0x0010;

export class SimulatedTmp102 implements SimulatedI2cChip {
  readonly #clock: Clock;
  readonly #climate: Climate;
  #config = powerUpConfig;
  #low = 0x4b00; // 75 degrees
  #high = 0x5000; // 80 degrees
  #convertedC = 0; // Datasheet 8.5.2: zero until the first conversion is complete.
  #doneAtMs: number | undefined;

  constructor(options: SimulatedTmp102Options) {
    this.#clock = options.clock;
    this.#climate = options.climate ?? roomClimate;
    this.#doneAtMs = options.clock.monotonicMs() + conversionMs;
  }

  /** A register has two bytes; a longer read gets them over again, as the pointer stays. */
  read(register: number, length: number): Uint8Array {
    this.#proceed();
    const word = this.#word(register & 0x03);
    return Uint8Array.from({ length }, (_, index) => (index % 2 === 0 ? word >> 8 : word & 0xff));
  }

  write(register: number, bytes: Uint8Array): void {
    this.#proceed();
    const old = this.#word(register & 0x03);
    const word = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? old & 0xff);
    switch (register & 0x03) {
      case 1:
        this.#configure(word);
        return;
      case 2:
        this.#low = word & 0xfff8;
        return;
      case 3:
        this.#high = word & 0xfff8;
        return;
      default:
        return; // The temperature is read-only.
    }
  }

  #configure(word: number): void {
    const wasShutDown = (this.#config & shutdownBit) !== 0;
    this.#config = (this.#config & ~writableConfig) | (word & writableConfig & ~oneShotBit);
    const shutDown = (word & shutdownBit) !== 0;
    const started = shutDown ? (word & oneShotBit) !== 0 : wasShutDown;
    if (started) this.#doneAtMs = this.#clock.monotonicMs() + conversionMs;
  }

  #proceed(): void {
    const now = this.#clock.monotonicMs();
    if (this.#doneAtMs === undefined || now < this.#doneAtMs) return;
    this.#convertedC = this.#climate(this.#clock.now() - (now - this.#doneAtMs)).temperatureC;
    if ((this.#config & shutdownBit) !== 0) this.#doneAtMs = undefined;
    else this.#doneAtMs += this.#periodMs() * Math.ceil((now - this.#doneAtMs + 0.001) / this.#periodMs());
  }

  /** Datasheet 8.3.5: CR1 and CR0. */
  #periodMs(): number {
    return [4000, 1000, 250, 125][(this.#config >> 6) & 0x03] ?? 250;
  }

  #word(register: number): number {
    switch (register) {
      case 0:
        return this.#temperatureWord();
      case 1:
        return this.#config | (this.#ready() ? oneShotBit : 0);
      case 2:
        return this.#low;
      default:
        return this.#high;
    }
  }

  /** Datasheet 8.4.3: in shutdown, the OS bit reads 0 during a conversion and 1 after it. */
  #ready(): boolean {
    return (this.#config & shutdownBit) !== 0 && this.#doneAtMs === undefined;
  }

  /** Datasheet 8.5.2: steps of 1/16 degree in two's complement, at the left; bit 0 tells the extended form. */
  #temperatureWord(): number {
    const steps = Math.round(this.#convertedC * 16);
    if ((this.#config & extendedBit) !== 0) return ((steps << 3) & 0xfff8) | 1;
    return (Math.min(2047, Math.max(-2048, steps)) << 4) & 0xfff0;
  }
}
