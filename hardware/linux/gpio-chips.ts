/**
 * Finds GPIO chips in sysfs by label. Numbers are never assumed: the base of the header's chip is 0
 * on old kernels, 512 and more since Linux 6.6, and 569 or 571 on a Raspberry Pi 5.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface SysfsGpioChip {
  /** `gpiochip512`; the folder's name below `class/gpio`. */
  readonly name: string;
  readonly label: string;
  /** Global number of the chip's first line. */
  readonly base: number;
  readonly lines: number;
}

/** Chips whose line n is BCM line n, by preference: Pi 5, Pi 4, older models, a virtual test board. */
export const raspberryPiLabels: readonly string[] = [
  'pinctrl-rp1',
  'pinctrl-bcm2711',
  'pinctrl-bcm2835',
  'pinctrl-vpi',
];

export function gpioClassFolder(sysfsRoot: string): string {
  return join(sysfsRoot, 'class', 'gpio');
}

/** All chips below `sysfsRoot`, by base; empty where the kernel has no GPIO in sysfs. */
export async function listGpioChips(sysfsRoot = '/sys'): Promise<SysfsGpioChip[]> {
  const folder = gpioClassFolder(sysfsRoot);
  const names = await readdir(folder).catch(() => []);
  const chips: SysfsGpioChip[] = [];
  for (const name of names.filter((entry) => /^gpiochip\d+$/.test(entry))) {
    const chip = await readChip(folder, name);
    if (chip !== undefined) chips.push(chip);
  }
  return chips.sort((a, b) => a.base - b.base);
}

/** The chip with the header's lines, or undefined. */
export function pickHeaderChip(
  chips: readonly SysfsGpioChip[],
  labels: readonly string[] = raspberryPiLabels,
): SysfsGpioChip | undefined {
  return labels.flatMap((label) => chips.filter((chip) => chip.label === label))[0];
}

async function readChip(folder: string, name: string): Promise<SysfsGpioChip | undefined> {
  const attribute = async (file: string) => (await readFile(join(folder, name, file), 'utf8')).trim();
  try {
    const [label, base, lines] = [
      await attribute('label'),
      await attribute('base'),
      await attribute('ngpio'),
    ];
    if (!/^\d+$/.test(base) || !/^\d+$/.test(lines)) return undefined;
    return { name, label, base: Number(base), lines: Number(lines) };
  } catch {
    return undefined; // The chip went away while being read (an unplugged USB adapter), or is not readable.
  }
}
