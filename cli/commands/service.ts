/** `gatehouse service`: systemd units for the three programs, confined as far as each one allows. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import { GatehouseError, messageOf, systemCode } from '../../core/errors.js';
import { writeFileDurably } from '../../core/files.js';
import { type Context, createContext } from '../context.js';
import { runTool } from '../run-tool.js';
import { type ProgramName, programNames, serviceConfig, unitName, unitText } from '../service-units.js';

interface ServiceOptions {
  readonly user: string;
  readonly unitDir: string;
  readonly configDir: string;
  readonly dryRun?: boolean;
  readonly now?: boolean;
}

export function addService(program: Command): void {
  const service = program
    .command('service')
    .description('install or remove systemd services for the three programs');
  for (const verb of ['install', 'remove'] as const) {
    service
      .command(verb)
      .description(
        verb === 'install' ? 'write the units and start them' : 'stop the services and remove the units',
      )
      .addArgument(new Argument('[programs...]', 'which ones (default: all)').choices(programNames))
      .addOption(new Option('--user <name>', 'user that the services run as').default('gatehouse'))
      .addOption(new Option('--unit-dir <dir>', 'where units go').default('/etc/systemd/system'))
      .addOption(new Option('--config-dir <dir>', 'where configurations are').default('/etc/gatehouse'))
      .addOption(new Option('--dry-run', 'print what would be written and run, change nothing'))
      .addOption(new Option('--no-now', 'do not start or stop anything'))
      .action(async (names: ProgramName[], options: ServiceOptions, command: Command) => {
        const context = createContext(command);
        const plan = planOf(verb, names.length > 0 ? names : [...programNames], options);
        if (options.dryRun) printPlan(context, plan);
        else await apply(context, plan);
      });
  }
}

interface FileToWrite {
  readonly filePath: string;
  readonly text: string;
  /** A configuration that exists is the user's: it stays. */
  readonly keepExisting: boolean;
}

/** What `--dry-run` prints and `apply` does, in this order. */
interface Plan {
  readonly before: readonly (readonly string[])[];
  readonly write: readonly FileToWrite[];
  readonly remove: readonly string[];
  readonly after: readonly (readonly string[])[];
}

function planOf(verb: 'install' | 'remove', names: readonly ProgramName[], options: ServiceOptions): Plan {
  const units = names.map(unitName);
  const reload = ['systemctl', 'daemon-reload'];
  const live = options.now !== false;
  if (verb === 'remove') {
    return {
      before: live ? [['systemctl', 'disable', '--now', ...units]] : [],
      write: [],
      remove: units.map((unit) => join(options.unitDir, unit)),
      after: live ? [reload] : [],
    };
  }
  const user = [
    'useradd',
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    options.user,
  ];
  return {
    before: live ? [user] : [],
    write: names.flatMap((name) => filesOf(name, options)),
    remove: [],
    after: live ? [reload, ['systemctl', 'enable', '--now', ...units]] : [],
  };
}

function filesOf(name: ProgramName, options: ServiceOptions): FileToWrite[] {
  const configFile = join(options.configDir, `${name}.json`);
  const text = unitText(name, {
    user: options.user,
    node: process.execPath,
    entryPoint: process.argv[1] ?? 'gatehouse',
    configFile,
    hardwareGroups: hardwareGroups(),
  });
  return [
    { filePath: configFile, text: serviceConfig(name), keepExisting: true },
    { filePath: join(options.unitDir, unitName(name)), text, keepExisting: false },
  ];
}

function hardwareGroups(): string[] {
  const known = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .map((line) => line.split(':')[0]);
  return ['gpio', 'i2c'].filter((group) => known.includes(group));
}

function printPlan({ terminal }: Context, plan: Plan): void {
  if (terminal.json) {
    terminal.printJson(plan);
    return;
  }
  for (const step of plan.before) terminal.print(`run     ${step.join(' ')}`);
  for (const file of plan.write)
    terminal.print(`write   ${file.filePath}\n${file.text.replace(/^/gm, '        ')}`);
  for (const filePath of plan.remove) terminal.print(`remove  ${filePath}`);
  for (const step of plan.after) terminal.print(`run     ${step.join(' ')}`);
}

/** useradd's exit status for a user that exists already. */
const userExists = 9;

async function apply({ terminal }: Context, plan: Plan): Promise<void> {
  for (const step of plan.before) await runTool(step, step[0] === 'useradd' ? [userExists] : [1, 5]);
  for (const file of plan.write) {
    await asRoot(() => mkdir(join(file.filePath, '..'), { recursive: true }));
    if (file.keepExisting && existsSync(file.filePath)) {
      terminal.print(`kept ${file.filePath}`);
      continue;
    }
    await asRoot(() => writeFileDurably(file.filePath, file.text, { mode: 0o644 }));
    terminal.print(`wrote ${file.filePath}`);
  }
  for (const filePath of plan.remove) {
    const gone = await asRoot(() => unlink(filePath)).then(
      () => true,
      (error: unknown) => {
        if (systemCode(error) === 'ENOENT') return false;
        throw error;
      },
    );
    terminal.print(gone ? `removed ${filePath}` : `${filePath} was not there`);
  }
  for (const step of plan.after) await runTool(step);
}

async function asRoot<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (systemCode(error) !== 'EACCES' && systemCode(error) !== 'EPERM') throw error;
    throw new GatehouseError('NEEDS_ROOT', `Not allowed: ${messageOf(error)}.`, {
      cause: error,
      hint: 'Run it with sudo; --dry-run shows what it would do.',
    });
  }
}
