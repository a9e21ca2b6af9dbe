/** Plain facts about this machine's hardware, read from files only; nothing is opened or changed. */
import { constants } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the facts are read; the defaults are the real places, tests give folders. */
export interface MachineRoots {
  /** `/sys` unless told. */
  readonly sysfsRoot?: string;
  /** `/dev` unless told. */
  readonly devRoot?: string;
  /** `/proc` unless told. */
  readonly procRoot?: string;
}

/** `Raspberry Pi 5 Model B Rev 1.0`, or undefined where there is no device tree, as on a PC. */
export async function boardModel(procRoot = '/proc'): Promise<string | undefined> {
  const text = await readFile(join(procRoot, 'device-tree', 'model'), 'utf8').catch(() => '');
  // Device tree strings end with a zero byte.
  return text.replaceAll('\0', '').trim() || undefined;
}

/** Bus numbers N of the files /dev/i2c-N, ascending. */
export async function i2cBusNumbers(devRoot = '/dev'): Promise<number[]> {
  return (await numbered(devRoot, /^i2c-(\d+)$/)).map(({ number }) => number);
}

/** Paths of the GPIO character devices. */
export async function gpioCharacterDevices(devRoot = '/dev'): Promise<string[]> {
  return (await numbered(devRoot, /^gpiochip(\d+)$/)).map(({ name }) => join(devRoot, name));
}

/** May this user read and write the file? */
export async function mayUse(filePath: string, mode = constants.R_OK | constants.W_OK): Promise<boolean> {
  return access(filePath, mode).then(
    () => true,
    () => false,
  );
}

/** Names of the groups with the given numbers; a number without a name stays a number. */
export async function groupNames(numbers: readonly number[], groupFile = '/etc/group'): Promise<string[]> {
  const lines = (await readFile(groupFile, 'utf8').catch(() => '')).split('\n');
  const names = new Map(
    lines.map((line) => line.split(':')).map(([name, , number]) => [Number(number), name]),
  );
  return numbers.map((number) => names.get(number) ?? String(number));
}

async function numbered(folder: string, pattern: RegExp): Promise<{ name: string; number: number }[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .flatMap((name) => {
      const digits = pattern.exec(name)?.[1];
      return digits === undefined ? [] : [{ name, number: Number(digits) }];
    })
    .sort((a, b) => a.number - b.number);
}
