/**
 * An I2C bus that tries a disturbed transfer again, at once and twice at the most. Only disturbances that
 * are over in a moment are tried again: a lost arbitration, a missing acknowledge inside the data, a
 * short read. A missing chip stays missing, and a timeout has cost a second already.
 */
import { GatehouseError } from '../core/errors.js';
import type { I2cBus } from './ports.js';

const tries = 3;
const momentary: ReadonlySet<string> = new Set(['I2C_FAILED', 'I2C_SHORT_READ']);

export class RetryingBus implements I2cBus {
  readonly route: string;
  readonly bus: number;
  readonly #inner: I2cBus;

  constructor(inner: I2cBus) {
    this.route = inner.route;
    this.bus = inner.bus;
    this.#inner = inner;
  }

  readRegisters(address: number, register: number, length: number): Promise<Uint8Array> {
    return persistently(() => this.#inner.readRegisters(address, register, length));
  }

  /** Setting registers again to the same values changes nothing. */
  writeRegisters(address: number, register: number, bytes: Uint8Array): Promise<void> {
    return persistently(() => this.#inner.writeRegisters(address, register, bytes));
  }

  receive(address: number, length: number): Promise<Uint8Array> {
    return persistently(() => this.#inner.receive(address, length));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

async function persistently<T>(transfer: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transfer();
    } catch (error) {
      const again = error instanceof GatehouseError && error.retryable && momentary.has(error.code);
      if (!again || attempt === tries) throw error;
    }
  }
}
