import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Ds18b20 } from '../../../hardware/drivers/ds18b20.js';
import { KernelOneWire } from '../../../hardware/linux/kernel-one-wire.js';
import { SimulatedOneWire } from '../../../hardware/sim/simulated-one-wire.js';
import { FakeClock } from '../../support/fake-clock.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const id = '28-0316a2798fff';
/** What the kernel gives for a chip at 25.0625 degrees. */
const kernelText = `91 01 4b 46 7f ff 0f 10 25 : crc=25 YES
91 01 4b 46 7f ff 0f 10 25 t=25062
`;

/** The kernel's files of one-wire chips (there is no one-wire bus here). */
async function sysfs(chips: Readonly<Record<string, string>>): Promise<KernelOneWire> {
  const root = await temporaryFolder('w1');
  await mkdir(join(root, 'bus/w1/devices/w1_bus_master1'), { recursive: true });
  for (const [name, text] of Object.entries(chips)) {
    const folder = join(root, 'bus/w1/devices', name);
    await mkdir(folder);
    await writeFile(join(folder, 'w1_slave'), text);
  }
  return new KernelOneWire(root);
}

const measure = async (chips: Record<string, string>, which?: string) =>
  (await Ds18b20.open(await sysfs(chips), which)).measure();

describe("Ds18b20 on the kernel's files", () => {
  it('measures the only one there is, or the one that is named', async () => {
    const expected = [{ quantity: 'temperature', unit: 'Cel', value: 25.0625 }];
    expect(await measure({ [id]: kernelText })).toEqual(expected);
    const two = { [id]: kernelText, '28-000000000002': 'broken' };
    expect(await measure(two, id)).toEqual(expected);
    await expect(measure(two)).rejects.toMatchObject({ code: 'ONE_WIRE_NO_DEVICE' });
    await expect(measure({}, id)).rejects.toMatchObject({ code: 'ONE_WIRE_NO_DEVICE' });
  });

  it.each([
    [
      'a wrong checksum, though the kernel says yes',
      kernelText.replaceAll('91 01', '92 01'),
      'SENSOR_CHECKSUM',
    ],
    [
      'a shorted line, whose zeros have a right checksum',
      '00 00 00 00 00 00 00 00 00 : crc=00 YES\n',
      'SENSOR_CHECKSUM',
    ],
    ['an unplugged chip', 'ff ff ff ff ff ff ff ff ff : crc=c9 NO\n', 'SENSOR_CHECKSUM'],
    [
      '85 degrees of a chip that did not measure',
      '50 05 4b 46 7f ff 0c 10 1c : crc=1c YES\n',
      'SENSOR_SILENT',
    ],
    ['an empty file', '', 'ONE_WIRE_FAILED'],
  ])('refuses %s', async (_, text, code) => {
    await expect(measure({ [id]: text })).rejects.toMatchObject({ code, retryable: true });
  });

  it('says how to switch the bus on', async () => {
    const bus = new KernelOneWire(await temporaryFolder('no-w1'));
    await expect(Ds18b20.open(bus)).rejects.toMatchObject({
      code: 'ONE_WIRE_NOT_ENABLED',
      hint: expect.stringContaining('dtoverlay=w1-gpio'),
    });
  });
});

// Data sheet 19-7487, table 1.
it.each([125, 85, 25.0625, 10.125, 0.5, 0, -0.5, -10.125, -25.0625, -55])(
  'Ds18b20 measures the %d degrees of the simulated chip',
  async (temperatureC) => {
    const climate = () => ({ temperatureC, humidityPercent: 50, pressurePa: 1e5 });
    const sensor = await Ds18b20.open(new SimulatedOneWire({ clock: new FakeClock(), climate }));
    expect(await sensor.measure()).toEqual([{ quantity: 'temperature', unit: 'Cel', value: temperatureC }]);
  },
);
