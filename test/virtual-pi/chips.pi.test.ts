import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { openI2cBus } from '../../hardware/detect.js';
import { Ads1115 } from '../../hardware/drivers/ads1115.js';
import { Bmp280 } from '../../hardware/drivers/bmp280.js';
import { HcSr04 } from '../../hardware/drivers/hc-sr04.js';
import { Ina219 } from '../../hardware/drivers/ina219.js';
import { Mcp9808 } from '../../hardware/drivers/mcp9808.js';
import { motorOn } from '../../hardware/drivers/motor.js';
import { Mpu6050 } from '../../hardware/drivers/mpu6050.js';
import { Pca9685 } from '../../hardware/drivers/pca9685.js';
import { Sht31 } from '../../hardware/drivers/sht31.js';
import { CharacterChip } from '../../hardware/linux/character-chip.js';
import type { I2cBus } from '../../hardware/ports.js';
import { scanBus } from '../../hardware/scan.js';
import {
  bme280Address,
  drive,
  headerBus,
  peek,
  preload,
  preloadBme280,
  preloadWords,
  spareChip,
  tmp102Address,
} from './board.js';

const clock = systemClock;

/** As the agent has it: real, limited, retried. */
async function open(): Promise<I2cBus> {
  const bus = await openI2cBus({ route: 'auto', bus: headerBus, clock });
  onTestFinished(() => bus.close());
  return bus;
}

const values = async (sensor: { measure(): Promise<readonly { value: number }[]> }) =>
  (await sensor.measure()).map(({ value }) => value);

// Each chip of the stub stands in for one after another; its registers of 16 bits are reached by words.
describe('drivers over a real kernel, chips that remember', () => {
  it("the BMP280 measures its datasheet's worked example", async () => {
    await preloadBme280();
    await preload(bme280Address, 0xd0, [0x58]);
    expect(await values(await Bmp280.open(await open(), bme280Address, { clock }))).toEqual([
      25.08, 100_653.3,
    ]);
  });

  it('the MCP9808 measures', async () => {
    await preloadWords(spareChip, { 5: 0xc194, 6: 0x0054, 7: 0x0400 });
    expect(await values(await Mcp9808.open(await open(), spareChip, { clock }))).toEqual([25.25]);
  });

  it('the ADS1115 measures', async () => {
    await preloadWords(tmp102Address, { 0: 0x4000, 1: 0x8583 });
    const sensor = await Ads1115.open(await open(), tmp102Address, { clock, channels: [0, 3] });
    expect(await values(sensor)).toEqual([2.048, 2.048]);
  });

  it('the INA219 measures, and tells what the battery has left', async () => {
    await preloadWords(spareChip, { 1: 0x07d0, 2: 0x1e0a });
    const sensor = await Ina219.open(await open(), spareChip, { clock, battery: { resistanceOhms: 0.1 } });
    expect(await values(sensor)).toEqual([3.844, 0.2, 0.769, 58]);
  });

  it('the SHT31 measures, and refuses a wrong checksum', async () => {
    await preload(spareChip, 0, [0x66, 0x66, 0x93, 0x80, 0x00, 0xa2]);
    const sensor = await Sht31.open(await open(), spareChip, { clock });
    expect(await values(sensor)).toEqual([25, 50]);
    await preload(spareChip, 1, [0x67]);
    await expect(sensor.measure()).rejects.toMatchObject({ code: 'SENSOR_CHECKSUM' });
  });

  it('the MPU-6050 measures', async () => {
    await preload(spareChip, 0x75, [0x68]);
    await preload(spareChip, 0x3a, [1, 0x40, 0, 0xc0, 0, 0, 0, 0xf8, 0x30, 0, 0x83, 0xff, 0x7d, 0, 0]);
    const sensor = await Mpu6050.open(await open(), spareChip, { clock });
    expect(await values(sensor)).toEqual([9.807, -9.807, 0, 0.0175, -0.0175, 0, 30.65]);
  });

  it('the PCA9685 drives a motor', async () => {
    await preload(spareChip, 2, [0xe2, 0xe4, 0xe8, 0xe0]);
    const pwm = await Pca9685.open(await open(), spareChip, { clock });
    await motorOn(pwm, { forward: 0, backward: 1 }).drive(0.25);
    expect([await peek(spareChip, 0xfe), await peek(spareChip, 0x08), await peek(spareChip, 0x09)]).toEqual([
      0x79, 0x00, 0x04,
    ]);
    await pwm.close();
    expect(await peek(spareChip, 0xfd)).toBe(0x10);
  });

  it('a scan finds what is there and knows it', async () => {
    await preloadBme280();
    await preload(spareChip, 2, [0xe2, 0xe4, 0xe8, 0xe0]);
    await preloadWords(tmp102Address, { 1: 0x60a0 });
    const found = (await scanBus(await open())).map(({ address, chip }) => [address, chip]);
    expect(found).toEqual([
      [spareChip, 'pca9685'],
      [tmp102Address, 'tmp102'],
      [bme280Address, 'bme280'],
    ]);
  });
});

describe('the HC-SR04 on lines of a real kernel', () => {
  // Nobody makes an echo of microseconds on an emulated machine; the kernel's times are what is tried.
  it('tells how long the echo was, by the times of its edges', async () => {
    await drive(24, 0);
    const chip = await CharacterChip.open({ clock });
    onTestFinished(() => chip.close());
    const sensor = await HcSr04.open(chip, { clock, triggerPin: 'pin 16', echoPin: 'pin 18' });
    const before = clock.monotonicMs();
    const measured = sensor.distanceM();
    await drive(24, 1);
    await drive(24, 0);
    const spanMs = clock.monotonicMs() - before;
    const distance = await measured;
    expect(distance ?? 4).toBeLessThanOrEqual(Math.min(4, (0.3434 * spanMs) / 2 + 0.02));
    expect(distance ?? 4).toBeGreaterThanOrEqual(0.02);
  });

  it('is SENSOR_SILENT without a module', async () => {
    const chip = await CharacterChip.open({ clock });
    onTestFinished(() => chip.close());
    const sensor = await HcSr04.open(chip, { clock, triggerPin: 'GPIO23', echoPin: 'GPIO24' });
    await expect(sensor.distanceM()).rejects.toMatchObject({ code: 'SENSOR_SILENT' });
  });
});
