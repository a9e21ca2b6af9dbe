/** `gatehouse agent run`: the device program: watches lines and sensors of this machine. */
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { loadConfig, parseConfig } from '../../core/config.js';
import { stayFrugal } from '../../core/heap.js';
import { Secret } from '../../core/secret.js';
import { createContext, dataDirectory } from '../context.js';
import { openOrSimulate } from '../open-agent.js';
import { portNumber } from '../option-values.js';
import { runProgram } from '../run-program.js';
import { version } from '../version.js';

interface AgentOptions {
  readonly config?: string;
  readonly claimToken?: string;
  readonly mqttPort?: number;
  readonly simulateMissing?: boolean;
}

/** Set by the launcher: the release that it starts, empty for the version that came with the machine. */
const releaseVariable = 'GATEHOUSE_RELEASE';

export function addAgent(program: Command): void {
  const agent = program
    .command('agent')
    .description('the device program: buttons and sensors of this machine');
  addSupervise(agent);
  agent
    .command('run')
    .description('run the agent until it is told to stop')
    .addOption(new Option('--config <file>', 'configuration in JSON (see docs/configuration.md)'))
    .addOption(new Option('--claim-token <token>', 'one-time token from "gatehouse device claim-token"'))
    .addOption(
      new Option('--mqtt-port <port>', 'port of the broker (default: as it was when claimed)').argParser(
        portNumber,
      ),
    )
    .addOption(new Option('--simulate-missing', 'simulate the lines of a board that cannot be reached'))
    .action(async (options: AgentOptions, command: Command) => {
      const context = createContext(command, 'info');
      const directory = join(dataDirectory(command, context.env), 'agent');
      await runProgram(context, async () => {
        stayFrugal();
        const { openAgent } = await import('../../device/main.js');
        const config = await readConfig(options, directory);
        const open = (settings: typeof config) =>
          openAgent(settings, {
            clock: context.clock,
            log: context.log,
            version,
            ...supervision(context.env),
          });
        const { agent: opened, reason } = options.simulateMissing
          ? await openOrSimulate(config, open)
          : { agent: await open(config), reason: undefined };
        return {
          program: opened,
          facts: { pid: process.pid, simulating: reason?.message ?? null, remedy: reason?.hint ?? null },
          greeting: 'The agent runs. Ctrl-C stops it.',
        };
      });
    });
}

function supervision(env: NodeJS.ProcessEnv) {
  const release = env[releaseVariable];
  if (release === undefined || process.send === undefined) return {};
  const restart = () => void process.kill(process.pid, 'SIGTERM');
  return { supervised: { release: release === '' ? null : release, restart } };
}

function addSupervise(agent: Command): void {
  agent
    .command('supervise')
    .description('run the agent as above, update it by signed jobs, go back from versions that fail')
    .addOption(new Option('--config <file>', 'configuration in JSON (see docs/configuration.md)'))
    .action(async (options: { config?: string }, command: Command) => {
      const context = createContext(command, 'info');
      const directory = join(dataDirectory(command, context.env), 'agent');
      const config = await readConfig(options, directory);
      const { supervise } = await import('../../device/update/launcher.js');
      const { installFolderOf } = await import('../../device/update/open-updates.js');
      const { config: file } = options;
      await supervise({
        ...context,
        folder: installFolderOf(config),
        builtIn: process.argv[1] ?? '',
        args: ['--data', context.dataDir, 'agent', 'run', ...(file === undefined ? [] : ['--config', file])],
      });
    });
}

async function readConfig(options: AgentOptions, dataDir: string) {
  const { agentConfig } = await import('../../device/config.js');
  const base = options.config
    ? await loadConfig(agentConfig, options.config)
    : parseConfig(agentConfig, { dataDir }, 'the built-in configuration');
  return {
    ...base,
    identity:
      options.claimToken === undefined ? base.identity : { claimToken: new Secret(options.claimToken) },
    mqtt: options.mqttPort === undefined ? base.mqtt : { ...base.mqtt, port: options.mqttPort },
  };
}
