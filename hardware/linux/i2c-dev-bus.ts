/**
 * An I2C bus of Linux through the optional package `i2c-bus`. Registers travel as SMBus I2C blocks of
 * at most 32 bytes; longer transfers are split and go on at the next register. Two bytes travel as an
 * SMBus word, which is the same on the wire and lets the kernel's stub be a chip of 16-bit registers.
 * Waits are limited by the kernel, which ends a transfer after its adapter's timeout (1 s on a Pi).
 */
import { systemCode } from '../../core/errors.js';
import * as errors from '../errors.js';
import { checkI2cRequest } from '../i2c-request.js';
import type { I2cBus } from '../ports.js';
import { SerialQueue } from '../serial-queue.js';
import { type I2cBusHandle, type I2cBusPackage, type I2cFunctions, loadI2cBus } from './packages.js';

export interface I2cDevBusOptions {
  /** The N of /dev/i2c-N; 1 on the header of every Raspberry Pi but the first. */
  readonly bus: number;
  /** How i2c-bus is loaded; tests give another. */
  readonly loadPackage?: () => Promise<I2cBusPackage>;
}

const blockBytes = 32; // I2C_SMBUS_BLOCK_MAX

export class I2cDevBus implements I2cBus {
  readonly route = 'i2c-bus';
  readonly bus: number;
  readonly #handle: I2cBusHandle;
  readonly #functions: I2cFunctions;
  readonly #queue = new SerialQueue();
  readonly #claimedByKernel = new Set<number>();
  #closing: Promise<void> | undefined;

  private constructor(bus: number, handle: I2cBusHandle, functions: I2cFunctions) {
    this.bus = bus;
    this.#handle = handle;
    this.#functions = functions;
  }

  /** @throws I2C_NOT_ENABLED, I2C_DENIED, I2C_UNSUPPORTED, HARDWARE_PACKAGE_MISSING. */
  static async open(options: I2cDevBusOptions): Promise<I2cDevBus> {
    const loaded = await (options.loadPackage ?? loadI2cBus)();
    const handle = await loaded.openPromisified(options.bus);
    try {
      // i2c-bus opens the device file only here.
      const functions = await handle.i2cFuncs();
      if (!functions.smbusReadI2cBlock || !functions.smbusWriteI2cBlock)
        throw errors.i2cUnsupported(options.bus);
      return new I2cDevBus(options.bus, handle, functions);
    } catch (error) {
      await handle.close().catch(() => {});
      throw mapOpenError(options.bus, error);
    }
  }

  readRegisters(address: number, register: number, length: number): Promise<Uint8Array> {
    return this.#transfer(address, register, length, async () => {
      if (length === 2 && this.#functions.smbusReadWord) {
        const word = await this.#handle.readWord(address, register);
        return Uint8Array.of(word & 0xff, word >> 8);
      }
      const bytes = Buffer.alloc(length);
      for (let offset = 0; offset < length; offset += blockBytes) {
        const part = bytes.subarray(offset, offset + blockBytes);
        const { bytesRead } = await this.#handle.readI2cBlock(address, register + offset, part.length, part);
        if (bytesRead < part.length) throw errors.i2cShortRead(this.#at(address), length, offset + bytesRead);
      }
      return new Uint8Array(bytes);
    });
  }

  writeRegisters(address: number, register: number, bytes: Uint8Array): Promise<void> {
    return this.#transfer(address, register, bytes.length, async () => {
      const [low = 0, high = 0] = bytes;
      if (bytes.length === 2 && this.#functions.smbusWriteWord) {
        await this.#handle.writeWord(address, register, low | (high << 8));
        return;
      }
      for (let offset = 0; offset < bytes.length; offset += blockBytes) {
        const part = Buffer.from(bytes.subarray(offset, offset + blockBytes));
        await this.#handle.writeI2cBlock(address, register + offset, part.length, part);
      }
    });
  }

  receive(address: number, length: number): Promise<Uint8Array> {
    return this.#transfer(address, 0, length, async () => {
      if (length === 1) return Uint8Array.of(await this.#handle.receiveByte(address));
      const bytes = Buffer.alloc(length);
      // An adapter that speaks SMBus only must name a register; chips that take commands ignore it.
      const { bytesRead } = this.#functions.i2c
        ? await this.#handle.i2cRead(address, length, bytes)
        : await this.#handle.readI2cBlock(address, 0, length, bytes);
      if (bytesRead < length) throw errors.i2cShortRead(this.#at(address), length, bytesRead);
      return new Uint8Array(bytes);
    });
  }

  /** Lets the transfers under way end, then closes the device file. */
  close(): Promise<void> {
    this.#closing ??= this.#queue.run(() => this.#handle.close());
    return this.#closing;
  }

  async #transfer<T>(address: number, register: number, length: number, task: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw errors.i2cClosed(this.bus);
    checkI2cRequest({ bus: this.bus, address, register, length });
    return this.#queue.run(async () => {
      // After this refusal i2c-bus would keep a file without an address and speak to address 0.
      if (this.#claimedByKernel.has(address)) throw errors.i2cAddressBusy(this.#at(address));
      try {
        return await task();
      } catch (error) {
        if (errnoName(error) === 'EBUSY') this.#claimedByKernel.add(address);
        throw mapTransferError(this.#at(address), error);
      }
    });
  }

  #at(address: number): errors.TransferContext {
    return { bus: this.bus, address };
  }
}

/** i2c-bus raises errors that Node has no name for (`Error: , Remote I/O error`), so numbers count too. */
const linuxErrno: Readonly<Record<number, string>> = {
  5: 'EIO',
  6: 'ENXIO',
  11: 'EAGAIN',
  13: 'EACCES',
  16: 'EBUSY',
  19: 'ENODEV',
  110: 'ETIMEDOUT',
  121: 'EREMOTEIO',
};

function errnoName(error: unknown): string | undefined {
  const code = systemCode(error);
  if (code) return code;
  if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') return undefined;
  return linuxErrno[Math.abs(error.errno)];
}

function mapOpenError(bus: number, error: unknown): unknown {
  switch (errnoName(error)) {
    case 'ENOENT':
    case 'ENODEV':
    case 'ENXIO':
      return errors.i2cNotEnabled(bus, error);
    case 'EACCES':
    case 'EPERM':
      return errors.i2cDenied(bus, error);
    default:
      return error instanceof Error && error.name === 'GatehouseError'
        ? error
        : errors.i2cFailed({ bus, address: 0 }, error);
  }
}

function mapTransferError(where: errors.TransferContext, error: unknown): unknown {
  if (error instanceof Error && error.name === 'GatehouseError') return error;
  const name = errnoName(error);
  switch (name) {
    // The kernel leaves the word for a missing acknowledge to the adapter's driver; these three are in use.
    case 'EREMOTEIO':
    case 'ENXIO':
    case 'ENODEV':
      return errors.i2cNoDevice(where, error);
    case 'ETIMEDOUT':
      return errors.i2cTimeout(where, error);
    case 'EACCES':
    case 'EPERM':
      return errors.i2cDenied(where.bus, error);
    case 'ENOENT':
      return errors.i2cNotEnabled(where.bus, error);
    case 'EBUSY':
      return errors.i2cAddressBusy(where, error);
    default:
      // EIO: no acknowledge in the middle of the data; EAGAIN: another master won the arbitration.
      return errors.i2cFailed(where, error, name === 'EIO' || name === 'EAGAIN');
  }
}
