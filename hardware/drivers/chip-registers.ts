/** The registers of one chip, as its datasheet speaks of them: bytes and big-endian words. */
import type { SensorContext } from '../errors.js';
import type { I2cBus } from '../ports.js';

export class ChipRegisters {
  readonly where: SensorContext;
  readonly #bus: I2cBus;

  constructor(bus: I2cBus, address: number, chip: string) {
    this.#bus = bus;
    this.where = { chip, bus: bus.bus, address };
  }

  bytes(register: number, length: number): Promise<Uint8Array> {
    return this.#bus.readRegisters(this.where.address, register, length);
  }

  async byte(register: number): Promise<number> {
    return (await this.bytes(register, 1))[0] ?? 0;
  }

  /** Unsigned, the high byte first. */
  async word(register: number): Promise<number> {
    const [high = 0, low = 0] = await this.bytes(register, 2);
    return (high << 8) | low;
  }

  write(register: number, ...bytes: readonly number[]): Promise<void> {
    return this.#bus.writeRegisters(this.where.address, register, Uint8Array.from(bytes));
  }

  writeWord(register: number, word: number): Promise<void> {
    return this.write(register, (word >> 8) & 0xff, word & 0xff);
  }
}

/** A 16-bit word as two's complement. */
export function signed16(word: number): number {
  return (word << 16) >> 16;
}

export function rounded(value: number, perUnit: number): number {
  return Math.round(value * perUnit) / perUnit;
}
