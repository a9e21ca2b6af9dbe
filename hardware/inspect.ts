/**
 * What this machine has and what stands in the way, for `gatehouse doctor`. Reads only. `missing` means
 * that the machine has no such hardware, which simulated parts make up for; `problem` means that it is
 * there and cannot be used.
 */
import { join } from 'node:path';
import { GatehouseError, messageOf } from '../core/errors.js';
import { findingsOf, type HardwareFinding } from './findings.js';
import { findCharacterChip } from './linux/character-chips.js';
import {
  gpioClassFolder,
  listGpioChips,
  pickHeaderChip,
  raspberryPiLabels,
  type SysfsGpioChip,
} from './linux/gpio-chips.js';
import { type GpioKernel, openGpioKernel } from './linux/gpio-kernel.js';
import {
  boardModel,
  gpioCharacterDevices,
  groupNames,
  i2cBusNumbers,
  type MachineRoots,
  mayUse,
} from './linux/machine.js';
import { type KoffiPackage, loadOptionalPackage, type OptionalPackage } from './linux/packages.js';

interface SysfsChipFact extends SysfsGpioChip {
  /** Is it the chip with the header's lines? */
  readonly header: boolean;
  readonly mayUse: boolean;
}

interface CharacterDeviceFact {
  readonly path: string;
  /** Undefined when the device could not be asked. */
  readonly label: string | undefined;
  readonly lines: number | undefined;
  readonly header: boolean;
  readonly mayUse: boolean;
}

export interface HardwareReport {
  readonly boardModel: string | undefined;
  /** The way by which the agent would reach lines; undefined when there is none. */
  readonly gpioRoute: 'chardev' | 'onoff' | undefined;
  readonly gpioChips: readonly SysfsChipFact[];
  readonly gpioCharacterDevices: readonly CharacterDeviceFact[];
  readonly i2cBuses: readonly { readonly bus: number; readonly path: string; readonly mayUse: boolean }[];
  readonly packages: readonly {
    readonly name: OptionalPackage;
    readonly loadable: boolean;
    readonly remedy?: string;
  }[];
  /** Names of this process's groups. */
  readonly groups: readonly string[];
  readonly findings: readonly HardwareFinding[];
}

export interface InspectHardwareOptions extends MachineRoots {
  readonly labels?: readonly string[];
  /** The bus that the header carries; 1 unless told. */
  readonly headerBus?: number;
  /** Answers for this process unless told; tests that run as root give another. */
  readonly mayUse?: (filePath: string) => Promise<boolean>;
  readonly loadPackage?: (name: OptionalPackage) => Promise<unknown>;
  readonly kernel?: GpioKernel;
}

/** Never throws for what it finds. */
export async function inspectHardware(options: InspectHardwareOptions = {}): Promise<HardwareReport> {
  const gpioChips = await sysfsFacts(options);
  const gpioCharacterDevices = await characterDeviceFacts(options);
  const facts = {
    boardModel: await boardModel(options.procRoot),
    gpioRoute: gpioCharacterDevices.some(({ header }) => header)
      ? ('chardev' as const)
      : gpioChips.some(({ header }) => header)
        ? ('onoff' as const)
        : undefined,
    gpioChips,
    gpioCharacterDevices,
    i2cBuses: await i2cFacts(options),
    packages: [
      await packageFact('koffi', options),
      await packageFact('onoff', options),
      await packageFact('i2c-bus', options),
    ],
    // The groups of this process are what counts for access; only `process` knows them.
    groups: await groupNames(process.getgroups?.() ?? []),
  };
  return { ...facts, findings: findingsOf(facts, options.headerBus ?? 1) };
}

export type Facts = Omit<HardwareReport, 'findings'>;

async function sysfsFacts(options: InspectHardwareOptions): Promise<SysfsChipFact[]> {
  const { sysfsRoot = '/sys', labels = raspberryPiLabels } = options;
  const chips = await listGpioChips(sysfsRoot);
  const header = pickHeaderChip(chips, labels);
  const allowed = await (options.mayUse ?? mayExport)(join(gpioClassFolder(sysfsRoot), 'export'));
  return chips.map((chip) => ({ ...chip, header: chip === header, mayUse: allowed }));
}

/** The file `export` can be written only. */
function mayExport(filePath: string): Promise<boolean> {
  return mayUse(filePath, 2);
}

async function characterDeviceFacts(options: InspectHardwareOptions): Promise<CharacterDeviceFact[]> {
  const { devRoot, labels = raspberryPiLabels } = options;
  const kernel = options.kernel ?? (await openGpioKernel(koffiBy(options)).catch(() => undefined));
  const found = kernel && (await findCharacterChip(kernel, labels, devRoot));
  const paths = await gpioCharacterDevices(devRoot);
  return Promise.all(
    paths.map(async (path) => {
      const chip = found?.all.find((candidate) => candidate.path === path);
      const known = chip?.refused === undefined ? chip : undefined;
      return {
        path,
        label: known?.label,
        lines: known?.lines,
        header: known !== undefined && known.path === found?.chip?.path,
        mayUse: await (options.mayUse ?? mayUse)(path),
      };
    }),
  );
}

function koffiBy({ loadPackage }: InspectHardwareOptions) {
  return async () => (await loadOptionalPackage('koffi', loadPackage)) as KoffiPackage;
}

async function i2cFacts(options: InspectHardwareOptions) {
  const { devRoot = '/dev' } = options;
  const numbers = await i2cBusNumbers(devRoot);
  return Promise.all(
    numbers.map(async (bus) => {
      const path = join(devRoot, `i2c-${bus}`);
      return { bus, path, mayUse: await (options.mayUse ?? mayUse)(path) };
    }),
  );
}

async function packageFact(name: OptionalPackage, { loadPackage }: InspectHardwareOptions) {
  try {
    await loadOptionalPackage(name, loadPackage);
    return { name, loadable: true };
  } catch (error) {
    const remedy = error instanceof GatehouseError ? error.hint : messageOf(error);
    return { name, loadable: false, ...(remedy === undefined ? {} : { remedy }) };
  }
}
