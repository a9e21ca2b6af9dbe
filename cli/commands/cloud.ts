/** `gatehouse cloud run`: the backend as a program of its own. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { CloudConfig } from '../../cloud/config.js';
import { loadConfig, parseConfig } from '../../core/config.js';
import { writeFileDurably } from '../../core/files.js';
import { Lifetimes } from '../../core/lifecycle.js';
import { runtimeFileName } from '../api-client.js';
import { createContext, dataDirectory } from '../context.js';
import { portNumber } from '../option-values.js';
import { runProgram } from '../run-program.js';
import { version } from '../version.js';

interface CloudOptions {
  readonly config?: string;
  readonly httpPort?: number;
  readonly mqttPort?: number;
  readonly provisioningPort?: number;
}

async function readConfig(options: CloudOptions, dataDir: string): Promise<CloudConfig> {
  const { cloudConfig } = await import('../../cloud/config.js');
  if (options.config !== undefined) return loadConfig(cloudConfig, options.config);
  return parseConfig(cloudConfig, { dataDir }, 'the built-in configuration');
}

function withPorts(config: CloudConfig, options: CloudOptions): CloudConfig {
  return {
    ...config,
    http: { ...config.http, port: options.httpPort ?? config.http.port },
    mqtt: { ...config.mqtt, port: options.mqttPort ?? config.mqtt.port },
    provisioning: { ...config.provisioning, port: options.provisioningPort ?? config.provisioning.port },
  };
}

export function addCloud(program: Command): void {
  const cloud = program
    .command('cloud')
    .description('the backend: broker, registry, actions, telemetry, dashboard');
  cloud
    .command('run')
    .description('run the backend until it is told to stop')
    .addOption(new Option('--config <file>', 'configuration in JSON (see docs/configuration.md)'))
    .addOption(
      new Option('--http-port <port>', 'port of the dashboard, 0 for any free one').argParser(portNumber),
    )
    .addOption(new Option('--mqtt-port <port>', 'port of the MQTT broker').argParser(portNumber))
    .addOption(
      new Option('--provisioning-port <port>', 'port where devices are claimed').argParser(portNumber),
    )
    .action(async (options: CloudOptions, command: Command) => {
      const context = createContext(command, 'info');
      const directory = join(dataDirectory(command, context.env), 'cloud');
      await runProgram(context, async () => {
        const { openCloud } = await import('../../cloud/main.js');
        const config = withPorts(await readConfig(options, directory), options);
        const opened = await openCloud(config, { clock: context.clock, log: context.log, version });
        const runtimeFile = join(config.dataDir, runtimeFileName);
        await writeFileDurably(runtimeFile, JSON.stringify({ httpUrl: opened.httpUrl, pid: process.pid }));
        const lifetimes = new Lifetimes(context.log);
        lifetimes.add('cloud', opened);
        lifetimes.defer('runtime file', () => rm(runtimeFile, { force: true }));
        return {
          program: lifetimes,
          facts: {
            httpUrl: opened.httpUrl,
            mqttPort: opened.mqttPort,
            provisioningPort: opened.provisioningPort,
            apiToken: opened.apiToken,
          },
          greeting: `The backend serves at ${opened.httpUrl} (MQTT ${opened.mqttPort}). Ctrl-C stops it.`,
        };
      });
    });
}
