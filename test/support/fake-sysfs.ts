/** A folder tree like a machine's /sys, /dev, /proc, for discovery only: nothing in it moves a line. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './temporary-folder.js';

export interface FakeMachine {
  readonly model?: string;
  /** By folder name, `gpiochip512`. */
  readonly chips?: Readonly<Record<string, { label: string; base: string; ngpio: string }>>;
  /** File names below /dev. */
  readonly devices?: readonly string[];
}

export interface FakeRoots {
  readonly sysfsRoot: string;
  readonly devRoot: string;
  readonly procRoot: string;
}

export async function fakeMachine(machine: FakeMachine): Promise<FakeRoots> {
  const root = await temporaryFolder('machine');
  const put = async (path: string, content: string) => {
    const filePath = join(root, path);
    await mkdir(dirname(filePath), { recursive: true });
    await writeFile(filePath, content);
  };
  for (const [name, attributes] of Object.entries(machine.chips ?? {})) {
    await put('sys/class/gpio/export', '');
    for (const [file, value] of Object.entries(attributes))
      await put(`sys/class/gpio/${name}/${file}`, `${value}\n`);
  }
  for (const device of machine.devices ?? []) await put(`dev/${device}`, '');
  if (machine.model) await put('proc/device-tree/model', `${machine.model}\0`);
  return { sysfsRoot: join(root, 'sys'), devRoot: join(root, 'dev'), procRoot: join(root, 'proc') };
}

export const raspberryPi5: FakeMachine = {
  model: 'Raspberry Pi 5 Model B Rev 1.0',
  chips: {
    gpiochip512: { label: 'gpio-brcmstb@107d508500', base: '512', ngpio: '32' },
    gpiochip571: { label: 'pinctrl-rp1', base: '571', ngpio: '54' },
  },
  devices: ['gpiochip0', 'gpiochip10', 'gpiochip2', 'i2c-1', 'i2c-13', 'i2c-2', 'null'],
};
