import { writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { chooseI2cRoute, openI2cBus } from '../../hardware/detect.js';
import { I2cDevBus } from '../../hardware/linux/i2c-dev-bus.js';
import { i2cBusContract } from '../contracts/i2c-bus.js';
import { asNobody, headerBus, peek, preload, spareChip } from './board.js';

const constantBytes = Array.from({ length: 80 }, (_, index) => (index * 7 + 3) & 0xff);

i2cBusContract('i2c-bus on a real kernel', async () => {
  await preload(spareChip, 0x20, constantBytes);
  const bus = await I2cDevBus.open({ bus: headerBus });
  return {
    bus,
    absentAddress: 0x50,
    constant: { address: spareChip, register: 0x20, bytes: constantBytes },
    writable: {
      address: spareChip,
      register: 0x80,
      values: [[1, 2, 3], Array.from({ length: 70 }, (_, index) => 255 - index), [9], [0, 0xff]],
    },
    close: () => bus.close(),
  };
});

async function open(): Promise<I2cDevBus> {
  const bus = await I2cDevBus.open({ bus: headerBus });
  onTestFinished(() => bus.close());
  return bus;
}

describe('I2cDevBus on a real kernel', () => {
  it('is the route that is chosen here', async () => {
    expect(await chooseI2cRoute({ bus: headerBus })).toBe('i2c-bus');
    const bus = await openI2cBus({ route: 'auto', bus: headerBus, clock: systemClock });
    expect(bus.route).toBe('i2c-bus');
    await bus.close();
  });

  it('writes what i2cget reads, also in the second block and up to the last register', async () => {
    const bus = await open();
    await bus.writeRegisters(
      spareChip,
      0xd8,
      Uint8Array.from({ length: 40 }, (_, index) => index + 1),
    );
    expect([await peek(spareChip, 0xd8), await peek(spareChip, 0xf8), await peek(spareChip, 0xff)]).toEqual([
      1, 33, 40,
    ]);
  });

  it('is I2C_NOT_ENABLED where there is no such bus, with what to do', async () => {
    for (const opening of [
      () => I2cDevBus.open({ bus: 7 }),
      () => openI2cBus({ route: 'auto', bus: 7, clock: systemClock }),
    ]) {
      await expect(opening()).rejects.toMatchObject({
        code: 'I2C_NOT_ENABLED',
        hint: expect.stringContaining('dtparam=i2c_arm=on'),
      });
    }
  });

  it('is I2C_DENIED to a user outside the group i2c', async () => {
    await expect(asNobody(() => I2cDevBus.open({ bus: headerBus }))).rejects.toMatchObject({
      code: 'I2C_DENIED',
      hint: expect.stringContaining('usermod -aG i2c'),
    });
  });

  it('is I2C_ADDRESS_BUSY where a kernel driver sits, again and again, and other addresses work on', async () => {
    // i2c-0 is the kernel's name of the bus; only its device file is called 1.
    const adapter = '/sys/bus/i2c/devices/i2c-0';
    await writeFile(`${adapter}/new_device`, 'dummy 0x48');
    onTestFinished(() => writeFile(`${adapter}/delete_device`, '0x48'));
    const bus = await open();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(bus.readRegisters(0x48, 0, 1)).rejects.toMatchObject({ code: 'I2C_ADDRESS_BUSY' });
      await expect(bus.writeRegisters(0x48, 0, Uint8Array.of(1))).rejects.toMatchObject({
        code: 'I2C_ADDRESS_BUSY',
      });
    }
    await bus.writeRegisters(spareChip, 0, Uint8Array.of(0x5a));
    expect(await peek(spareChip, 0)).toBe(0x5a);
  });
});
