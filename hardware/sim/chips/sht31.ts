/** A SHT31 by its commands (Sensirion datasheet SHT3x-DIS, version 7): reset, status, single shots. */
import type { Clock } from '../../../core/clock.js';
import { type Climate, roomClimate } from '../climate.js';
import type { SimulatedI2cChip } from '../simulated-bus.js';

export interface SimulatedSht31Options {
  readonly clock: Clock;
  /** `roomClimate` unless told. */
  readonly climate?: Climate;
}

const measuringMs = 12.5; // Table 4, typical, high repeatability
const statusAfterReset = 0x8010; // Table 18: alert pending, reset detected

export class SimulatedSht31 implements SimulatedI2cChip {
  readonly #clock: Clock;
  readonly #climate: Climate;
  #answer: { readonly words: readonly number[]; readonly readyMs: number } | undefined;

  constructor(options: SimulatedSht31Options) {
    this.#clock = options.clock;
    this.#climate = options.climate ?? roomClimate;
  }

  /** It knows no registers; a single byte before a read is no command. */
  read(_register: number, length: number): Uint8Array {
    return this.receive(length);
  }

  /** 4.4: until it has something to say it does not acknowledge a read. */
  receive(length: number): Uint8Array {
    const answer = this.#answer;
    if (answer === undefined || this.#clock.monotonicMs() < answer.readyMs) return new Uint8Array(0);
    this.#answer = undefined;
    return Uint8Array.from(answer.words.flatMap(withChecksum)).slice(0, length);
  }

  write(high: number, bytes: Uint8Array): void {
    const now = this.#clock.monotonicMs();
    switch ((high << 8) | (bytes[0] ?? 0)) {
      case 0x2400:
        this.#answer = { words: this.#measure(), readyMs: now + measuringMs };
        return;
      case 0xf32d:
        this.#answer = { words: [statusAfterReset], readyMs: now };
        return;
      default:
        this.#answer = undefined;
    }
  }

  #measure(): number[] {
    const { temperatureC, humidityPercent } = this.#climate(this.#clock.now());
    return [((temperatureC + 45) / 175) * 65_535, (humidityPercent / 100) * 65_535].map(Math.round);
  }
}

/** 4.12, done by the polynomial's long division, which is not how the driver does it. */
function withChecksum(word: number): [number, number, number] {
  let rest = (word ^ 0xff00) << 8;
  for (let bit = 23; bit >= 8; bit -= 1) {
    if ((rest & (1 << bit)) !== 0) rest ^= 0x131 << (bit - 8);
  }
  return [word >> 8, word & 0xff, rest & 0xff];
}
