/**
 * An I2C bus that never lets a caller wait for ever: when a transfer does not end within its limit, it
 * and all that come after it are refused at once, until the transfer has ended after all.
 */
import { type Clock, withTimeout } from '../core/clock.js';
import { i2cStuck } from './errors.js';
import type { I2cBus } from './ports.js';

export interface LimitedBusOptions {
  readonly bus: I2cBus;
  readonly clock: Clock;
  /** Per call, with its wait for others; 5000 unless told: the kernel's own limit is 1 s a transfer. */
  readonly limitMs?: number;
}

export class LimitedBus implements I2cBus {
  readonly route: string;
  readonly bus: number;
  readonly #inner: I2cBus;
  readonly #clock: Clock;
  readonly #limitMs: number;
  #hanging = 0;

  constructor({ bus, clock, limitMs = 5_000 }: LimitedBusOptions) {
    this.route = bus.route;
    this.bus = bus.bus;
    this.#inner = bus;
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  readRegisters(address: number, register: number, length: number): Promise<Uint8Array> {
    return this.#limited(() => this.#inner.readRegisters(address, register, length));
  }

  writeRegisters(address: number, register: number, bytes: Uint8Array): Promise<void> {
    return this.#limited(() => this.#inner.writeRegisters(address, register, bytes));
  }

  receive(address: number, length: number): Promise<Uint8Array> {
    return this.#limited(() => this.#inner.receive(address, length));
  }

  /** Does not wait for a transfer that hangs. */
  async close(): Promise<void> {
    await withTimeout(this.#clock, this.#limitMs, this.#inner.close(), () => undefined);
  }

  async #limited<T>(transfer: () => Promise<T>): Promise<T> {
    if (this.#hanging > 0) throw i2cStuck(this.bus, this.#limitMs);
    const work = transfer();
    return withTimeout(this.#clock, this.#limitMs, work, () => {
      this.#hanging += 1;
      const ended = () => {
        this.#hanging -= 1;
      };
      work.then(ended, ended);
      throw i2cStuck(this.bus, this.#limitMs);
    });
  }
}
