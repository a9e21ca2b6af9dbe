import { describe, expect, it } from 'vitest';
import { type HardwareReport, inspectHardware } from '../../hardware/inspect.js';
import { FakeGpioKernel } from '../support/fake-gpio-kernel.js';
import { fakeMachine, raspberryPi5 } from '../support/fake-sysfs.js';

const loads = async () => ({});
const absent = async () => {
  throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
};
const yes = async () => true;
const no = async () => false;

function statuses(report: HardwareReport): Record<string, string> {
  return Object.fromEntries(report.findings.map(({ id, status }) => [id, status]));
}
function remedy(report: HardwareReport, id: string): string | undefined {
  return report.findings.find((finding) => finding.id === id)?.remedy;
}

describe('inspectHardware on fake trees (discovery only, no GPIO or I2C here)', () => {
  it('finds everything on a Raspberry Pi that is set up', async () => {
    const roots = await fakeMachine(raspberryPi5);
    const report = await inspectHardware({ ...roots, mayUse: yes, loadPackage: loads });
    expect(report.boardModel).toBe('Raspberry Pi 5 Model B Rev 1.0');
    expect(report.gpioChips).toEqual([
      {
        name: 'gpiochip512',
        label: 'gpio-brcmstb@107d508500',
        base: 512,
        lines: 32,
        header: false,
        mayUse: true,
      },
      { name: 'gpiochip571', label: 'pinctrl-rp1', base: 571, lines: 54, header: true, mayUse: true },
    ]);
    expect(report.gpioRoute).toBe('onoff');
    expect(report.gpioCharacterDevices.map(({ path }) => path.slice(roots.devRoot.length))).toEqual([
      '/gpiochip0',
      '/gpiochip2',
      '/gpiochip10',
    ]);
    expect(report.i2cBuses.map(({ bus }) => bus)).toEqual([1, 2, 13]);
    expect(statuses(report)).toEqual({
      board: 'ok',
      gpio: 'ok',
      'gpio.access': 'ok',
      i2c: 'ok',
      'i2c.access': 'ok',
      'package.koffi': 'ok',
      'package.onoff': 'ok',
      'package.i2c-bus': 'ok',
    });
    expect(report.findings.every((finding) => finding.remedy === undefined)).toBe(true);
  });

  it('says what to do when this user may use nothing', async () => {
    const roots = await fakeMachine(raspberryPi5);
    const report = await inspectHardware({ ...roots, mayUse: no, loadPackage: loads });
    expect(statuses(report)).toMatchObject({ gpio: 'ok', 'gpio.access': 'problem', 'i2c.access': 'problem' });
    expect(remedy(report, 'gpio.access')).toMatch(/gpio/);
    expect(remedy(report, 'i2c.access')).toMatch(/i2c/);
  });

  it('says how to switch I2C on, where only the buses of the screens are there', async () => {
    const roots = await fakeMachine({ ...raspberryPi5, devices: ['i2c-20', 'i2c-21'] });
    const report = await inspectHardware({ ...roots, mayUse: yes, loadPackage: loads });
    expect(statuses(report)).toMatchObject({ i2c: 'missing' });
    expect(remedy(report, 'i2c')).toMatch(/raspi-config nonint do_i2c 0.*dtparam=i2c_arm=on/);
  });

  it('says what brings a package; absent packages are a problem only on a board', async () => {
    const onPi = await inspectHardware({
      ...(await fakeMachine(raspberryPi5)),
      mayUse: yes,
      loadPackage: absent,
    });
    expect(statuses(onPi)).toMatchObject({ 'package.onoff': 'problem', 'package.i2c-bus': 'problem' });
    expect(remedy(onPi, 'package.onoff')).toMatch(/sudo apt install build-essential python3 && npm install/);
    const onPc = await inspectHardware({ ...(await fakeMachine({})), mayUse: yes, loadPackage: absent });
    expect(statuses(onPc)).toMatchObject({ 'package.onoff': 'missing' });
  });

  it('reports a bare machine as missing its hardware, without a problem', async () => {
    const report = await inspectHardware({ ...(await fakeMachine({})), loadPackage: loads });
    expect(statuses(report)).toMatchObject({ board: 'missing', gpio: 'missing', i2c: 'missing' });
    expect(report.findings.some(({ status }) => status === 'problem')).toBe(false);
  });

  it('finds the lines of a board without sysfs by the character device, and needs no onoff then', async () => {
    const roots = await fakeMachine({ model: 'Raspberry Pi 5 Model B', devices: ['gpiochip0', 'gpiochip4'] });
    const header = { label: 'pinctrl-rp1', lines: 54 };
    const kernel = new FakeGpioKernel({
      [`${roots.devRoot}/gpiochip0`]: header,
      [`${roots.devRoot}/gpiochip4`]: header,
    });
    const report = await inspectHardware({ ...roots, kernel, mayUse: yes, loadPackage: absent });
    expect(report.gpioRoute).toBe('chardev');
    expect(report.gpioCharacterDevices.map((device) => device.header)).toEqual([true, false]);
    expect(report.findings.find(({ id }) => id === 'gpio')).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('gpiochip0'),
    });
    expect(statuses(report)).toMatchObject({ 'gpio.access': 'ok', 'package.onoff': 'missing' });
  });

  it('reports a board without GPIO in sysfs as a problem, and names the character devices', async () => {
    const roots = await fakeMachine({ model: 'Raspberry Pi 4 Model B', devices: ['gpiochip0'] });
    const report = await inspectHardware({ ...roots, mayUse: yes, loadPackage: loads });
    const gpio = report.findings.find(({ id }) => id === 'gpio');
    expect(gpio).toMatchObject({ status: 'problem', detail: expect.stringContaining('/gpiochip0') });
  });

  it('answers for this machine too, with a remedy for everything that is not ok', async () => {
    const report = await inspectHardware();
    expect(report.findings.length).toBeGreaterThanOrEqual(5);
    for (const finding of report.findings) {
      expect({ id: finding.id, told: finding.status === 'ok' || finding.remedy !== undefined }).toEqual({
        id: finding.id,
        told: true,
      });
    }
  });
});
