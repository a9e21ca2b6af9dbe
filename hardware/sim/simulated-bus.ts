/** An I2C bus without hardware: chips that answer at register level are attached to addresses. */
import { i2cClosed, i2cFailed, i2cNoDevice, i2cShortRead, i2cTimeout } from '../errors.js';
import { checkI2cRequest } from '../i2c-request.js';
import type { I2cBus } from '../ports.js';
import { SerialQueue } from '../serial-queue.js';

/** A chip as the wire sees it. What happens past the last register is the chip's own affair. */
export interface SimulatedI2cChip {
  /** The `length` bytes that the chip sends when addressed at `register`. */
  read(register: number, length: number): Uint8Array;
  write(register: number, bytes: Uint8Array): void;
  /** What it sends when no register was named; register 0 and on unless told. */
  receive?(length: number): Uint8Array;
}

export type SimulatedBusFault = 'no-device' | 'short-read' | 'disturbed' | 'timeout';

export class SimulatedBus implements I2cBus {
  readonly route = 'simulated';
  readonly bus: number;
  readonly #chips = new Map<number, SimulatedI2cChip>();
  readonly #queue = new SerialQueue();
  readonly #faults: SimulatedBusFault[] = [];
  #closing: Promise<void> | undefined;

  constructor(options: { readonly bus: number }) {
    this.bus = options.bus;
  }

  /** Wires a chip to a 7-bit address, in place of the one that was there. */
  attach(address: number, chip: SimulatedI2cChip): void {
    checkI2cRequest({ bus: this.bus, address, register: 0, length: 1 });
    this.#chips.set(address, chip);
  }

  detach(address: number): void {
    this.#chips.delete(address);
  }

  /** Makes the next transfer fail; called twice, the next two. */
  failNext(fault: SimulatedBusFault): void {
    this.#faults.push(fault);
  }

  readRegisters(address: number, register: number, length: number): Promise<Uint8Array> {
    return this.#read(address, register, length, (chip) => chip.read(register, length));
  }

  receive(address: number, length: number): Promise<Uint8Array> {
    return this.#read(address, 0, length, (chip) => chip.receive?.(length) ?? chip.read(0, length));
  }

  #read(
    address: number,
    register: number,
    length: number,
    ask: (chip: SimulatedI2cChip) => Uint8Array,
  ): Promise<Uint8Array> {
    return this.#transfer(address, register, length, (chip) => {
      const bytes = ask(chip);
      // It does not acknowledge its address either.
      if (bytes.length === 0) throw i2cNoDevice({ bus: this.bus, address });
      if (bytes.length < length) throw i2cShortRead({ bus: this.bus, address }, length, bytes.length);
      return Uint8Array.from(bytes);
    });
  }

  writeRegisters(address: number, register: number, bytes: Uint8Array): Promise<void> {
    const sent = Uint8Array.from(bytes);
    return this.#transfer(address, register, sent.length, (chip) => chip.write(register, sent));
  }

  close(): Promise<void> {
    this.#closing ??= this.#queue.drained();
    return this.#closing;
  }

  async #transfer<T>(
    address: number,
    register: number,
    length: number,
    task: (chip: SimulatedI2cChip) => T,
  ): Promise<T> {
    if (this.#closing !== undefined) throw i2cClosed(this.bus);
    checkI2cRequest({ bus: this.bus, address, register, length });
    return this.#queue.run(() => {
      this.#raiseFault(address, length);
      const chip = this.#chips.get(address);
      if (chip === undefined) throw i2cNoDevice({ bus: this.bus, address });
      return task(chip);
    });
  }

  #raiseFault(address: number, length: number): void {
    const where = { bus: this.bus, address };
    switch (this.#faults.shift()) {
      case undefined:
        return;
      case 'no-device':
        throw i2cNoDevice(where);
      case 'short-read':
        throw i2cShortRead(where, length, length - 1);
      case 'timeout':
        throw i2cTimeout(where, new Error('simulated clock stretching'));
      case 'disturbed':
        throw i2cFailed(where, new Error('simulated disturbance'), true);
    }
  }
}
