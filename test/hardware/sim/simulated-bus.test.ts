import { describe, expect, it } from 'vitest';
import { SimulatedBme280 } from '../../../hardware/sim/chips/bme280.js';
import { SimulatedTmp102 } from '../../../hardware/sim/chips/tmp102.js';
import { SimulatedBus } from '../../../hardware/sim/simulated-bus.js';
import { i2cBusContract } from '../../contracts/i2c-bus.js';
import { FakeClock } from '../../support/fake-clock.js';

// The words of Bosch's worked example and of `typicalTrim`, byte by byte, low byte first.
const calibration = [
  0x70, 0x6b, 0x43, 0x67, 0x18, 0xfc, 0x7d, 0x8e, 0x43, 0xd6, 0xd0, 0x0b, 0x27, 0x0b, 0x8c, 0x00, 0xf9, 0xff,
  0x8c, 0x3c, 0xf8, 0xc6, 0x70, 0x17, 0x00, 0x4b,
];

function open() {
  const clock = new FakeClock();
  const bus = new SimulatedBus({ bus: 1 });
  bus.attach(0x76, new SimulatedBme280({ clock }));
  bus.attach(0x48, new SimulatedTmp102({ clock }));
  return bus;
}

i2cBusContract('simulated', async () => {
  const bus = open();
  return {
    bus,
    absentAddress: 0x50,
    constant: { address: 0x76, register: 0x88, bytes: [...calibration, ...Array<number>(30).fill(0)] },
    writable: {
      address: 0x48,
      register: 2,
      values: [
        [0x12, 0x30],
        [0x7f, 0xf0],
        [0x00, 0x00],
      ],
    },
    close: () => bus.close(),
  };
});

describe('SimulatedBus', () => {
  it('fails the next transfers as asked, then works again', async () => {
    const bus = open();
    for (const fault of ['no-device', 'short-read', 'disturbed'] as const) bus.failNext(fault);
    const read = () => bus.readRegisters(0x76, 0xd0, 1);
    await expect(read()).rejects.toMatchObject({ code: 'I2C_NO_DEVICE' });
    await expect(read()).rejects.toMatchObject({ code: 'I2C_SHORT_READ', retryable: true });
    await expect(read()).rejects.toMatchObject({ code: 'I2C_FAILED', retryable: true });
    expect([...(await read())]).toEqual([0x60]);
  });

  it('has a chip no more once it is detached', async () => {
    const bus = open();
    bus.detach(0x48);
    await expect(bus.readRegisters(0x48, 0, 2)).rejects.toMatchObject({ code: 'I2C_NO_DEVICE' });
  });
});
