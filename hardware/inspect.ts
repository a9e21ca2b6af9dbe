/**
 * What this machine has and what stands in the way, for `gatehouse doctor`. Reads only. `missing` means
 * that the machine has no such hardware, which simulated parts make up for; `problem` means that it is
 * there and cannot be used.
 */
import { join } from 'node:path';
import { GatehouseError, messageOf } from '../core/errors.js';
import { enableI2cRemedy } from './errors.js';
import {
  gpioClassFolder,
  listGpioChips,
  pickHeaderChip,
  raspberryPiLabels,
  type SysfsGpioChip,
} from './linux/gpio-chips.js';
import {
  boardModel,
  gpioCharacterDevices,
  groupNames,
  i2cBusNumbers,
  type MachineRoots,
  mayUse,
} from './linux/machine.js';
import { loadOptionalPackage, type OptionalPackage } from './linux/packages.js';

type FindingStatus = 'ok' | 'missing' | 'problem';

interface HardwareFinding {
  /** Stable: `board`, `gpio`, `gpio.access`, `i2c`, `i2c.access`, `package.onoff`, `package.i2c-bus`. */
  readonly id: string;
  /** Two or three words. */
  readonly title: string;
  readonly status: FindingStatus;
  /** One sentence with the fact. */
  readonly detail: string;
  /** One sentence with what to do; absent when all is well or nothing can be done. */
  readonly remedy?: string;
}

interface GpioChipFact extends SysfsGpioChip {
  /** `onoff` for the chip that the agent would use, undefined for the others. */
  readonly route: 'onoff' | undefined;
  readonly mayUse: boolean;
}

export interface HardwareReport {
  readonly boardModel: string | undefined;
  readonly gpioChips: readonly GpioChipFact[];
  readonly gpioCharacterDevices: readonly { readonly path: string; readonly mayUse: boolean }[];
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
}

/** Never throws for what it finds. */
export async function inspectHardware(options: InspectHardwareOptions = {}): Promise<HardwareReport> {
  const facts = {
    boardModel: await boardModel(options.procRoot),
    gpioChips: await gpioFacts(options),
    gpioCharacterDevices: await characterDeviceFacts(options),
    i2cBuses: await i2cFacts(options),
    packages: [await packageFact('onoff', options), await packageFact('i2c-bus', options)],
    // The groups of this process are what counts for access; only `process` knows them.
    groups: await groupNames(process.getgroups?.() ?? []),
  };
  return { ...facts, findings: findingsOf(facts, options.headerBus ?? 1) };
}

type Facts = Omit<HardwareReport, 'findings'>;

async function gpioFacts(options: InspectHardwareOptions): Promise<GpioChipFact[]> {
  const { sysfsRoot = '/sys', labels = raspberryPiLabels } = options;
  const chips = await listGpioChips(sysfsRoot);
  const header = pickHeaderChip(chips, labels);
  const allowed = await (options.mayUse ?? mayExport)(join(gpioClassFolder(sysfsRoot), 'export'));
  return chips.map((chip) => ({ ...chip, route: chip === header ? 'onoff' : undefined, mayUse: allowed }));
}

/** The file `export` can be written only. */
function mayExport(filePath: string): Promise<boolean> {
  return mayUse(filePath, 2);
}

async function characterDeviceFacts(options: InspectHardwareOptions) {
  const paths = await gpioCharacterDevices(options.devRoot);
  return Promise.all(paths.map(async (path) => ({ path, mayUse: await (options.mayUse ?? mayUse)(path) })));
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

function findingsOf(facts: Facts, headerBus: number): HardwareFinding[] {
  return [
    boardFinding(facts),
    ...gpioFindings(facts),
    ...i2cFindings(facts, headerBus),
    ...facts.packages.map((fact) => packageFinding(fact, facts)),
  ];
}

function boardFinding({ boardModel: model }: Facts): HardwareFinding {
  const base = { id: 'board', title: 'Board' };
  if (model !== undefined) return { ...base, status: 'ok', detail: `The board is a ${model}.` };
  return {
    ...base,
    status: 'missing',
    detail: 'This machine describes itself as no board; lines and sensors are simulated.',
    remedy: 'Run the device program on a Raspberry Pi to use real buttons and sensors.',
  };
}

function gpioFindings(facts: Facts): HardwareFinding[] {
  const header = facts.gpioChips.find(({ route }) => route !== undefined);
  if (header === undefined) return [absentGpio(facts)];
  const detail = `GPIO chip ${header.label} has ${header.lines} lines from ${header.base} on.`;
  const found: HardwareFinding = { id: 'gpio', title: 'GPIO lines', status: 'ok', detail };
  if (header.mayUse) return [found, accessOk('gpio', 'GPIO lines')];
  return [found, accessProblem('gpio', 'GPIO lines', facts)];
}

function absentGpio({ boardModel: model, gpioCharacterDevices: devices }: Facts): HardwareFinding {
  const seen = devices.length === 0 ? '' : ` There are ${devices.map(({ path }) => path).join(', ')}.`;
  return {
    id: 'gpio',
    title: 'GPIO lines',
    status: model === undefined ? 'missing' : 'problem',
    detail: `No GPIO chip with a known label is in /sys/class/gpio.${seen}`,
    remedy:
      model === undefined
        ? 'Use the route `simulated`, or run on a Raspberry Pi.'
        : 'Use a kernel with CONFIG_GPIO_SYSFS, as Raspberry Pi OS has, or configure the label of the chip.',
  };
}

function i2cFindings(facts: Facts, headerBus: number): HardwareFinding[] {
  const others = facts.i2cBuses.map(({ bus }) => bus).join(', ') || 'none';
  const bus = facts.i2cBuses.find((candidate) => candidate.bus === headerBus);
  if (bus === undefined) {
    return [
      {
        id: 'i2c',
        title: 'I2C bus',
        // Not a problem on a board either: I2C is off until a sensor needs it.
        status: 'missing',
        detail: `I2C bus ${headerBus} is not there (present: ${others}).`,
        remedy:
          facts.boardModel === undefined
            ? 'Use the route `simulated`, or run on a Raspberry Pi.'
            : enableI2cRemedy,
      },
    ];
  }
  const found: HardwareFinding = {
    id: 'i2c',
    title: 'I2C bus',
    status: 'ok',
    detail: `I2C bus ${headerBus} is ${bus.path}.`,
  };
  if (bus.mayUse) return [found, accessOk('i2c', bus.path)];
  return [found, accessProblem('i2c', bus.path, facts)];
}

const titles = { gpio: 'GPIO access', i2c: 'I2C access' } as const;

function accessOk(group: 'gpio' | 'i2c', what: string): HardwareFinding {
  return { id: `${group}.access`, title: titles[group], status: 'ok', detail: `This user may use ${what}.` };
}

function accessProblem(group: 'gpio' | 'i2c', what: string, { groups }: Facts): HardwareFinding {
  const member = groups.includes(group);
  return {
    id: `${group}.access`,
    title: titles[group],
    status: 'problem',
    detail: `This user may not use ${what}${member ? ', though it' : ' and'} is ${member ? '' : 'not '}in the group ${group}.`,
    remedy: member
      ? `Install the udev rules of Raspberry Pi OS (package raspberrypi-sys-mods), which give ${what} to the group ${group}.`
      : `Run \`sudo usermod -aG ${group} $USER\`, then log out and in again.`,
  };
}

/** A package that is absent is a problem only where there is hardware that it would reach. */
function packageFinding(fact: Facts['packages'][number], facts: Facts): HardwareFinding {
  const base = { id: `package.${fact.name}`, title: `Package ${fact.name}` };
  if (fact.loadable) return { ...base, status: 'ok', detail: `The package ${fact.name} loads.` };
  return {
    ...base,
    status: facts.boardModel === undefined ? 'missing' : 'problem',
    detail: `The package ${fact.name} does not load; ${fact.name === 'onoff' ? 'GPIO' : 'I2C'} works simulated only.`,
    ...(fact.remedy === undefined ? {} : { remedy: fact.remedy }),
  };
}
