import { describe, expect, it } from 'vitest';
import { inspectHardware } from '../../hardware/detect.js';
import { gatehouse } from '../support/gatehouse-cli.js';
import { headerBus, headerLabel } from './board.js';

describe('gatehouse doctor on a real kernel', () => {
  it('finds the lines, the bus and the packages for both', async () => {
    const { stdout } = await gatehouse(['doctor', '--json']);
    const findings = JSON.parse(stdout) as { id: string; status: string; detail: string }[];
    const found = (id: string) => findings.find((finding) => finding.id === id);
    expect(found('gpio')).toMatchObject({ status: 'ok', detail: expect.stringContaining(headerLabel) });
    expect(found('i2c')).toMatchObject({ status: 'ok', detail: expect.stringContaining('/dev/i2c-1') });
    for (const id of ['gpio.access', 'i2c.access', 'package.koffi', 'package.onoff', 'package.i2c-bus']) {
      expect(found(id), id).toMatchObject({ status: 'ok' });
    }
  });

  it('is told which chip the agent would use, and by which route', async () => {
    const report = await inspectHardware();
    expect(report.gpioRoute).toBe('chardev');
    for (const chips of [report.gpioChips, report.gpioCharacterDevices]) {
      expect(chips.map(({ label, header }) => [label, header]).sort()).toEqual([
        [headerLabel, true],
        ['raspberrypi-exp-gpio', false],
      ]);
    }
    expect(report.i2cBuses).toEqual([{ bus: headerBus, path: '/dev/i2c-1', mayUse: true }]);
  });
});
