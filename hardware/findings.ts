/** What the facts about a machine's hardware mean for its owner, as sentences with what to do. */
import { enableI2cRemedy } from './errors.js';
import type { Facts } from './inspect.js';
import type { OptionalPackage } from './linux/packages.js';

type FindingStatus = 'ok' | 'missing' | 'problem';

export interface HardwareFinding {
  /** Stable: `board`, `gpio`, `gpio.access`, `i2c`, `i2c.access`, `package.koffi`, and so on by package. */
  readonly id: string;
  /** Two or three words. */
  readonly title: string;
  readonly status: FindingStatus;
  /** One sentence with the fact. */
  readonly detail: string;
  /** One sentence with what to do; absent when all is well or nothing can be done. */
  readonly remedy?: string;
}

export function findingsOf(facts: Facts, headerBus: number): HardwareFinding[] {
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
  const device = facts.gpioCharacterDevices.find(({ header }) => header);
  const chip = facts.gpioChips.find(({ header }) => header);
  const base = { id: 'gpio', title: 'GPIO lines', status: 'ok' } as const;
  if (device !== undefined) {
    const detail = `GPIO chip ${device.label} has ${device.lines} lines, by the character device ${device.path}.`;
    return [{ ...base, detail }, gpioAccess(device.mayUse, device.path, facts)];
  }
  if (chip !== undefined) {
    const detail = `GPIO chip ${chip.label} has ${chip.lines} lines from ${chip.base} on, by sysfs (onoff).`;
    return [{ ...base, detail }, gpioAccess(chip.mayUse, 'GPIO lines', facts)];
  }
  return [absentGpio(facts)];
}

function gpioAccess(allowed: boolean, what: string, facts: Facts): HardwareFinding {
  return allowed ? accessOk('gpio', what) : accessProblem('gpio', what, facts);
}

function absentGpio({
  boardModel: model,
  gpioCharacterDevices: devices,
  packages,
  groups,
}: Facts): HardwareFinding {
  const seen = devices.map(({ path, mayUse: allowed }) => (allowed ? path : `${path} (not for this user)`));
  const koffi = packages.find(({ name }) => name === 'koffi');
  const base = {
    id: 'gpio',
    title: 'GPIO lines',
    detail: `No GPIO chip with a known label was found.${seen.length === 0 ? '' : ` There are ${seen.join(', ')}.`}`,
  };
  if (model === undefined) {
    const remedy = 'Use the route `simulated`, or run on a Raspberry Pi.';
    return { ...base, status: 'missing', remedy };
  }
  if (koffi?.remedy !== undefined) return { ...base, status: 'problem', remedy: koffi.remedy };
  const denied = devices.some(({ mayUse: allowed }) => !allowed) && !groups.includes('gpio');
  const remedy = denied
    ? 'Run `sudo usermod -aG gpio $USER`, then log out and in again.'
    : 'Use a kernel of Raspberry Pi OS, or configure the label of the chip.';
  return { ...base, status: 'problem', remedy };
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

const packageUse: Record<OptionalPackage, string> = {
  koffi: 'lines by the character device',
  onoff: 'lines by sysfs',
  'i2c-bus': 'I2C buses',
};

/** A package that is absent is a problem only where there is hardware that nothing else would reach. */
function packageFinding(fact: Facts['packages'][number], facts: Facts): HardwareFinding {
  const base = { id: `package.${fact.name}`, title: `Package ${fact.name}` };
  if (fact.loadable) return { ...base, status: 'ok', detail: `The package ${fact.name} loads.` };
  const needed = {
    koffi: facts.gpioRoute === undefined,
    onoff: facts.gpioRoute === 'onoff',
    'i2c-bus': true,
  }[fact.name];
  return {
    ...base,
    status: facts.boardModel !== undefined && needed ? 'problem' : 'missing',
    detail: `The package ${fact.name} does not load; it would bring ${packageUse[fact.name]}.`,
    ...(fact.remedy === undefined ? {} : { remedy: fact.remedy }),
  };
}
