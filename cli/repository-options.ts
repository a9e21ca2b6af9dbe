/** The options that every repository command shares, named as restic names them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { type Lifetimes, opening } from '../core/lifecycle.js';
import type { Repository } from '../gateway/repository/repository.js';
import type { Context } from './context.js';
import { usageError } from './exit-code.js';
import { packSize, rate } from './option-values.js';
import { findPassword } from './password.js';

export interface RepositoryFlags {
  readonly repo?: string;
  readonly passwordFile?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly limitUpload?: number;
  readonly limitDownload?: number;
}

export function withRepositoryOptions(command: Command): Command {
  return command
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
        '--limit-upload <rate>',
        'at most this: 300k, 2M per second; a plain number is KiB/s',
      ).argParser(rate),
    )
    .addOption(new Option('--limit-download <rate>', 'at most this, as --limit-upload').argParser(rate));
}

/** How packs are written. */
export interface PackFlags {
  readonly packSize?: number;
  readonly compression?: 'auto' | 'off' | 'max';
}

export function withPackOptions(command: Command): Command {
  return command
    .addOption(new Option('--pack-size <MiB>', 'size of packs, 4 to 128 (default: 16)').argParser(packSize))
    .addOption(
      new Option('--compression <mode>', 'off leaves file contents as they are; max is slow')
        .choices(['auto', 'off', 'max'])
        .default('auto'),
    );
}

export interface OpenedRepository {
  readonly repository: Repository;
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
  const { Repository } = await import('../gateway/repository/repository.js');
  return opening(async (lifetimes) => {
    const temporaryFolder = await mkdtemp(join(env['TMPDIR'] || tmpdir(), 'gatehouse-'));
    lifetimes.defer('temporary folder', () => rm(temporaryFolder, { recursive: true, force: true }));
    const bucket = lifetimes.add('bucket', await openBucket(location, bucketOptions(context, flags)));
    const { clock, log, signal } = context;
    const repository = await Repository[how]({
      bucket,
      password,
      temporaryFolder,
      clock,
      log,
      signal,
      ...packing(flags),
    });
    lifetimes.add('repository', repository);
    return { repository, location: bucket.location, lifetimes };
  });
}

function packing({ packSize: mebibytes, compression }: PackFlags) {
  return {
    ...(mebibytes === undefined ? {} : { packSizeBytes: mebibytes * 1024 * 1024 }),
    ...(compression === 'off' ? { compress: false } : {}),
  };
}

function bucketOptions(context: Context, flags: RepositoryFlags) {
  const { env, clock, log } = context;
  const endpoint = flags.endpoint ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
  const region = flags.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  return {
    clock,
    log,
    endpoint,
    region,
    limitUploadBytesPerSecond: flags.limitUpload,
    limitDownloadBytesPerSecond: flags.limitDownload,
  };
}
