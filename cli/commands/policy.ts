/** `gatehouse policy`: what a thief with the NAS's keys may do: printed, set, and tried. */
import { type Command, Option } from 'commander';
import { opening } from '../../core/lifecycle.js';
import type { S3Location } from '../../gateway/bucket/location.js';
import type { Wishes } from '../../gateway/policy/documents.js';
import type { Setting } from '../../gateway/policy/live.js';
import type { Trial } from '../../gateway/policy/trial.js';
import { type BucketFlags, bucketPlace, withBucketOptions } from '../bucket-options.js';
import { type Context, createContext } from '../context.js';
import { exitCodes, usageError } from '../exit-code.js';
import { count } from '../option-values.js';
import { withObjectLockOptions } from '../repository-options.js';
import { lockRule } from '../repository-view.js';

interface PolicyFlags extends BucketFlags {
  readonly objectLock?: 'governance' | 'compliance';
  readonly lockDays?: number;
  readonly dropUploads: number;
  readonly dropVersions: number;
  readonly mfaDelete?: boolean;
  readonly blockPublic: boolean;
}

export function addPolicy(program: Command): void {
  const policy = program
    .command('policy')
    .description('two sets of keys, of which the one on the NAS can only add')
    .addHelpText(
      'after',
      '\nWithout a subcommand it prints the policies of both sets and the set-up of the bucket.',
    );
  addShow(policy);
  addApply(policy);
  addCheck(policy);
}

function withWishes(command: Command): Command {
  return withObjectLockOptions(withBucketOptions(command))
    .addOption(
      new Option('--drop-uploads <days>', 'what uploads left that were cut off').argParser(count).default(7),
    )
    .addOption(
      new Option('--drop-versions <days>', 'what was overwritten or deleted so long ago')
        .argParser(count)
        .default(90),
    )
    .addOption(new Option('--mfa-delete', 'permanent deletes want the token of a device (AWS, root user)'))
    .addOption(
      new Option('--no-block-public', 'do not forbid public access; Ceph 16 refuses all uploads with it'),
    );
}

function addShow(policy: Command): void {
  withWishes(policy.command('show', { isDefault: true }))
    .description('print the policies for IAM and the set-up of the bucket')
    .addOption(new Option('--format <format>', 'text or json').choices(['text', 'json']).default('text'))
    .action(async (flags: PolicyFlags & { readonly format: string }, command: Command) => {
      const { terminal } = createContext(command);
      const { everydayPolicy, maintenancePolicy } = await import('../../gateway/policy/documents.js');
      const { awsCommands, setupFor } = await import('../../gateway/policy/setup.js');
      const wishes = await wishesFrom(createContext(command), flags);
      const [everyday, maintenance] = [everydayPolicy(wishes), maintenancePolicy(wishes)];
      if (terminal.json || flags.format === 'json') {
        const commands = awsCommands(wishes);
        terminal.printJson({ everyday, maintenance, bucket: setupFor(wishes), commands });
        return;
      }
      const paragraph = (title: string, lines: readonly string[]) => {
        terminal.print(terminal.style('bold', title));
        for (const line of lines) terminal.print(line);
        terminal.print('');
      };
      paragraph('Policy of the everyday keys, for the machine that makes backups:', [pretty(everyday)]);
      paragraph('Policy of the maintenance keys, kept elsewhere:', [pretty(maintenance)]);
      paragraph('The bucket ("gatehouse policy apply" does the same):', awsCommands(wishes));
    });
}

function addApply(policy: Command): void {
  withWishes(policy.command('apply'))
    .description('set the bucket up, with the maintenance keys')
    .option('--dry-run', 'say what would be set')
    .option('--mfa <serial and token>', 'as "arn:aws:iam::1:mfa/me 123456"; to switch MFA Delete on')
    .action((flags: ApplyFlags, command: Command) => {
      const context = createContext(command);
      return withSettings(context, flags, (live) => applyAll(context, flags, live));
    });
}

interface ApplyFlags extends PolicyFlags {
  readonly dryRun?: boolean;
  readonly mfa?: string;
}

async function applyAll(context: Context, flags: ApplyFlags, live: Live): Promise<void> {
  const { signal, terminal } = context;
  const { applySetting } = await import('../../gateway/policy/live.js');
  const isDry = flags.dryRun === true;
  const mfa = flags.mfa === undefined ? {} : { mfa: flags.mfa };
  let differing = 0;
  for (const setting of live.settings) {
    if (setting.state === 'differs') {
      differing += 1;
      if (!isDry) await applySetting(live.connection, live.setup, setting, { signal, ...mfa });
    }
    showSetting(context, setting, isDry ? 'would set' : 'set');
    if (setting.state === 'hidden') context.setExitCode(exitCodes.failed);
  }
  if (terminal.json) terminal.printJson({ message_type: 'summary', settings: differing, dry_run: isDry });
}

function addCheck(policy: Command): void {
  withWishes(policy.command('check'))
    .description('compare a live bucket, and try what the keys can do')
    .addOption(
      new Option('--keys <set>', 'whose keys these are; with the everyday ones, forbidden calls are tried')
        .choices(['everyday', 'maintenance'])
        .default('everyday'),
    )
    .addHelpText(
      'after',
      '\nExit code 0 when all is as wanted, 1 otherwise. The forbidden calls are tried on the object\n' +
        '"gatehouse-probe" below the repository, which the check writes itself.',
    )
    .action(async (flags: PolicyFlags & { readonly keys: string }, command: Command) => {
      const context = createContext(command);
      const isEveryday = flags.keys === 'everyday';
      await withSettings(context, flags, async ({ connection, settings, place }) => {
        for (const setting of settings) showSetting(context, setting, 'differs');
        const trials = isEveryday ? await tryAll(context, flags, place, connection) : [];
        const { isAsWanted } = await import('../../gateway/policy/trial.js');
        const wrong = trials.filter((trial) => !isAsWanted(trial)).length;
        const missing = settings.filter(
          ({ state }) => state === 'differs' || (state === 'hidden' && !isEveryday),
        ).length;
        if (context.terminal.json)
          context.terminal.printJson({ message_type: 'summary', wrong, missing, ok: wrong + missing === 0 });
        else if (wrong + missing === 0) context.terminal.print('All is as wanted.');
        if (wrong + missing > 0) context.setExitCode(exitCodes.failed);
      });
    });
}

async function wishesFrom(context: Context, flags: PolicyFlags): Promise<Wishes> {
  const place = await bucketPlace(context, flags);
  if (place.kind !== 's3') throw usageError('Only a bucket has a policy.', 'Give -r s3://bucket/prefix.');
  return {
    place,
    lock: lockRule(flags),
    dropUploadsDays: flags.dropUploads,
    dropVersionsDays: flags.dropVersions,
    mfaDelete: flags.mfaDelete ?? false,
    blockPublic: flags.blockPublic,
  };
}

type Connection = import('../../gateway/bucket/s3-connection.js').S3Connection;

interface Live {
  readonly connection: Connection;
  readonly setup: import('../../gateway/policy/setup.js').BucketSetup;
  readonly settings: readonly Setting[];
  readonly place: S3Location;
}

async function withSettings(
  context: Context,
  flags: PolicyFlags,
  work: (live: Live) => Promise<void>,
): Promise<void> {
  const { S3Connection } = await import('../../gateway/bucket/s3-connection.js');
  const { compareSetup } = await import('../../gateway/policy/live.js');
  const { setupFor } = await import('../../gateway/policy/setup.js');
  const { withEndpoint } = await import('../../gateway/bucket/b2-endpoint.js');
  const { s3Options } = await import('../bucket-options.js');
  const wishes = await wishesFrom(context, flags);
  await opening(async (lifetimes) => {
    try {
      const options = s3Options(context, flags);
      const place = await withEndpoint(wishes.place, options);
      const connection = lifetimes.add('connection', await S3Connection.open(place, options));
      const setup = setupFor(wishes);
      const settings = await compareSetup(connection, setup, { signal: context.signal });
      await work({ connection, setup, settings, place });
    } finally {
      await lifetimes.close();
    }
  }, context.log);
}

function showSetting({ terminal }: Context, setting: Setting, verb: string): void {
  const { name, state, found, wanted } = setting;
  if (terminal.json) {
    terminal.printJson({ message_type: 'setting', setting: name, state, found, wanted });
    return;
  }
  if (state === 'as-wanted') terminal.print(`${name}: as wanted`);
  else if (state === 'hidden') terminal.print(`${name}: these keys may not look`);
  else if (state === 'unsupported') terminal.print(`${name}: this server has no such thing`);
  else {
    terminal.print(`${name}: ${verb}`);
    terminal.print(`  found  ${JSON.stringify(found)}`);
    terminal.print(`  wanted ${JSON.stringify(wanted)}`);
  }
}

async function tryAll(
  context: Context,
  flags: PolicyFlags,
  place: S3Location,
  connection: Connection,
): Promise<readonly Trial[]> {
  const { openBucket } = await import('../../gateway/bucket/open.js');
  const { s3Options } = await import('../bucket-options.js');
  const { isAsWanted, tryKeys } = await import('../../gateway/policy/trial.js');
  const { terminal, signal } = context;
  const bucket = await openBucket(place, s3Options(context, flags));
  try {
    const trials = await tryKeys(bucket, connection, { signal });
    for (const trial of trials) {
      const { what, isAllowed, mayBeAllowed, problem } = trial;
      if (terminal.json) {
        const outcome = { allowed: isAllowed, wanted: mayBeAllowed, problem: problem ?? null };
        terminal.printJson({ message_type: 'trial', what, ...outcome });
        continue;
      }
      const mark = isAsWanted(trial) ? terminal.style('green', 'ok') : terminal.style('red', 'WRONG');
      const outcome = problem ?? (isAllowed ? 'allowed' : 'refused');
      terminal.print(`${mark}: ${what}: ${outcome}`);
    }
    return trials;
  } finally {
    await bucket.close();
  }
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
