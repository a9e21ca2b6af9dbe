/**
 * A BME280 at register level (Bosch datasheet BST-BME280-DS002). The driver computes air from raw
 * values; this chip computes raw values from air, by solving the compensation polynomials for the
 * raw value. It shares no formula code with the driver on purpose.
 */
import type { Clock } from '../../../core/clock.js';
import { type Climate, roomClimate } from '../climate.js';
import type { SimulatedI2cChip } from '../simulated-bus.js';
import { type Bme280Trim, type RawValues, rawValues, skippedRaw, typicalTrim } from './bme280-inverse.js';

export interface SimulatedBme280Options {
  readonly clock: Clock;
  /** `roomClimate` unless told. */
  readonly climate?: Climate;
  readonly trim?: Bme280Trim;
  /** A BMP280 is the same chip to the wire, without humidity and with another id. */
  readonly chip?: 'bme280' | 'bmp280';
}

const chipIds = { bme280: 0x60, bmp280: 0x58 } as const;
const resetWord = 0xb6;
const startUpMs = 2; // Datasheet 1.1, t_startup

export class SimulatedBme280 implements SimulatedI2cChip {
  readonly #clock: Clock;
  readonly #climate: Climate;
  readonly #trim: Bme280Trim;
  readonly #chipId: number;
  #readyAtMs: number;
  #doneAtMs: number | undefined;
  #raw: RawValues = skippedRaw;
  #ctrlHum = 0;
  /** Datasheet 5.4.3: ctrl_hum becomes effective only with a write to ctrl_meas. */
  #effectiveCtrlHum = 0;
  #ctrlMeas = 0;
  #config = 0;

  constructor(options: SimulatedBme280Options) {
    this.#clock = options.clock;
    this.#climate = options.climate ?? roomClimate;
    this.#trim = options.trim ?? typicalTrim;
    this.#chipId = chipIds[options.chip ?? 'bme280'];
    this.#readyAtMs = options.clock.monotonicMs() + startUpMs;
  }

  read(register: number, length: number): Uint8Array {
    this.#proceed();
    const memory = this.#memory();
    return memory.slice(register, register + length);
  }

  /** Datasheet 6.2.1: several bytes are pairs; after the first byte comes a register, then its byte. */
  write(register: number, bytes: Uint8Array): void {
    this.#proceed();
    this.#writeOne(register, bytes[0] ?? 0);
    for (let i = 1; i + 1 < bytes.length; i += 2) this.#writeOne(bytes[i] ?? 0, bytes[i + 1] ?? 0);
  }

  #writeOne(register: number, value: number): void {
    switch (register) {
      case 0xe0:
        if (value === resetWord) this.#reset();
        return;
      case 0xf2:
        this.#ctrlHum = value & 0x07;
        return;
      case 0xf4:
        this.#ctrlMeas = value;
        this.#effectiveCtrlHum = this.#ctrlHum;
        if (this.#forced()) this.#doneAtMs = this.#clock.monotonicMs() + this.#measuringMs();
        return;
      case 0xf5:
        this.#config = value;
        return;
      default:
        return; // Read-only.
    }
  }

  #reset(): void {
    this.#readyAtMs = this.#clock.monotonicMs() + startUpMs;
    this.#doneAtMs = undefined;
    this.#raw = skippedRaw;
    this.#ctrlHum = 0;
    this.#effectiveCtrlHum = 0;
    this.#ctrlMeas = 0;
    this.#config = 0;
  }

  /** Datasheet 3.3.3: forced mode measures once and falls back to sleep. */
  #forced(): boolean {
    const mode = this.#ctrlMeas & 0x03;
    return mode === 1 || mode === 2;
  }

  /** Datasheet 3.3.4: normal mode measures for ever. Its stand-by time is left out. */
  #proceed(): void {
    const now = this.#clock.monotonicMs();
    if ((this.#ctrlMeas & 0x03) === 3) this.#raw = this.#convert(0);
    if (this.#doneAtMs === undefined || now < this.#doneAtMs) return;
    this.#raw = this.#convert(now - this.#doneAtMs);
    this.#doneAtMs = undefined;
    this.#ctrlMeas &= ~0x03;
  }

  #convert(agoMs: number): RawValues {
    return rawValues(this.#trim, this.#climate(this.#clock.now() - agoMs), this.#oversampling());
  }

  #oversampling() {
    return {
      temperature: samples(this.#ctrlMeas >> 5),
      pressure: samples((this.#ctrlMeas >> 2) & 0x07),
      humidity: samples(this.#effectiveCtrlHum),
    };
  }

  /** Datasheet 9.1, the typical time. */
  #measuringMs(): number {
    const { temperature, pressure, humidity } = this.#oversampling();
    const part = (count: number) => (count === 0 ? 0 : 2 * count + 0.5);
    return 1 + 2 * temperature + part(pressure) + part(humidity);
  }

  /** Datasheet 5.3, the memory map. */
  #memory(): Uint8Array {
    const memory = new Uint8Array(0x100);
    this.#trim.store(memory);
    memory[0xd0] = this.#chipId;
    memory[0xf2] = this.#ctrlHum;
    const measuring = this.#doneAtMs === undefined ? 0 : 0x08;
    memory[0xf3] = measuring | (this.#clock.monotonicMs() < this.#readyAtMs ? 0x01 : 0);
    memory[0xf4] = this.#ctrlMeas;
    memory[0xf5] = this.#config;
    const { pressure, temperature, humidity } = this.#raw;
    memory.set([pressure >> 12, pressure >> 4, (pressure << 4) & 0xf0], 0xf7);
    memory.set([temperature >> 12, temperature >> 4, (temperature << 4) & 0xf0], 0xfa);
    memory.set([humidity >> 8, humidity], 0xfd);
    return memory;
  }
}

/** Datasheet 5.4.3 and 5.4.5: 0 skips, 1 to 4 are powers of two, all above is 16. */
function samples(code: number): number {
  if (code === 0) return 0;
  return code >= 5 ? 16 : 2 ** (code - 1);
}
