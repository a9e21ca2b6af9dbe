import { describe, expect, it } from 'vitest';
import { chooseGpioRoute, chooseI2cRoute, openGpioChip, openI2cBus } from '../../hardware/detect.js';
import { Bme280 } from '../../hardware/drivers/bme280.js';
import { Tmp102 } from '../../hardware/drivers/tmp102.js';
import { SimulatedChip } from '../../hardware/sim/simulated-chip.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeMachine, raspberryPi5 } from '../support/fake-sysfs.js';
import { RushingClock } from '../support/rushing-clock.js';

const desktop = {
  chips: { gpiochip0: { label: 'INT34C5:00', base: '0', ngpio: '463' } },
  devices: ['gpiochip0', 'i2c-0', 'i2c-1'],
};

describe('choosing routes on fake trees (discovery only, no GPIO or I2C here)', () => {
  it('simulates on a desktop, also when its graphics card has I2C buses', async () => {
    const roots = await fakeMachine(desktop);
    const clock = new FakeClock();
    expect(await openGpioChip({ route: 'auto', clock, ...roots })).toBeInstanceOf(SimulatedChip);
    expect((await openI2cBus({ route: 'auto', bus: 1, clock, ...roots })).route).toBe('simulated');
  });

  it('takes the real routes on a Raspberry Pi', async () => {
    const roots = await fakeMachine(raspberryPi5);
    expect(await chooseGpioRoute(roots)).toBe('onoff');
    expect(await chooseI2cRoute({ ...roots, bus: 1 })).toBe('i2c-bus');
  });

  it('never simulates silently on a board whose hardware does not work', async () => {
    const roots = await fakeMachine({ model: 'Raspberry Pi 4 Model B Rev 1.5', devices: ['gpiochip0'] });
    const clock = new FakeClock();
    await expect(openGpioChip({ route: 'auto', clock, ...roots })).rejects.toMatchObject({
      code: 'GPIO_NO_CHIP',
    });
    await expect(openI2cBus({ route: 'auto', bus: 1, clock, ...roots })).rejects.toMatchObject({
      code: 'I2C_NOT_ENABLED',
      hint: expect.stringContaining('raspi-config nonint do_i2c 0'),
    });
  });

  it('does as told when a route is named', async () => {
    const clock = new FakeClock();
    const pi = await fakeMachine(raspberryPi5);
    expect((await openGpioChip({ route: 'simulated', clock, ...pi })).route).toBe('simulated');
    expect((await openI2cBus({ route: 'simulated', bus: 1, clock, ...pi })).route).toBe('simulated');
    const pc = await fakeMachine(desktop);
    await expect(openGpioChip({ route: 'onoff', clock, ...pc })).rejects.toMatchObject({
      code: 'GPIO_NO_CHIP',
    });
    await expect(openI2cBus({ route: 'i2c-bus', bus: 7, clock, ...pc })).rejects.toMatchObject({
      code: 'I2C_NOT_ENABLED',
    });
  });

  it('gives a simulated bus with a BME280 and a TMP102 that agree on the temperature', async () => {
    const clock = new RushingClock();
    const bus = await openI2cBus({ route: 'simulated', bus: 1, clock });
    const [bme] = await (await Bme280.open(bus, 0x76, { clock })).measure();
    const [tmp] = await (await Tmp102.open(bus, 0x48, { clock })).measure();
    expect(Math.abs(bme!.value - tmp!.value)).toBeLessThan(0.1);
  });
});
