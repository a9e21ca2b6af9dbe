/** The options that every repository command shares, named as restic names them. */
import { type Command, Option } from 'commander';
import { type Lifetimes, opening } from '../core/lifecycle.js';
import type { Bucket } from '../gateway/bucket/bucket.js';
import type { StorageClasses } from '../gateway/bucket/s3-connection.js';
import type { Repository } from '../gateway/repository/repository.js';
import type { InitOptions } from '../gateway/repository/types.js';
import { credentialFiles } from './bucket-options.js';
import { cacheFolder } from './cache-folder.js';
import type { Context } from './context.js';
import { usageError } from './exit-code.js';
import { count, duration, instant, packSize, storageClasses } from './option-values.js';
import { findPassword } from './password.js';
import { openTemporaryFolder } from './temporary-folder.js';
import { type LimitFlags, shareThrottle, withLimitOptions } from './throttle-options.js';

export interface RepositoryFlags extends LimitFlags {
  readonly repo?: string;
  readonly passwordFile?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly storageClass?: StorageClasses;
  /** False with --no-cache. */
  readonly cache?: boolean;
  readonly cacheDir?: string;
  readonly retryLock?: number;
  /** False for `--no-lock`, which only commands that read have. */
  readonly lock?: boolean;
  /** Milliseconds since 1970; of commands that read. */
  readonly asOf?: number;
  readonly objectLock?: 'governance' | 'compliance';
  readonly lockDays?: number;
}

export function withRepositoryOptions(command: Command): Command {
  return withLimitOptions(command)
    .addOption(
      new Option(
        '-r, --repo <repository>',
        's3://bucket/prefix, file:///path or a plain path (or GATEHOUSE_REPOSITORY)',
      ),
    )
    .addOption(
      new Option(
        '-p, --password-file <file>',
        'file with the password (or GATEHOUSE_PASSWORD, GATEHOUSE_PASSWORD_FILE)',
      ),
    )
    .addOption(new Option('--endpoint <url>', 'S3 endpoint when it is not AWS (or AWS_ENDPOINT_URL_S3)'))
    .addOption(new Option('--region <region>', 'S3 region (or AWS_REGION)'))
    .addOption(
      new Option(
        '--storage-class <classes>',
        'S3 classes of what is written: data=GLACIER_IR,metadata=STANDARD',
      ).argParser(storageClasses),
    )
    .addOption(
      new Option(
        '--cache-dir <dir>',
        'for copies of metadata and what backups remember (default: $XDG_CACHE_HOME/gatehouse)',
      ),
    )
    .addOption(
      new Option('--no-cache', 'keep no copies of metadata on this machine, remember nothing of backups'),
    )
    .addOption(
      new Option('--retry-lock <duration>', 'wait so long for a lock of others: 5m, 1h').argParser(duration),
    );
}

/** For commands that change nothing. */
export function withReaderOptions(command: Command): Command {
  return withRepositoryOptions(command)
    .option('--no-lock', 'take no lock; for a repository that cannot be written')
    .addOption(
      new Option(
        '--as-of <time>',
        'as it was then, in a versioned bucket: "2026-01-02 03:04" or RFC 3339; takes no lock',
      ).argParser(instant),
    );
}

/** For commands that write files which shall stay. */
export function withObjectLockOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--object-lock <mode>', 'lock what is written, in a bucket made with Object Lock').choices([
        'governance',
        'compliance',
      ]),
    )
    .addOption(new Option('--lock-days <n>', 'for so many days (default: 30)').argParser(count));
}

/** A second repository, from which something is taken. */
export interface SourceFlags {
  readonly fromRepo?: string;
  readonly fromPasswordFile?: string;
  readonly fromEndpoint?: string;
  readonly fromRegion?: string;
  readonly fromAsOf?: number;
}

export function withSourceOptions(command: Command): Command {
  return command
    .option('--from-repo <repository>', 'the repository to take from (or GATEHOUSE_FROM_REPOSITORY)')
    .option(
      '--from-password-file <file>',
      'file with its password (or GATEHOUSE_FROM_PASSWORD, GATEHOUSE_FROM_PASSWORD_FILE)',
    )
    .option('--from-endpoint <url>', 'its S3 endpoint; as --endpoint unless told')
    .option('--from-region <region>', 'its S3 region; as --region unless told')
    .addOption(new Option('--from-as-of <time>', 'as it was then, in a versioned bucket').argParser(instant));
}

/** Opens the repository that `--from-repo` names. */
export function openSourceRepository(
  context: Context,
  flags: RepositoryFlags & SourceFlags,
): Promise<OpenedRepository> {
  const { env } = context;
  const named = (name: string) => env[`GATEHOUSE_FROM_${name}`] ?? env[`RESTIC_FROM_${name}`];
  const repo = flags.fromRepo ?? named('REPOSITORY');
  if (repo === undefined) {
    throw usageError('From which repository?', 'Give --from-repo, or set GATEHOUSE_FROM_REPOSITORY.');
  }
  const hasPassword = flags.fromPasswordFile ?? named('PASSWORD') ?? named('PASSWORD_FILE');
  if (hasPassword === undefined && !process.stdin.isTTY) {
    throw usageError(
      'No password for the repository to take from.',
      'Give --from-password-file FILE, or set GATEHOUSE_FROM_PASSWORD or GATEHOUSE_FROM_PASSWORD_FILE.',
    );
  }
  const { GATEHOUSE_PASSWORD: _p, RESTIC_PASSWORD: _r, ...rest } = env;
  const sourceEnv = {
    ...rest,
    GATEHOUSE_PASSWORD: named('PASSWORD'),
    GATEHOUSE_PASSWORD_FILE: named('PASSWORD_FILE'),
    RESTIC_PASSWORD_FILE: undefined,
  };
  const { passwordFile: _file, repo: _repo, objectLock: _lock, endpoint, region, ...shared } = flags;
  const { fromPasswordFile, fromEndpoint = endpoint, fromRegion = region, fromAsOf } = flags;
  return openRepository(
    { ...context, env: sourceEnv },
    {
      ...shared,
      repo,
      ...(fromPasswordFile === undefined ? {} : { passwordFile: fromPasswordFile }),
      ...(fromEndpoint === undefined ? {} : { endpoint: fromEndpoint }),
      ...(fromRegion === undefined ? {} : { region: fromRegion }),
      ...(fromAsOf === undefined ? {} : { asOf: fromAsOf }),
    },
  );
}

/** How packs are written. */
export interface PackFlags {
  readonly packSize?: number;
  readonly compression?: 'auto' | 'off' | 'max';
  /** Milliseconds. */
  readonly indexEvery?: number;
}

export function withPackOptions(command: Command): Command {
  return withObjectLockOptions(command)
    .addOption(new Option('--pack-size <MiB>', 'size of packs, 4 to 128 (default: 16)').argParser(packSize))
    .addOption(
      new Option('--compression <mode>', 'off leaves file contents as they are; max is slow')
        .choices(['auto', 'off', 'max'])
        .default('auto'),
    )
    .addOption(
      new Option(
        '--index-every <duration>',
        'record what is stored so often; a run that is cut short goes on from there (default: 5m)',
      ).argParser(duration),
    );
}

export interface OpenedRepository {
  readonly repository: Repository;
  /** The repository's own, for what is done to it as a whole. */
  readonly bucket: Bucket;
  /** Where it is, for messages. */
  readonly location: string;
  /** Closes the repository, the bucket and the temporary folder. */
  readonly lifetimes: Lifetimes;
}

/** How the repository is opened: `open` one that exists, or `init` a new one. */
export async function openRepository(
  context: Context,
  flags: RepositoryFlags & PackFlags,
  how: 'open' | 'init' = 'open',
  making: Pick<InitOptions, 'version' | 'polynomial'> = {},
): Promise<OpenedRepository> {
  const { env } = context;
  const location = flags.repo ?? env['GATEHOUSE_REPOSITORY'] ?? env['RESTIC_REPOSITORY'];
  if (location === undefined) {
    throw usageError(
      'Which repository?',
      'Give -r s3://bucket/prefix or -r /path, or set GATEHOUSE_REPOSITORY.',
    );
  }
  const password = await findPassword(
    {
      env,
      input: process.stdin,
      output: process.stderr,
      ...(flags.passwordFile === undefined ? {} : { passwordFile: flags.passwordFile }),
    },
    how === 'init',
  );
  const { openBucket } = await import('../gateway/bucket/open.js');
  const { parseLocation } = await import('../gateway/bucket/location.js');
  const { Repository } = await import('../gateway/repository/repository.js');
  return opening(async (lifetimes) => {
    const temporaryFolder = await openTemporaryFolder(context, lifetimes);
    const { wire } = await shareThrottle(context, flags, lifetimes);
    const options = { ...bucketOptions(context, flags), wire };
    const { viewOf } = await import('./repository-view.js');
    const opened = lifetimes.add('bucket', await openBucket(location, options));
    const { clock, log, signal } = context;
    const bucket = viewOf(opened, flags, clock);
    const isCached =
      parseLocation(location).kind === 's3' && flags.cache !== false && flags.asOf === undefined;
    const repository = await Repository[how]({
      bucket,
      password,
      temporaryFolder,
      ...(isCached ? { cacheFolder: cacheFolder(env, flags.cacheDir) } : {}),
      clock,
      log,
      signal,
      ...packing(flags),
      ...(flags.retryLock === undefined ? {} : { retryLockMs: flags.retryLock }),
      noLock: flags.lock === false || flags.asOf !== undefined,
      ...making,
    });
    lifetimes.add('repository', repository);
    return { repository, bucket, location: bucket.location, lifetimes };
  });
}

function packing({ packSize: mebibytes, compression, indexEvery }: PackFlags) {
  return {
    ...(indexEvery === undefined ? {} : { indexEveryMs: indexEvery }),
    ...(mebibytes === undefined ? {} : { packSizeBytes: mebibytes * 1024 * 1024 }),
    ...(compression === 'off' ? { compress: false } : {}),
  };
}

/** How a bucket is opened, from flags and the environment. */
export function bucketOptions(context: Context, flags: RepositoryFlags) {
  const { env, clock, log } = context;
  const endpoint = flags.endpoint ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
  const region = flags.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  return {
    clock,
    log,
    endpoint,
    region,
    credentialFiles: credentialFiles(env),
    storageClasses: flags.storageClass,
    createsWithObjectLock: flags.objectLock !== undefined,
  };
}
