/** `gatehouse key`: the passwords of a repository. */
import type { Command } from 'commander';
import type { ListedKey } from '../../gateway/commands/keys.js';
import { createContext } from '../context.js';
import { findNewPassword } from '../password.js';
import {
  openRepository,
  type RepositoryFlags,
  withObjectLockOptions,
  withReaderOptions,
  withRepositoryOptions,
} from '../repository-options.js';
import { formatTable, type Terminal } from '../terminal.js';

interface NewKeyFlags extends RepositoryFlags {
  readonly newPasswordFile?: string;
  readonly host?: string;
  readonly user?: string;
}

export function addKey(program: Command): void {
  const key = program
    .command('key')
    .description(
      'list, add, remove and change the passwords of a repository (access keys for AWS clients: "keys")',
    );
  withReaderOptions(key.command('list'))
    .description('list the keys; * marks the one in use')
    .action(listAction);
  withNewKeyOptions(key.command('add'))
    .description('let another password open the repository too')
    .action((flags: NewKeyFlags, command: Command) => newKeyAction(flags, command, 'addKey'));
  withRepositoryOptions(key.command('remove'))
    .description('take a password away')
    .argument('<id>', 'the key’s id or its beginning; not the one in use')
    .action(removeAction);
  withNewKeyOptions(key.command('passwd'))
    .description('change the password in use')
    .action((flags: NewKeyFlags, command: Command) => newKeyAction(flags, command, 'changePassword'));
}

function withNewKeyOptions(command: Command): Command {
  return withObjectLockOptions(withRepositoryOptions(command))
    .option('--new-password-file <file>', 'file with the new password; asked for if absent')
    .option('--host <name>', 'host name to note in the key')
    .option('--user <name>', 'user name to note in the key');
}

async function listAction(flags: RepositoryFlags, command: Command): Promise<void> {
  const context = createContext(command);
  const { listKeys } = await import('../../gateway/commands/keys.js');
  const { repository, lifetimes } = await openRepository(context, flags);
  try {
    showKeys(context.terminal, await listKeys(repository, { signal: context.signal }));
  } finally {
    await lifetimes.close();
  }
}

/** restic's fields; times in UTC. */
function showKeys(terminal: Terminal, keys: readonly ListedKey[]): void {
  const shown = keys.map(({ isCurrent, id, username, hostname, created }) => {
    const ms = Date.parse(created);
    const time = Number.isNaN(ms) ? '' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
    return { current: isCurrent, id, userName: username, hostName: hostname, created: time };
  });
  if (terminal.json) {
    terminal.printJson(shown);
    return;
  }
  const rows = shown.map(({ current, id, userName, hostName, created }) => [
    `${current ? '*' : ' '}${id.slice(0, 8)}`,
    userName,
    hostName,
    created,
  ]);
  for (const line of formatTable([[' ID', 'USER', 'HOST', 'CREATED (UTC)'], ...rows])) terminal.print(line);
}

async function newKeyAction(
  flags: NewKeyFlags,
  command: Command,
  what: 'addKey' | 'changePassword',
): Promise<void> {
  const context = createContext(command);
  const { terminal, clock, signal } = context;
  const keys = await import('../../gateway/commands/keys.js');
  const { repository, lifetimes } = await openRepository(context, flags);
  try {
    const { newPasswordFile, host, user } = flags;
    const password = await findNewPassword({
      input: process.stdin,
      output: process.stderr,
      ...(newPasswordFile === undefined ? {} : { passwordFile: newPasswordFile }),
    });
    const id = await keys[what](repository, {
      password,
      clock,
      ...(host === undefined ? {} : { hostname: host }),
      ...(user === undefined ? {} : { username: user }),
      signal,
    });
    if (terminal.json) terminal.printJson({ message_type: 'summary', id });
    else terminal.print(`Saved the new key as ${id.slice(0, 8)}.`);
  } finally {
    await lifetimes.close();
  }
}

async function removeAction(prefix: string, flags: RepositoryFlags, command: Command): Promise<void> {
  const context = createContext(command);
  const { terminal, signal } = context;
  const { removeKey } = await import('../../gateway/commands/keys.js');
  const { repository, lifetimes } = await openRepository(context, flags);
  try {
    const id = await removeKey(repository, prefix, { signal });
    if (terminal.json) terminal.printJson({ message_type: 'summary', id });
    else terminal.print(`Removed the key ${id.slice(0, 8)}.`);
  } finally {
    await lifetimes.close();
  }
}
