/**
 * The jobs that a command is about: of the gateway that runs, or, when none does, of the same
 * configuration opened in this process.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { loadConfig } from '../core/config.js';
import type { JobControl } from '../gateway/control/control.js';
import { type Context, dataDirectory } from './context.js';
import { usageError } from './exit-code.js';
import { version } from './version.js';

export interface FoundJobs {
  readonly jobs: JobControl;
  /** True when a gateway runs; otherwise runs end with this process. */
  readonly isRemote: boolean;
}

export function withConfigOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--config <file>',
      "the gateway's configuration (or GATEHOUSE_GATEWAY_CONFIG; default: config/gateway.json in the data directory, then /etc/gatehouse/gateway.json)",
    ),
  );
}

/**
 * @param purpose `run` also tells the backend and people how it went.
 * @throws USAGE without a configuration, CONFIG_INVALID, ALREADY_RUNNING while a gateway starts, and what `work` throws.
 */
export async function withJobs<T>(
  context: Context,
  command: Command,
  purpose: 'look' | 'run',
  work: (found: FoundJobs) => Promise<T>,
): Promise<T> {
  const { gatewayConfig } = await import('../gateway/config.js');
  const { ControlClient } = await import('../gateway/control/control-client.js');
  const config = await loadConfig(gatewayConfig, await findConfig(context, command));
  const client = await ControlClient.find(config.dataDir);
  if (client !== undefined) return await work({ jobs: client, isRemote: true });
  const { openGateway } = await import('../gateway/main.js');
  const { clock, log, env } = context;
  const gateway = await openGateway(config, {
    clock,
    log,
    version,
    endpoint: env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'],
    region: env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'],
    mode: purpose,
  });
  try {
    return await work({ jobs: gateway.jobs, isRemote: false });
  } finally {
    await gateway.close();
  }
}

async function findConfig(context: Context, command: Command): Promise<string> {
  const { config } = command.optsWithGlobals<{ config?: string }>();
  const named = config ?? context.env['GATEHOUSE_GATEWAY_CONFIG'];
  if (named !== undefined) return named;
  const places = [
    join(dataDirectory(command, context.env), 'config', 'gateway.json'),
    '/etc/gatehouse/gateway.json',
  ];
  for (const place of places) {
    const isThere = await access(place).then(
      () => true,
      () => false,
    );
    if (isThere) return place;
  }
  throw usageError(
    'Which gateway?',
    `Give its configuration with --config FILE; there is none in ${places.join(' or ')}.`,
  );
}
