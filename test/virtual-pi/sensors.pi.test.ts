import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { Bme280 } from '../../hardware/drivers/bme280.js';
import { Tmp102 } from '../../hardware/drivers/tmp102.js';
import { I2cDevBus } from '../../hardware/linux/i2c-dev-bus.js';
import {
  bme280Address,
  headerBus,
  peek,
  preload,
  preloadBme280,
  preloadWords,
  tmp102Address,
  tool,
} from './board.js';

async function open(): Promise<I2cDevBus> {
  const bus = await I2cDevBus.open({ bus: headerBus });
  onTestFinished(() => bus.close());
  return bus;
}

describe('sensor drivers over a real kernel', () => {
  it("the BME280 measures Bosch's worked example", async () => {
    await preloadBme280();
    const sensor = await Bme280.open(await open(), bme280Address, { clock: systemClock });
    expect(await sensor.measure()).toEqual([
      { quantity: 'temperature', unit: 'Cel', value: 25.08 },
      { quantity: 'pressure', unit: 'Pa', value: 100_653.3 },
      { quantity: 'humidity', unit: '%RH', value: 44.43 },
    ]);
    // Datasheet 5.4.5: one sample each, forced mode.
    expect(await peek(bme280Address, 0xf4)).toBe(0x25);
  });

  it('the BME280 is not taken for one when it has another id', async () => {
    await preloadBme280();
    await preload(bme280Address, 0xd0, [0x58]);
    const opening = Bme280.open(await open(), bme280Address, { clock: systemClock });
    await expect(opening).rejects.toMatchObject({
      code: 'SENSOR_WRONG_CHIP',
      message: expect.stringContaining('BMP280'),
    });
  });

  it('a BME280 that is not plugged in is I2C_NO_DEVICE', async () => {
    const opening = Bme280.open(await open(), 0x77, { clock: systemClock });
    await expect(opening).rejects.toMatchObject({ code: 'I2C_NO_DEVICE', context: { address: 0x77 } });
  });

  it('the TMP102 measures', async () => {
    await preloadWords(tmp102Address, { 0: 0x1900, 1: 0x60a0 });
    const sensor = await Tmp102.open(await open(), tmp102Address, { clock: systemClock });
    expect(await sensor.measure()).toEqual([{ quantity: 'temperature', unit: 'Cel', value: 25 }]);
    expect(await tool('i2cget', '-y', headerBus, tmp102Address, 1, 'w')).toBe('0x80e1');
  });

  it('the TMP102 refuses words that it cannot have measured', async () => {
    await preloadWords(tmp102Address, { 0: 0xffff, 1: 0x60a0 });
    const sensor = await Tmp102.open(await open(), tmp102Address, { clock: systemClock });
    await expect(sensor.measure()).rejects.toMatchObject({ code: 'SENSOR_IMPLAUSIBLE' });
  });
});
