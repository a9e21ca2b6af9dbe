import { describe, expect, it } from 'vitest';
import { openI2cBus } from '../../hardware/detect.js';
import type { I2cBus } from '../../hardware/ports.js';
import { scanBus } from '../../hardware/scan.js';
import { SimulatedBus, type SimulatedI2cChip } from '../../hardware/sim/simulated-bus.js';
import { RushingClock } from '../support/rushing-clock.js';

/** 256 bytes; counts what is written to it. */
class Registers implements SimulatedI2cChip {
  readonly memory = new Uint8Array(0x100).fill(0xff);
  written = 0;
  read(register: number, length: number): Uint8Array {
    return this.memory.slice(register, register + length);
  }
  write(): void {
    this.written += 1;
  }
}

const bare = new SimulatedBus({ bus: 1 });
/** What a scan says of a chip with these bytes, at that address. */
async function seen(address: number, at: Readonly<Record<number, readonly number[]>>) {
  const chip = new Registers();
  for (const [register, bytes] of Object.entries(at)) chip.memory.set(bytes, Number(register));
  bare.attach(address, chip);
  const [finding] = await scanBus(bare);
  bare.detach(address);
  expect(chip.written).toBe(0);
  return [finding?.address, finding?.chip, finding?.certainty];
}

describe('a scan of the bus', () => {
  it('knows every simulated chip but the SHT31, which answers no bare read', async () => {
    const clock = new RushingClock();
    const found = await scanBus(await openI2cBus({ route: 'simulated', bus: 1, clock }));
    expect(found.map(({ address, chip, certainty }) => [address, chip, certainty])).toEqual([
      [0x18, 'mcp9808', 'sure'],
      [0x40, 'ina219', 'likely'],
      [0x41, 'pca9685', 'sure'],
      [0x48, 'tmp102', 'likely'],
      [0x49, 'ads1115', 'likely'],
      [0x68, 'mpu6050', 'sure'],
      [0x76, 'bme280', 'sure'],
      [0x77, 'bmp280', 'sure'],
    ]);
  });

  it('tells chips apart that share an address, writes to none, and does not guess', async () => {
    expect(await seen(0x76, { 208: [0x58] })).toEqual([0x76, 'bmp280', 'sure']);
    expect(await seen(0x77, { 208: [0x55] })).toEqual([0x77, undefined, 'sure']);
    expect(await seen(0x48, { 1: [0x85, 0x83] })).toEqual([0x48, 'ads1115', 'likely']);
    expect(await seen(0x45, { 0: [0x39, 0x9f] })).toEqual([0x45, 'ina219', 'likely']);
    expect(await seen(0x45, { 0: [0, 0] })).toEqual([0x45, 'sht31', 'maybe']);
    expect(await seen(0x68, { 0: [0] })).toEqual([0x68, undefined, 'maybe']);
    expect(await seen(0x50, {})).toEqual([0x50, undefined, 'maybe']);
    expect(await seen(0x11, {})).toEqual([0x11, undefined, 'unknown']);
  });

  it('says nothing of an empty bus, and ends at a bus that does not work', async () => {
    expect(await scanBus(new SimulatedBus({ bus: 1 }))).toEqual([]);
    const broken: I2cBus = new SimulatedBus({ bus: 1 });
    await broken.close();
    await expect(scanBus(broken)).rejects.toMatchObject({ code: 'I2C_CLOSED' });
    await expect(scanBus(bare, AbortSignal.abort())).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});
