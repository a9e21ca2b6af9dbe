/** `gatehouse keys`: access keys with which AWS clients sign requests to the 1-Click API. */
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { GatehouseError, messageOf } from '../../core/errors.js';
import type { AccessKeyView, NewAccessKeyView } from '../../core/wire/project-api.js';
import { addBackendOptions, connectBackend } from '../backend.js';
import { formatTable } from '../terminal.js';

const help = `
With such a key the AWS CLI and SDKs talk to this backend as to AWS IoT 1-Click; see docs/oneclick.md:
  gatehouse keys create laptop
  aws iot1click-devices list-devices --endpoint-url http://127.0.0.1:8420
The passwords of a backup repository are something else: gatehouse key (without s).`;

export function addKeys(program: Command): void {
  const keys = addBackendOptions(program.command('keys'))
    .description('access keys for AWS clients (not the passwords of a repository: those are "key")')
    .addHelpText('after', help);
  addCreate(keys);
  addList(keys);
  addDelete(keys);
}

function addCreate(keys: Command): void {
  keys
    .command('create')
    .description('make a key; its secret is shown once')
    .argument('<name>', 'what it is for')
    .addOption(new Option('--policy <file>', 'IAM policy in JSON: what it may do (default: everything)'))
    .action(async (name: string, options: { policy?: string }, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const policy = options.policy === undefined ? {} : { policy: await readPolicy(options.policy) };
      const key = await api.post<NewAccessKeyView>('/keys', { name, ...policy });
      if (terminal.json) return terminal.printJson(key);
      terminal.print(`AWS_ACCESS_KEY_ID=${key.accessKeyId}`);
      terminal.print(`AWS_SECRET_ACCESS_KEY=${key.secretAccessKey}`);
      terminal.note('The secret is not shown again. Export both, or put them into ~/.aws/credentials.');
      return undefined;
    });
}

function addList(keys: Command): void {
  keys
    .command('list')
    .description('every key; with --json also its policy')
    .action(async (_options, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const list = await api.get<AccessKeyView[]>('/keys');
      if (terminal.json) return terminal.printJson(list);
      if (list.length === 0) return terminal.note('No keys yet. Make one: gatehouse keys create NAME');
      const rows = list.map(({ accessKeyId, name, createdAt }) => [accessKeyId, createdAt, name]);
      for (const line of formatTable([['ACCESS KEY ID', 'CREATED', 'NAME'], ...rows])) terminal.print(line);
      return undefined;
    });
}

function addDelete(keys: Command): void {
  keys
    .command('delete')
    .description('delete a key; requests signed with it fail at once')
    .argument('<id>', 'the access key id')
    .action(async (id: string, _options, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const answer = await api.delete<unknown>(`/keys/${encodeURIComponent(id)}`);
      if (terminal.json) return terminal.printJson(answer);
      terminal.print(`Deleted ${id}.`);
      return undefined;
    });
}

/** @throws POLICY_UNREADABLE */
async function readPolicy(filePath: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(filePath, 'utf8'));
  } catch (error) {
    throw new GatehouseError(
      'POLICY_UNREADABLE',
      `Cannot read the policy ${filePath}: ${messageOf(error)}.`,
      {
        cause: error,
        hint: 'Give a file with an IAM policy in JSON.',
      },
    );
  }
}
