import { describe, expect, it } from 'vitest';
import { Tmp102 } from '../../hardware/drivers/tmp102.js';
import { LimitedBus } from '../../hardware/limited-bus.js';
import type { I2cBus } from '../../hardware/ports.js';
import { RetryingBus } from '../../hardware/retrying-bus.js';
import { SimulatedTmp102 } from '../../hardware/sim/chips/tmp102.js';
import { SimulatedBus, type SimulatedBusFault } from '../../hardware/sim/simulated-bus.js';
import { i2cBusContract } from '../contracts/i2c-bus.js';
import { FakeClock } from '../support/fake-clock.js';
import { RushingClock } from '../support/rushing-clock.js';

const words = (bus: I2cBus) => ({
  bus,
  absentAddress: 0x50,
  constant: { address: 0x48, register: 2, bytes: [0x4b] },
  writable: {
    address: 0x48,
    register: 3,
    values: [
      [0x50, 0x00],
      [0x10, 0x08],
    ],
  },
  close: () => bus.close(),
});

function simulated() {
  const bus = new SimulatedBus({ bus: 1 });
  bus.attach(0x48, new SimulatedTmp102({ clock: new FakeClock() }));
  return bus;
}

i2cBusContract('limited and retrying, over a simulated bus', async () =>
  words(new RetryingBus(new LimitedBus({ bus: simulated(), clock: new FakeClock() }))),
);

describe('LimitedBus', () => {
  it('names a bus that hangs, refuses others at once, and works again when it is over', async () => {
    const clock = new FakeClock();
    const inner = simulated();
    let release = () => {};
    const hanging = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: I2cBus = {
      route: inner.route,
      bus: inner.bus,
      readRegisters: async (...args) => {
        await hanging;
        return inner.readRegisters(...args);
      },
      writeRegisters: (...args) => inner.writeRegisters(...args),
      receive: (...args) => inner.receive(...args),
      close: () => inner.close(),
    };
    const bus = new LimitedBus({ bus: slow, clock, limitMs: 1_000 });
    const first = bus.readRegisters(0x48, 2, 2);
    clock.advance(1_000);
    await expect(first).rejects.toMatchObject({ code: 'I2C_STUCK', retryable: true });
    await expect(bus.writeRegisters(0x48, 3, Uint8Array.of(1, 2))).rejects.toMatchObject({
      code: 'I2C_STUCK',
    });
    release();
    await new Promise((resolve) => setImmediate(resolve));
    expect([...(await bus.readRegisters(0x48, 2, 2))]).toEqual([0x4b, 0]);
  });
});

describe('RetryingBus', () => {
  const read = (faults: SimulatedBusFault[]) => {
    const inner = simulated();
    for (const fault of faults) inner.failNext(fault);
    return new RetryingBus(inner).readRegisters(0x48, 2, 2);
  };

  it('tries a disturbed transfer again, twice at the most', async () => {
    expect([...(await read(['disturbed', 'short-read']))]).toEqual([0x4b, 0]);
    await expect(read(['disturbed', 'disturbed', 'short-read'])).rejects.toMatchObject({
      code: 'I2C_SHORT_READ',
    });
  });

  it.each([
    ['no-device', 'I2C_NO_DEVICE'],
    ['timeout', 'I2C_TIMEOUT'],
  ] as const)('does not try again after %s', async (fault, code) => {
    await expect(read([fault])).rejects.toMatchObject({ code });
  });

  it('lets a driver measure through a disturbance', async () => {
    const clock = new RushingClock();
    const inner = new SimulatedBus({ bus: 1 });
    inner.attach(
      0x48,
      new SimulatedTmp102({
        clock,
        climate: () => ({ temperatureC: 20, humidityPercent: 0, pressurePa: 1 }),
      }),
    );
    const sensor = await Tmp102.open(new RetryingBus(inner), 0x48, { clock });
    inner.failNext('disturbed');
    expect((await sensor.measure())[0]?.value).toBe(20);
  });
});
