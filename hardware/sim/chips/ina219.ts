/** An INA219 at register level (Texas Instruments datasheet SBOS448G), without its calibrated registers. */
import type { Clock } from '../../../core/clock.js';
import type { SimulatedI2cChip } from '../simulated-bus.js';
import { wordBytes, wordOf } from './word-registers.js';

export interface SimulatedIna219Options {
  readonly clock: Clock;
  /** Volts at the load and amperes through the shunt at this moment; a battery of 3.9 V that gives 0.2 A unless told. */
  readonly supply?: () => { readonly volts: number; readonly amperes: number };
  /** 0.1 unless told. */
  readonly shuntOhms?: number;
}

const powerUpConfig = 0x399f; // 8.6.2.1
const converterMs = [0.084, 0.148, 0.276, 0.532];

export class SimulatedIna219 implements SimulatedI2cChip {
  readonly #options: SimulatedIna219Options;
  #config = powerUpConfig;
  #shunt = 0;
  #bus = 0;
  #doneAtMs: number | undefined;

  constructor(options: SimulatedIna219Options) {
    this.#options = options;
  }

  read(register: number, length: number): Uint8Array {
    this.#proceed();
    return wordBytes([this.#config, this.#shunt, this.#bus][register] ?? 0, length);
  }

  write(register: number, bytes: Uint8Array): void {
    if (register !== 0) return;
    const word = wordOf(bytes);
    this.#config = (word & 0x8000) === 0 ? word & 0x3fff : powerUpConfig;
    this.#bus &= ~0x0002;
    this.#doneAtMs = this.#options.clock.monotonicMs() + this.#shuntMs() + this.#busMs();
  }

  #proceed(): void {
    if (this.#doneAtMs === undefined || this.#options.clock.monotonicMs() < this.#doneAtMs) return;
    this.#doneAtMs = undefined;
    const { supply = () => ({ volts: 3.9, amperes: 0.2 }), shuntOhms = 0.1 } = this.#options;
    const { volts, amperes } = supply();
    // 8.6.2.1, PG: 40 mV, doubled by each step.
    const fullScale = 4_000 * 2 ** ((this.#config >> 11) & 3);
    const steps = Math.round((amperes * shuntOhms) / 10e-6);
    this.#shunt = Math.min(fullScale, Math.max(-fullScale, steps)) & 0xffff;
    this.#bus = (Math.round(volts / 0.004) << 3) | 0x0002;
  }

  #shuntMs(): number {
    return averageMs((this.#config >> 3) & 0x0f);
  }

  #busMs(): number {
    return averageMs((this.#config >> 7) & 0x0f);
  }
}

/** Table 5: from 8 on, the lower three bits double the samples of 0.532 ms. */
function averageMs(code: number): number {
  return code < 8 ? (converterMs[code & 3] ?? 0) : 0.532 * 2 ** (code & 7);
}
