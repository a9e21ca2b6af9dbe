import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { I2cDevBus } from '../../../hardware/linux/i2c-dev-bus.js';
import type { I2cBusHandle } from '../../../hardware/linux/packages.js';
import { i2cBusContract } from '../../contracts/i2c-bus.js';
import { systemError } from '../../support/fake-onoff.js';

/** i2c-bus raises kernel errors that Node has no name for with an empty code: `Error: , Remote I/O error`. */
function namelessError(errno: number): Error {
  return Object.assign(new Error(', Remote I/O error'), { code: '', errno });
}

/** One chip with 256 bytes at 0x76, in place of the package and of the kernel behind it. */
class FakeHandle implements I2cBusHandle {
  readonly memory = Uint8Array.from({ length: 0x100 }, (_, index) => index ^ 0x5a);
  readonly calls: [string, number, number][] = [];
  functions = {
    i2c: true,
    smbusReadI2cBlock: true,
    smbusWriteI2cBlock: true,
    smbusReadWord: false,
    smbusWriteWord: false,
  };
  refusals: Error[] = [];
  shortBy = 0;
  closed = 0;
  openRefusal: Error | undefined;
  #busy = false;

  async readI2cBlock(address: number, register: number, length: number, buffer: Buffer) {
    await this.#call('read', address, register, length);
    buffer.set(this.memory.subarray(register, register + length));
    return { bytesRead: length - this.shortBy };
  }
  async writeI2cBlock(address: number, register: number, length: number, buffer: Buffer): Promise<void> {
    await this.#call('write', address, register, length);
    this.memory.set(buffer.subarray(0, length), register);
  }
  async readWord(address: number, register: number): Promise<number> {
    await this.#call('read word', address, register, 2);
    return this.memory[register]! | (this.memory[register + 1]! << 8);
  }
  async writeWord(address: number, register: number, word: number): Promise<void> {
    await this.#call('write word', address, register, 2);
    this.memory.set([word & 0xff, word >> 8], register);
  }
  async receiveByte(address: number): Promise<number> {
    await this.#call('receive', address, 0, 1);
    return this.memory[0]!;
  }
  async i2cRead(address: number, length: number, buffer: Buffer) {
    await this.#call('receive', address, 0, length);
    buffer.set(this.memory.subarray(0, length));
    return { bytesRead: length - this.shortBy };
  }
  async i2cFuncs() {
    if (this.openRefusal) throw this.openRefusal;
    return this.functions;
  }
  async close(): Promise<void> {
    this.closed += 1;
  }
  /** Takes a turn of the event loop, in which no other transfer may start. */
  async #call(kind: string, address: number, register: number, length: number): Promise<void> {
    if (this.#busy) throw new Error('two transfers at the same time');
    this.#busy = true;
    await setImmediate();
    this.#busy = false;
    this.calls.push([kind, register, length]);
    if (length > 32) throw new Error('i2c-bus takes 32 bytes at most');
    const refusal = this.refusals.shift();
    if (refusal) throw refusal;
    if (address !== 0x76) throw namelessError(121);
  }
}

async function open(handle = new FakeHandle()) {
  const loadPackage = async () => ({ openPromisified: async () => handle });
  return { handle, bus: await I2cDevBus.open({ bus: 1, loadPackage }) };
}

i2cBusContract('i2c-bus with a stand-in for the package (no I2C here)', async () => {
  const { bus, handle } = await open();
  return {
    bus,
    absentAddress: 0x50,
    constant: { address: 0x76, register: 0x20, bytes: [...handle.memory.subarray(0x20, 0x70)] },
    writable: {
      address: 0x76,
      register: 0x80,
      values: [[1, 2, 3], Array.from({ length: 70 }, (_, i) => i), [9]],
    },
    close: () => bus.close(),
  };
});

describe('I2cDevBus with a stand-in for i2c-bus (no I2C here)', () => {
  it('splits transfers into blocks of 32 bytes and goes on at the next register', async () => {
    const { bus, handle } = await open();
    await bus.readRegisters(0x76, 0x10, 70);
    await bus.writeRegisters(0x76, 0x10, new Uint8Array(33));
    expect(handle.calls).toEqual([
      ['read', 0x10, 32],
      ['read', 0x30, 32],
      ['read', 0x50, 6],
      ['write', 0x10, 32],
      ['write', 0x30, 1],
    ]);
  });

  it.each([
    ['EREMOTEIO', systemError('EREMOTEIO', 121), 'I2C_NO_DEVICE', false],
    ['EREMOTEIO without a name', namelessError(121), 'I2C_NO_DEVICE', false],
    ['ENXIO', systemError('ENXIO', 6), 'I2C_NO_DEVICE', false],
    ['ENODEV', systemError('ENODEV', 19), 'I2C_NO_DEVICE', false],
    ['ETIMEDOUT', systemError('ETIMEDOUT', 110), 'I2C_TIMEOUT', true],
    ['EIO', systemError('EIO', 5), 'I2C_FAILED', true],
    ['EAGAIN', systemError('EAGAIN', 11), 'I2C_FAILED', true],
    ['EACCES', systemError('EACCES', 13), 'I2C_DENIED', false],
    ['an unknown error', new Error('?'), 'I2C_FAILED', false],
  ])('maps %s in a transfer', async (_, error, code, retryable) => {
    const { bus, handle } = await open();
    handle.refusals = [error];
    await expect(bus.readRegisters(0x76, 0, 1)).rejects.toMatchObject({ code, retryable, cause: error });
    expect(await bus.readRegisters(0x76, 0, 1)).toHaveLength(1);
  });

  it.each([
    ['ENOENT', 'I2C_NOT_ENABLED', 'dtparam=i2c_arm=on'],
    ['EACCES', 'I2C_DENIED', 'usermod -aG i2c'],
    ['EIO', 'I2C_FAILED', ''],
  ])('maps %s at opening to %s with a remedy, and closes the handle', async (system, code, hint) => {
    const handle = new FakeHandle();
    handle.openRefusal = systemError(system);
    await expect(open(handle)).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) });
    expect(handle.closed).toBe(1);
  });

  it('refuses an adapter without block transfers', async () => {
    const handle = new FakeHandle();
    handle.functions = { ...handle.functions, smbusReadI2cBlock: false };
    await expect(open(handle)).rejects.toMatchObject({ code: 'I2C_UNSUPPORTED' });
  });

  it('names a short read', async () => {
    const { bus, handle } = await open();
    handle.shortBy = 3;
    await expect(bus.readRegisters(0x76, 0, 40)).rejects.toMatchObject({
      code: 'I2C_SHORT_READ',
      context: { wanted: 40, got: 29 },
    });
  });

  it('never again speaks to an address that a kernel driver holds, as i2c-bus would then use address 0', async () => {
    const { bus, handle } = await open();
    handle.refusals = [systemError('EBUSY', 16)];
    await expect(bus.readRegisters(0x76, 0, 1)).rejects.toMatchObject({ code: 'I2C_ADDRESS_BUSY' });
    await expect(bus.readRegisters(0x76, 0, 1)).rejects.toMatchObject({ code: 'I2C_ADDRESS_BUSY' });
    expect(handle.calls).toHaveLength(1);
  });

  it('opens the real package, which finds no bus 99', async () => {
    await expect(I2cDevBus.open({ bus: 99 })).rejects.toMatchObject({
      code: expect.stringMatching(/^(I2C_NOT_ENABLED|HARDWARE_PACKAGE_MISSING)$/),
    });
  });
});
