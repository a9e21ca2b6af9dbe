/** `gatehouse doctor`: what this machine has, and what to do about what is missing. */
import { type Command, Option } from 'commander';
import { type Context, createContext, dataDirectory } from '../context.js';
import type { Finding } from '../doctor/finding.js';
import { checkClock, checkDisk, checkNode, checkPort } from '../doctor/machine.js';
import { checkOutbox } from '../doctor/outbox.js';
import { checkPackages } from '../doctor/packages.js';
import { exitCodes } from '../exit-code.js';

interface DoctorOptions {
  readonly httpPort: string;
  readonly mqttPort: string;
  readonly provisioningPort: string;
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what this machine has, and what to do about what is missing')
    .addOption(new Option('--http-port <port>', 'port of the dashboard').default('8420'))
    .addOption(new Option('--mqtt-port <port>', 'port of the broker').default('8883'))
    .addOption(new Option('--provisioning-port <port>', 'port where devices are claimed').default('8443'))
    .addHelpText('after', '\nEnds with 1 when something would not work, with 0 when only extras are missing.')
    .action(async (options: DoctorOptions, command: Command) => {
      const context = createContext(command);
      const findings = await examine(context, command, options);
      print(context, findings);
      if (findings.some((finding) => finding.status === 'problem')) context.setExitCode(exitCodes.failed);
    });
}

async function examine(context: Context, command: Command, options: DoctorOptions): Promise<Finding[]> {
  const { inspectHardware } = await import('../../hardware/detect.js');
  return [
    checkNode(process.versions.node),
    await checkDisk(dataDirectory(command, context.env)),
    await checkClock(context.clock.now()),
    ...(await inspectHardware()).findings,
    ...checkPackages(),
    ...[await checkOutbox(dataDirectory(command, context.env))].filter((one) => one !== undefined),
    await checkPort(Number(options.httpPort), 'the dashboard', '--http-port'),
    await checkPort(Number(options.mqttPort), 'the MQTT broker', '--mqtt-port'),
    await checkPort(Number(options.provisioningPort), 'claiming devices', '--provisioning-port'),
  ];
}

const marks = { ok: ['green', '✓'], missing: ['yellow', '–'], problem: ['red', '✗'] } as const;

function print({ terminal }: Context, findings: readonly Finding[]): void {
  if (terminal.json) {
    terminal.printJson(findings);
    return;
  }
  const width = Math.max(...findings.map((finding) => finding.title.length));
  for (const finding of findings) {
    const [colour, mark] = marks[finding.status];
    terminal.print(`${terminal.style(colour, mark)} ${finding.title.padEnd(width)}  ${finding.detail}`);
    if (finding.remedy) terminal.print(`  ${' '.repeat(width)}  → ${finding.remedy}`);
  }
}
