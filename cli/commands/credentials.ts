/** `gatehouse credentials rotate`: new access keys in four steps, the old ones working until the last. */
import { type Command, Option } from 'commander';
import type { UserAccessKeys } from '../../gateway/security/access-keys.js';
import type { CredentialFiles } from '../../gateway/security/credential-files.js';
import type { Rotation } from '../../gateway/security/rotation.js';
import {
  type BucketFlags,
  bucketPlace,
  credentialFiles,
  s3Options,
  withBucketOptions,
} from '../bucket-options.js';
import { type Context, createContext } from '../context.js';
import { exitCodes, usageError } from '../exit-code.js';

interface FileFlags {
  readonly idFile?: string;
  readonly secretFile?: string;
}

interface IamFlags {
  readonly user?: string;
  readonly iamEndpoint?: string;
  readonly profile?: string;
}

const help = `
The keys lie in two files, one value each, as the configuration's accessKeyIdFile and
secretAccessKeyFile. Every step can be repeated, also after it was killed.
  gatehouse credentials rotate create --user nas     a new key, by IAM (keys of AWS_PROFILE or --profile)
  gatehouse credentials rotate set                   puts it beside the old one
  gatehouse credentials rotate test -r REPOSITORY    writes, reads and lists with it
  gatehouse credentials rotate finish --user nas     uses it, and deletes the old one
Without IAM: make a key by hand, "create --key-file FILE" with id and secret, one line each; after
"finish" delete the old one where you made it.`;

export function addCredentials(program: Command): void {
  const rotate = program
    .command('credentials')
    .description('the access keys of a bucket')
    .command('rotate')
    .description('replace access keys in four steps')
    .addHelpText('after', help);
  addCreate(rotate);
  addSet(rotate);
  addTest(rotate);
  addFinish(rotate);
  addStatus(rotate);
}

function withFiles(command: Command): Command {
  return command
    .addOption(new Option('--id-file <file>', 'with the access key id (or GATEHOUSE_ACCESS_KEY_ID_FILE)'))
    .addOption(new Option('--secret-file <file>', 'with the secret (or GATEHOUSE_SECRET_ACCESS_KEY_FILE)'));
}

function withIam(command: Command): Command {
  return withFiles(command)
    .addOption(new Option('--user <name>', 'the IAM user whose keys they are'))
    .addOption(new Option('--iam-endpoint <url>', 'when it is not AWS (or AWS_ENDPOINT_URL_IAM)'))
    .addOption(new Option('--profile <name>', 'section of ~/.aws with the keys that may manage that user'));
}

function addCreate(rotate: Command): void {
  withIam(rotate.command('create'))
    .description('step 1: a new access key')
    .addOption(new Option('--key-file <file>', 'with a key made by hand: id and secret, one line each'))
    .action(async (flags: FileFlags & IamFlags & { readonly keyFile?: string }, command: Command) => {
      const context = createContext(command);
      const rotation = await openRotation(context, flags);
      const { keyFile } = flags;
      const id =
        keyFile !== undefined
          ? await rotation.create({ keyFile })
          : await withUser(context, flags, (user) => rotation.create(user));
      say(context, 'created', id, `The new key ${id} is kept; next: "gatehouse credentials rotate set".`);
    });
}

function addSet(rotate: Command): void {
  withFiles(rotate.command('set'))
    .description('step 2: put it beside the old one')
    .action(async (flags: FileFlags, command: Command) => {
      const context = createContext(command);
      const id = await (await openRotation(context, flags)).set();
      say(
        context,
        'set',
        id,
        `The new key ${id} waits beside the old one; next: "... rotate test -r REPOSITORY".`,
      );
    });
}

function addTest(rotate: Command): void {
  withFiles(withBucketOptions(rotate.command('test')))
    .description('step 3: write, read and list with the new one')
    .action(async (flags: FileFlags & BucketFlags, command: Command) => {
      const context = createContext(command);
      const rotation = await openRotation(context, flags);
      const keys = await rotation.pending();
      const { openBucket } = await import('../../gateway/bucket/open.js');
      const { tryAccessKeys } = await import('../../gateway/security/key-trial.js');
      const { credentialFiles: _files, ...options } = s3Options(context, flags);
      const bucket = await openBucket(await bucketPlace(context, flags), { ...options, keys });
      try {
        const trials = await tryAccessKeys(bucket, { signal: context.signal });
        for (const { what, problem } of trials) {
          if (context.terminal.json)
            context.terminal.printJson({ message_type: 'trial', what, problem: problem ?? null });
          else context.terminal.print(`${what}: ${problem ?? 'ok'}`);
        }
        if (trials.some(({ problem, isNeeded }) => isNeeded && problem !== undefined)) {
          context.setExitCode(exitCodes.failed);
          return;
        }
      } finally {
        await bucket.close();
      }
      await rotation.markTested(keys.accessKeyId);
      const next = `The new key ${keys.accessKeyId} works; next: "... rotate finish".`;
      say(context, 'tested', keys.accessKeyId, next);
    });
}

function addFinish(rotate: Command): void {
  withIam(rotate.command('finish'))
    .description('step 4: use it, and delete the old one')
    .action(async (flags: FileFlags & IamFlags, command: Command) => {
      const context = createContext(command);
      const rotation = await openRotation(context, flags);
      const { user } = flags;
      const remove = (old: string) => withUser(context, flags, (keys) => keys.remove(old));
      const old = await rotation.finish(user === undefined ? undefined : remove);
      const { inUse } = await rotation.status();
      if (old === undefined) say(context, 'idle', inUse, `Nothing to finish: ${inUse} is in use.`);
      else if (user === undefined)
        say(
          context,
          'finished',
          inUse,
          `${inUse} is in use. Now delete the old key ${old} where you made it.`,
        );
      else say(context, 'finished', inUse, `${inUse} is in use; the old key ${old} is deleted.`);
    });
}

function addStatus(rotate: Command): void {
  withFiles(rotate.command('status'))
    .description('which step is next')
    .action(async (flags: FileFlags, command: Command) => {
      const context = createContext(command);
      const status = await (await openRotation(context, flags)).status();
      if (context.terminal.json) {
        const { step, inUse, next, old } = status;
        const ids = { in_use: inUse, next: next ?? null, old: old ?? null };
        context.terminal.printJson({ message_type: 'rotation', step, ...ids });
        return;
      }
      const { step, inUse, next, old } = status;
      context.terminal.print(`in use: ${inUse}`);
      if (next !== undefined) context.terminal.print(`new: ${next}`);
      if (old !== undefined) context.terminal.print(`to be deleted: ${old}`);
      context.terminal.print(`next step: ${nextSteps[step]}`);
    });
}

const nextSteps = { idle: 'create', created: 'set', set: 'test', tested: 'finish', finishing: 'finish' };

async function openRotation({ env }: Context, flags: FileFlags): Promise<Rotation> {
  const { Rotation: RotationOfFiles } = await import('../../gateway/security/rotation.js');
  return new RotationOfFiles(filesFrom(env, flags));
}

function filesFrom(env: NodeJS.ProcessEnv, { idFile, secretFile }: FileFlags): CredentialFiles {
  const { AWS_ACCESS_KEY_ID: _id, AWS_PROFILE: _profile, ...rest } = env;
  const known = credentialFiles(rest);
  const accessKeyIdFile = idFile ?? known?.accessKeyIdFile;
  const secretAccessKeyFile = secretFile ?? known?.secretAccessKeyFile;
  if (accessKeyIdFile === undefined || secretAccessKeyFile === undefined)
    throw usageError('Which credential files?', 'Give --id-file and --secret-file.');
  return { accessKeyIdFile, secretAccessKeyFile };
}

async function withUser<T>(
  { env, signal }: Context,
  { user, iamEndpoint, profile }: IamFlags,
  work: (keys: UserAccessKeys) => Promise<T>,
): Promise<T> {
  if (user === undefined) throw usageError('Whose access key?', 'Give --user NAME, or --key-file FILE.');
  const { UserAccessKeys: Keys } = await import('../../gateway/security/access-keys.js');
  const endpoint = iamEndpoint ?? env['AWS_ENDPOINT_URL_IAM'];
  const keys = await Keys.open({ user, endpoint, profile, signal });
  try {
    return await work(keys);
  } finally {
    keys.close();
  }
}

function say({ terminal }: Context, step: string, id: string, line: string): void {
  if (terminal.json) terminal.printJson({ message_type: 'summary', step, access_key_id: id });
  else terminal.print(line);
}
