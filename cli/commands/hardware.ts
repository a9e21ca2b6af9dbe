/** `gatehouse hardware`: what is wired to this machine, seen from the command line. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type SensorChip, type SensorSettings, sensorKinds } from '../../hardware/drivers/catalogue.js';
import type { Measurement } from '../../hardware/ports.js';
import type { ScanFinding } from '../../hardware/scan.js';
import { type Context, createContext } from '../context.js';

const scanHelp = `
Nothing is written to any chip. A chip that Gatehouse drives is shown with its name in the
configuration: { "sensors": [{ "name": "room", "chip": "bme280", "address": 118 }] }. An SHT31 keeps
silent until it has a command, so it is not seen: try "gatehouse hardware measure sht31".`;

const measureHelp = `
Chips: ${Object.keys(sensorKinds).join(', ')}.
  gatehouse hardware measure bme280
  gatehouse hardware measure tmp102 --address 0x49
  gatehouse hardware measure hc-sr04 --trigger GPIO23 --echo GPIO24`;

interface BusOptions {
  readonly bus: string;
  readonly simulated?: boolean;
}

interface MeasureOptions extends BusOptions {
  readonly address?: string;
  readonly trigger?: string;
  readonly echo?: string;
  readonly id?: string;
}

export function addHardware(program: Command): void {
  const hardware = program.command('hardware').description('lines and sensors of this machine');
  withBus(hardware.command('scan').description('say what is on the I2C bus and on the one-wire bus'))
    .addHelpText('after', scanHelp)
    .action(async (options: BusOptions, command: Command) => scan(createContext(command), options));
  hardware
    .command('lines')
    .description('list the GPIO lines with their places on the header, their names and who uses them')
    .action(async (_options: object, command: Command) => lines(createContext(command)));
  withBus(hardware.command('measure').argument('<chip>', 'for instance bme280', knownChip))
    .description('measure once with a sensor')
    .addOption(new Option('--address <address>', 'I2C address, for instance 0x77'))
    .addOption(new Option('--trigger <line>', 'hc-sr04: line of its trigger'))
    .addOption(new Option('--echo <line>', 'hc-sr04: line of its echo'))
    .addOption(new Option('--id <id>', 'ds18b20: which one'))
    .addHelpText('after', measureHelp)
    .action(async (chip: SensorChip, options: MeasureOptions, command: Command) =>
      measure(createContext(command), chip, options),
    );
}

function withBus(command: Command): Command {
  return command
    .addOption(new Option('--bus <number>', 'the N of /dev/i2c-N').default('1').argParser(busNumber))
    .addOption(new Option('--simulated', 'simulated parts, also where there are real ones'));
}

function busNumber(text: string): string {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError('It is a number, such as 1.');
  return text;
}

function knownChip(text: string): SensorChip {
  if (Object.hasOwn(sensorKinds, text)) return text as SensorChip;
  throw new InvalidArgumentError(`Name one of: ${Object.keys(sensorKinds).join(', ')}.`);
}

function routeOf({ simulated }: BusOptions): 'auto' | 'simulated' {
  return simulated === true ? 'simulated' : 'auto';
}

async function scan({ terminal, clock, signal }: Context, options: BusOptions): Promise<void> {
  const { openI2cBus, openOneWireBus } = await import('../../hardware/detect.js');
  const { scanBus } = await import('../../hardware/scan.js');
  const where = { route: routeOf(options), bus: Number(options.bus), clock };
  const bus = await openI2cBus(where);
  let findings: ScanFinding[];
  try {
    findings = await scanBus(bus, signal);
  } finally {
    await bus.close();
  }
  const oneWire = await (await openOneWireBus(where)).devices().catch(() => []);
  if (terminal.json) {
    terminal.printJson({ bus: bus.bus, route: bus.route, findings, oneWire });
    return;
  }
  terminal.note(`I2C bus ${bus.bus}, ${bus.route}:`);
  for (const { address, chip, certainty, detail } of findings) {
    const cells = [`0x${address.toString(16)}`, (chip ?? '-').padEnd(8), certainty.padEnd(7), detail];
    terminal.print(cells.join('  '));
  }
  for (const id of oneWire) {
    const chip = id.startsWith('28-') ? 'ds18b20' : '-';
    terminal.print(`w1    ${chip.padEnd(8)}  sure     ${id}, on the one-wire bus.`);
  }
  if (findings.length + oneWire.length === 0) terminal.note('Nothing answers.');
}

async function lines({ terminal, clock }: Context): Promise<void> {
  const { CharacterChip } = await import('../../hardware/linux/character-chip.js');
  const { headerPlace } = await import('../../hardware/pin-name.js');
  const chip = await CharacterChip.open({ clock });
  const table = chip.lines().map(({ name, consumer }, offset) => {
    const place = headerPlace(offset);
    return { line: `GPIO${offset}`, headerPin: place, name, consumer };
  });
  await chip.close();
  if (terminal.json) {
    terminal.printJson(table);
    return;
  }
  terminal.note(`${chip.chip.label}, ${chip.chip.path}:`);
  for (const { line, headerPin, name, consumer } of table) {
    const place = headerPin === undefined ? '' : `pin ${headerPin}`;
    const user = consumer === undefined ? 'free' : `in use by "${consumer}"`;
    terminal.print([line.padEnd(6), place.padEnd(6), name.padEnd(12), user].join('  '));
  }
}

async function measure({ terminal, clock, log }: Context, chip: SensorChip, options: MeasureOptions) {
  const { openGpioChip } = await import('../../hardware/detect.js');
  const { SensorBus } = await import('../../device/sensors.js');
  const { Lifetimes } = await import('../../core/lifecycle.js');
  const lifetimes = new Lifetimes(log);
  let measurements: readonly Measurement[];
  try {
    const lineChip = lifetimes.add('lines', await openGpioChip({ route: routeOf(options), clock }));
    const where = { route: routeOf(options), bus: Number(options.bus), clock, chip: lineChip };
    const bus = lifetimes.add('bus', new SensorBus(where));
    const sensor = await bus.sensor(chip, settingsOf(options));
    lifetimes.defer('sensor', () => sensor.close?.());
    measurements = await sensor.measure();
  } finally {
    await lifetimes.close();
  }
  if (terminal.json) {
    terminal.printJson(measurements);
    return;
  }
  for (const { quantity, unit, value } of measurements)
    terminal.print(`${quantity.padEnd(16)} ${value} ${unit}`);
  if (measurements.length === 0) terminal.note('Nothing is within range.');
}

function settingsOf({ address, trigger, echo, id }: MeasureOptions): SensorSettings {
  return {
    address: address === undefined ? undefined : Number(address),
    triggerPin: trigger,
    echoPin: echo,
    id,
  };
}
