/** What every command that talks to a running backend shares: its options and its client. */
import { type Command, Option } from 'commander';
import { ApiClient, findTarget } from './api-client.js';
import { type Context, createContext } from './context.js';

export function addBackendOptions(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'backend to talk to (default: the one in the data directory)'))
    .addOption(new Option('--token-file <file>', 'file with its API token'));
}

/** @throws NOT_RUNNING */
export async function connectBackend(command: Command): Promise<Context & { readonly api: ApiClient }> {
  const context = createContext(command);
  return { ...context, api: new ApiClient(await findTarget(command, context.env)) };
}
