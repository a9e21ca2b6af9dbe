/**
 * Maxim DS18B20: temperature over the one-wire bus (data sheet 19-7487 rev. 6), whose master is the
 * kernel. The checksum is checked here, whatever the kernel says of it.
 */
import * as errors from '../errors.js';
import type { Measurement, OneWireBus, Sensor } from '../ports.js';
import { crc8LowFirst } from './checksum.js';

const family = '28-';
const powerUpRaw = 0x0550; // Data sheet, table 1: 85 degrees, what is there before the first conversion
const powerUpByte6 = 0x0c; // Reserved; a conversion changes it

export class Ds18b20 implements Sensor {
  readonly chip = 'ds18b20';
  readonly id: string;
  readonly #bus: OneWireBus;

  private constructor(bus: OneWireBus, id: string) {
    this.#bus = bus;
    this.id = id;
  }

  /**
   * Takes the only one on the bus unless `id` names one, for instance `28-0316a2798fff`.
   * @throws ONE_WIRE_NOT_ENABLED, ONE_WIRE_NO_DEVICE.
   */
  static async open(bus: OneWireBus, id?: string): Promise<Ds18b20> {
    const found = (await bus.devices()).filter((device) => device.startsWith(family));
    const [first] = found;
    const wanted = id ?? (found.length === 1 ? first : undefined);
    if (wanted === undefined || !found.includes(wanted)) {
      throw errors.oneWireNoDevice(id ?? `${family}* (exactly one)`, found);
    }
    return new Ds18b20(bus, wanted);
  }

  /** @throws the bus's errors, SENSOR_CHECKSUM, SENSOR_NOT_MEASURED, SENSOR_IMPLAUSIBLE. */
  async measure(): Promise<readonly Measurement[]> {
    const where = { chip: this.chip, place: this.id };
    const bytes = await this.#bus.scratchpad(this.id);
    const [low = 0, high = 0] = bytes;
    // All zeros, as a shorted line reads, have a right checksum too; the chip's fifth byte is never 0.
    const silent = bytes.every((byte) => byte === 0);
    if (bytes.length !== 9 || silent || crc8LowFirst(bytes.subarray(0, 8), 0x8c) !== bytes[8]) {
      throw errors.sensorChecksum(where);
    }
    const raw = (high << 8) | low;
    if (raw === powerUpRaw && bytes[6] === powerUpByte6) {
      throw errors.sensorSilent(where, 'had no power to measure');
    }
    // Data sheet, figure 4: sixteenths of a degree in two's complement.
    const value = ((raw << 16) >> 16) / 16;
    if (value < -55 || value > 125) throw errors.sensorImplausible(where, 'temperature', value);
    return [{ quantity: 'temperature', unit: 'Cel', value }];
  }
}
