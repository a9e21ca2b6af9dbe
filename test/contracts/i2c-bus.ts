/** The contract of `I2cBus`, for every route. The rig says what is wired to the bus. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { I2cBus } from '../../hardware/ports.js';

export interface I2cBusRig {
  readonly bus: I2cBus;
  /** Where nothing answers. */
  readonly absentAddress: number;
  /** Known content that does not change by itself, longer than 32 bytes where the chip has as much. */
  readonly constant: {
    readonly address: number;
    readonly register: number;
    readonly bytes: readonly number[];
  };
  /** Registers that can be written in one transfer and read back. */
  readonly writable: {
    readonly address: number;
    readonly register: number;
    readonly values: readonly (readonly number[])[];
  };
  close(): Promise<void>;
}

export function i2cBusContract(routeName: string, openRig: () => Promise<I2cBusRig>): void {
  describe(`I2cBus contract: ${routeName}`, () => {
    let rig: I2cBusRig;
    beforeEach(async () => {
      rig = await openRig();
    });
    afterEach(() => rig.close());

    it('reads registers one after another in one transfer', async () => {
      const { address, register, bytes } = rig.constant;
      expect([...(await rig.bus.readRegisters(address, register, bytes.length))]).toEqual([...bytes]);
    });

    it('reads from the middle', async () => {
      const { address, register, bytes } = rig.constant;
      const middle = Math.floor(bytes.length / 2);
      const part = await rig.bus.readRegisters(address, register + middle, bytes.length - middle);
      expect([...part]).toEqual(bytes.slice(middle));
    });

    it('reads back what was written', async () => {
      const { address, register, values } = rig.writable;
      for (const value of values) {
        await rig.bus.writeRegisters(address, register, Uint8Array.from(value));
        expect([...(await rig.bus.readRegisters(address, register, value.length))]).toEqual([...value]);
      }
    });

    it('runs concurrent transfers one after another, in the order of the calls', async () => {
      const { address, register, values } = rig.writable;
      const reads = values.flatMap((value) => {
        const written = rig.bus.writeRegisters(address, register, Uint8Array.from(value));
        return [written.then(() => []), rig.bus.readRegisters(address, register, value.length)];
      });
      const results = (await Promise.all(reads)).filter((_, index) => index % 2 === 1);
      expect(results.map((bytes) => [...bytes])).toEqual(values.map((value) => [...value]));
    });

    it('gives every reader bytes of its own', async () => {
      const { address, register, bytes } = rig.constant;
      const first = await rig.bus.readRegisters(address, register, bytes.length);
      first.fill(0);
      expect([...(await rig.bus.readRegisters(address, register, bytes.length))]).toEqual([...bytes]);
    });

    it('receives what a chip sends without being told a register', async () => {
      const { bus, absentAddress, constant } = rig;
      expect(await bus.receive(constant.address, 1)).toHaveLength(1);
      expect(await bus.receive(constant.address, 2)).toHaveLength(2);
      await expect(bus.receive(absentAddress, 1)).rejects.toMatchObject({ code: 'I2C_NO_DEVICE' });
      await expect(bus.receive(constant.address, 0)).rejects.toMatchObject({ code: 'I2C_REQUEST_INVALID' });
    });

    it('says so when nothing answers, for reads and writes, and goes on afterwards', async () => {
      const { bus, absentAddress, constant } = rig;
      await expect(bus.readRegisters(absentAddress, 0, 1)).rejects.toMatchObject({ code: 'I2C_NO_DEVICE' });
      await expect(bus.writeRegisters(absentAddress, 0, Uint8Array.of(1))).rejects.toMatchObject({
        code: 'I2C_NO_DEVICE',
      });
      await bus.readRegisters(constant.address, constant.register, 1);
    });

    it.each([
      ['an address above seven bits', 0x80, 0, 1],
      ['a reserved address', 0x03, 0, 1],
      ['a register above one byte', 0x48, 0x100, 1],
      ['no bytes', 0x48, 0, 0],
      ['more bytes than there are registers', 0x48, 0xff, 2],
      ['half a byte', 0x48, 0, 0.5],
    ])('refuses %s', async (_, address, register, length) => {
      await expect(rig.bus.readRegisters(address, register, length)).rejects.toMatchObject({
        code: 'I2C_REQUEST_INVALID',
      });
    });

    it('ends the transfers under way when closed, closes twice without fault, and refuses new ones', async () => {
      const { address, register, bytes } = rig.constant;
      const underWay = rig.bus.readRegisters(address, register, bytes.length);
      // The call is taken up before the bus hears that it is closed.
      await Promise.resolve();
      await rig.bus.close();
      await rig.bus.close();
      expect([...(await underWay)]).toEqual([...bytes]);
      await expect(rig.bus.readRegisters(address, register, 1)).rejects.toMatchObject({ code: 'I2C_CLOSED' });
    });
  });
}
