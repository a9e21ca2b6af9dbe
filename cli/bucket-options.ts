/** The options of commands that work on a repository's bucket and need no password. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { Location } from '../gateway/bucket/location.js';
import type { Context } from './context.js';
import { usageError } from './exit-code.js';

export interface BucketFlags {
  readonly repo?: string;
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
}

export function withBucketOptions(command: Command): Command {
  return command
    .addOption(new Option('-r, --repo <repository>', 's3://bucket/prefix (or GATEHOUSE_REPOSITORY)'))
    .addOption(new Option('--endpoint <url>', 'S3 endpoint when it is not AWS (or AWS_ENDPOINT_URL_S3)'))
    .addOption(new Option('--region <region>', 'S3 region (or AWS_REGION)'))
    .addOption(new Option('--profile <name>', 'section of ~/.aws with the keys (or AWS_PROFILE)'));
}

/** @throws USAGE, LOCATION_MALFORMED. */
export async function bucketPlace({ env }: Context, flags: BucketFlags): Promise<Location> {
  const { parseLocation } = await import('../gateway/bucket/location.js');
  const text = flags.repo ?? env['GATEHOUSE_REPOSITORY'] ?? env['RESTIC_REPOSITORY'];
  if (text === undefined)
    throw usageError('Which repository?', 'Give -r s3://bucket/prefix, or set GATEHOUSE_REPOSITORY.');
  return parseLocation(text);
}

/**
 * Files with the keys, as a systemd service has them: named by the environment, or `access-key-id` and
 * `secret-access-key` in $CREDENTIALS_DIRECTORY. Keys in the environment itself win.
 */
export function credentialFiles(env: NodeJS.ProcessEnv) {
  if (env['AWS_ACCESS_KEY_ID'] !== undefined || env['AWS_PROFILE'] !== undefined) return undefined;
  const folder = env['CREDENTIALS_DIRECTORY'];
  const inFolder = (name: string) => {
    const file = folder === undefined ? undefined : join(folder, name);
    return file !== undefined && existsSync(file) ? file : undefined;
  };
  const accessKeyIdFile = env['GATEHOUSE_ACCESS_KEY_ID_FILE'] ?? inFolder('access-key-id');
  const secretAccessKeyFile = env['GATEHOUSE_SECRET_ACCESS_KEY_FILE'] ?? inFolder('secret-access-key');
  if (accessKeyIdFile === undefined || secretAccessKeyFile === undefined) return undefined;
  return { accessKeyIdFile, secretAccessKeyFile };
}

export function s3Options({ env, clock, log }: Context, flags: BucketFlags) {
  return {
    clock,
    log,
    endpoint: flags.endpoint ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'],
    region: flags.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'],
    profile: flags.profile,
    credentialFiles: flags.profile === undefined ? credentialFiles(env) : undefined,
  };
}
