/** A one-wire bus without hardware: thermometers that give the bytes of a DS18B20. */
import type { Clock } from '../../core/clock.js';
import { oneWireNoDevice } from '../errors.js';
import type { OneWireBus } from '../ports.js';
import { type Climate, roomClimate } from './climate.js';

export interface SimulatedOneWireOptions {
  readonly clock: Clock;
  /** One chip unless told. */
  readonly ids?: readonly string[];
  /** `roomClimate` unless told; only its temperature counts. */
  readonly climate?: Climate;
}

export class SimulatedOneWire implements OneWireBus {
  readonly route = 'simulated';
  readonly #clock: Clock;
  readonly #ids: readonly string[];
  readonly #climate: Climate;

  constructor(options: SimulatedOneWireOptions) {
    this.#clock = options.clock;
    this.#ids = options.ids ?? ['28-0000005e1234'];
    this.#climate = options.climate ?? roomClimate;
  }

  async devices(): Promise<readonly string[]> {
    return this.#ids;
  }

  /** Data sheet 19-7487, figure 7: temperature, alarms, 12 bits, reserved bytes, checksum. */
  async scratchpad(id: string): Promise<Uint8Array> {
    if (!this.#ids.includes(id)) throw oneWireNoDevice(id, this.#ids);
    const raw = Math.round(this.#climate(this.#clock.now()).temperatureC * 16);
    const bytes = [raw & 0xff, (raw >> 8) & 0xff, 0x4b, 0x46, 0x7f, 0xff, 0x10 - (raw & 0x0f), 0x10];
    return Uint8Array.of(...bytes, shiftRegister(bytes));
  }
}

/** Data sheet, figure 11: the check as the chip's shift register does it, bit by bit. */
function shiftRegister(bytes: readonly number[]): number {
  let register = 0;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit += 1) {
      const input = ((byte >> bit) & 1) ^ (register & 1);
      register = (register >> 1) ^ (input * 0x8c);
    }
  }
  return register;
}
