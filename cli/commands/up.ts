/** `gatehouse up`: backend, agent and gateway on this machine, supervised, with a keyboard for the button. */
import { type Command, Option } from 'commander';
import { createContext, dataDirectory } from '../context.js';
import { portNumber } from '../option-values.js';

interface UpOptions {
  readonly httpPort?: number;
  readonly mqttPort?: number;
  readonly provisioningPort?: number;
}

export function addUp(program: Command): void {
  program
    .command('up')
    .description('run everything on this machine: broker, backend, dashboard, one agent, one backup job')
    .addOption(
      new Option('--http-port <port>', 'port of the dashboard (default: as configured, 8420)').argParser(
        portNumber,
      ),
    )
    .addOption(
      new Option('--mqtt-port <port>', 'port of the broker (default: as configured, 8883)').argParser(
        portNumber,
      ),
    )
    .addOption(
      new Option(
        '--provisioning-port <port>',
        'port where devices are claimed (default: as configured, 8443)',
      ).argParser(portNumber),
    )
    .addHelpText(
      'after',
      `
While it runs: space presses the button once, d twice, l long, q or Ctrl-C stops everything.
The configurations are in DATA/config; edit them and start again.`,
    )
    .action(async (options: UpOptions, command: Command) => {
      const context = createContext(command);
      const { runUp } = await import('../up/up.js');
      await runUp(context, {
        dataDirectory: dataDirectory(command, context.env),
        entryPoint: process.argv[1] ?? '',
        input: process.stdin,
        ports: {
          ...(options.httpPort === undefined ? {} : { http: options.httpPort }),
          ...(options.mqttPort === undefined ? {} : { mqtt: options.mqttPort }),
          ...(options.provisioningPort === undefined ? {} : { provisioning: options.provisioningPort }),
        },
      });
    });
}
