/** The options of commands that work on a repository's bucket and need no password. */
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

export function s3Options({ env, clock, log }: Context, flags: BucketFlags) {
  return {
    clock,
    log,
    endpoint: flags.endpoint ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'],
    region: flags.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'],
    profile: flags.profile,
  };
}
