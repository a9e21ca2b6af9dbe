/** `gatehouse cloud run`: the backend as a program of its own. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { cloudConfig } from '../../cloud/config.js';
import { openCloud } from '../../cloud/main.js';
import { loadConfig, parseConfig } from '../../core/config.js';
import { writeFileDurably } from '../../core/files.js';
import { Lifetimes } from '../../core/lifecycle.js';
import { runtimeFileName } from '../api-client.js';
import { createContext, dataDirectory } from '../context.js';
import { runProgram } from '../run-program.js';
import { version } from '../version.js';

export function addCloud(program: Command): void {
  const cloud = program
    .command('cloud')
    .description('the backend: broker, registry, actions, telemetry, dashboard');
  cloud
    .command('run')
    .description('run the backend until it is told to stop')
    .addOption(new Option('--config <file>', 'configuration in JSON (see docs/configuration.md)'))
    .action(async (options: { config?: string }, command: Command) => {
      const context = createContext(command, 'info');
      const directory = join(dataDirectory(command, context.env), 'cloud');
      await runProgram(context, async () => {
        const config = options.config
          ? await loadConfig(cloudConfig, options.config)
          : parseConfig(cloudConfig, { dataDir: directory }, 'the built-in configuration');
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
