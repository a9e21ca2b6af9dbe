/** `gatehouse serve`: restic's REST protocol for other machines on the network, and who may use it. */
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Context, createContext, dataDirectory } from '../context.js';
import { usageError } from '../exit-code.js';
import { append, sizeBytes } from '../option-values.js';
import { findPassword } from '../password.js';
import { runProgram } from '../run-program.js';
import { formatBytes, formatTable } from '../terminal.js';

interface ServeFlags {
  readonly root: string;
  readonly listen: { host: string; port: number };
  readonly hostname?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tls: boolean;
}

export function addServe(program: Command): void {
  const serve = program
    .command('serve')
    .description("a backup server for the network: stock restic backs up to this machine's disk");
  addRun(serve);
  const user = serve.command('user').description('who may use the server');
  addUserAdd(user);
  addUserList(user);
  addUserRemove(user);
}

function addRun(serve: Command): void {
  serve
    .command('run')
    .description('serve until told to stop; each user has a folder of that name below the root')
    .addOption(new Option('--root <dir>', 'folder of the repositories').makeOptionMandatory())
    .addOption(
      new Option('--listen <host:port>', 'address to listen on')
        .argParser(hostAndPort)
        .default({ host: '127.0.0.1', port: 8000 }, '127.0.0.1:8000'),
    )
    .addOption(
      new Option(
        '--hostname <name>',
        'name or address by which clients call this machine, for its certificate (may be repeated)',
      ).argParser(append),
    )
    .addOption(new Option('--tls-cert <file>', 'certificate in PEM (default: one of our own authority)'))
    .addOption(new Option('--tls-key <file>', 'its private key in PEM'))
    .addOption(new Option('--no-tls', 'plain HTTP, on loopback only'))
    .addHelpText(
      'after',
      `
On a laptop, with the file that the server names at its start:
  restic --cacert ca.pem -r rest:https://USER:PASSWORD@HOST:8000/USER/laptop init`,
    )
    .action(async (flags: ServeFlags, command: Command) => {
      const context = createContext(command, 'info');
      await runProgram(context, async () => {
        const { openRestServer } = await import('../../gateway/rest/server.js');
        const folder = serveFolder(command, context);
        const tls = flags.tls ? await tlsFiles(flags, folder, context) : undefined;
        const program = await openRestServer({
          ...flags.listen,
          ...(tls === undefined ? {} : { tls }),
          root: resolve(flags.root),
          usersFile: join(folder, 'users.json'),
          clock: context.clock,
          log: context.log,
        });
        return {
          program,
          facts: { origin: program.origin, caFile: tls?.caFile ?? null },
          greeting: `Serving ${resolve(flags.root)} at ${program.origin}.${tls?.caFile === undefined ? '' : ` Clients check it with --cacert ${tls.caFile}.`} Ctrl-C stops it.`,
        };
      });
    });
}

async function tlsFiles(flags: ServeFlags, folder: string, context: Context) {
  const { Secret } = await import('../../core/secret.js');
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined)) {
    throw usageError('A certificate needs its key.', 'Give --tls-cert and --tls-key together.');
  }
  if (flags.tlsCert !== undefined && flags.tlsKey !== undefined) {
    const { readFile } = await import('node:fs/promises');
    const [certificatePem, key] = await Promise.all([
      readFile(flags.tlsCert, 'utf8'),
      readFile(flags.tlsKey, 'utf8'),
    ]);
    return { keyPem: new Secret(key), certificatePem, caFile: undefined };
  }
  const { Authority } = await import('../../core/pki/authority.js');
  const { hostname } = await import('node:os');
  const directory = join(folder, 'certificates');
  const authority = await Authority.open({ directory, clock: context.clock });
  const hosts = [hostname(), ...(flags.hostname ?? []), ...listenedHost(flags.listen.host)];
  return { ...(await authority.serverCertificate(hosts)), caFile: join(directory, 'ca.pem') };
}

/** "All addresses" is none that a client could call. */
function listenedHost(host: string): string[] {
  return host === '0.0.0.0' || host === '::' ? [] : [host];
}

function addUserAdd(user: Command): void {
  user
    .command('add')
    .description('add a user, or give one a new password and new limits')
    .argument('<name>', 'letters, digits, ".", "-" and "_"')
    .addOption(new Option('--user-password-file <file>', 'file with the password (default: asks)'))
    .addOption(new Option('--append-only', 'may add backups, never remove or change any'))
    .addOption(
      new Option('--quota <size>', 'most that all its repositories take up: 500G').argParser(sizeBytes),
    )
    .action(
      async (
        name: string,
        flags: { userPasswordFile?: string; appendOnly?: boolean; quota?: number },
        command: Command,
      ) => {
        const context = createContext(command);
        const password = await findPassword(
          {
            env: {},
            input: process.stdin,
            output: process.stderr,
            ...(flags.userPasswordFile === undefined ? {} : { passwordFile: flags.userPasswordFile }),
          },
          true,
        );
        const users = await openUsers(command, context);
        await users.set(name, password, {
          appendOnly: flags.appendOnly ?? false,
          quotaBytes: flags.quota ?? null,
        });
        if (context.terminal.json) context.terminal.printJson({ message_type: 'user', name });
        else context.terminal.note(`User ${name} may use the server.`);
      },
    );
}

function addUserList(user: Command): void {
  user
    .command('list')
    .description('list the users and their limits')
    .action(async (_flags: object, command: Command) => {
      const context = createContext(command);
      const users = await (await openUsers(command, context)).list();
      const shown = users.map(({ name, appendOnly, quotaBytes }) => ({ name, appendOnly, quotaBytes }));
      if (context.terminal.json) return context.terminal.printJson(shown);
      const rows = shown.map(({ name, appendOnly, quotaBytes }) => [
        name,
        appendOnly ? 'append-only' : 'full',
        quotaBytes === null ? 'none' : formatBytes(quotaBytes),
      ]);
      for (const line of formatTable([['USER', 'ACCESS', 'QUOTA'], ...rows])) context.terminal.print(line);
    });
}

function addUserRemove(user: Command): void {
  user
    .command('remove')
    .description('lock a user out at once; the backups stay')
    .argument('<name>', 'see "gatehouse serve user list"')
    .action(async (name: string, _flags: object, command: Command) => {
      const context = createContext(command);
      await (await openUsers(command, context)).remove(name);
      if (context.terminal.json) context.terminal.printJson({ message_type: 'user_removed', name });
      else context.terminal.note(`User ${name} is locked out; its backups are still there.`);
    });
}

async function openUsers(command: Command, context: Context) {
  const { makePrivateFolder } = await import('../../core/files.js');
  const { RestUsers } = await import('../../gateway/rest/users.js');
  const folder = serveFolder(command, context);
  await makePrivateFolder(folder);
  return new RestUsers(join(folder, 'users.json'), context.clock);
}

function serveFolder(command: Command, context: Context): string {
  return join(dataDirectory(command, context.env), 'serve');
}

function hostAndPort(text: string): { host: string; port: number } {
  const [, v6, host = v6 ?? '', digits = ''] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  if (host === '' || Number(digits) > 65_535) {
    throw new InvalidArgumentError('Write HOST:PORT, such as 0.0.0.0:8000 or [::]:8000.');
  }
  return { host, port: Number(digits) };
}
