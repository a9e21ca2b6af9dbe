/** What every command of s3dump needs: the key file, the bucket that it names, the rate. */
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Lifetimes } from '../../core/lifecycle.js';
import type { Bucket } from '../../gateway/bucket/bucket.js';
import type { S3Location } from '../../gateway/bucket/location.js';
import type { KeyFile } from '../../gateway/s3dump/key-file.js';
import type { AccessKeys } from '../../gateway/security/credential-files.js';
import type { RateLimiter } from '../../gateway/throttle/rate-limiter.js';
import type { Context } from '../context.js';
import type { S3dumpFlags } from './arguments.js';

export interface Session {
  readonly context: Context;
  readonly flags: S3dumpFlags;
  readonly keyFile: KeyFile;
  readonly place: S3Location;
  readonly connection: { readonly endpoint?: string; readonly region?: string; readonly keys: AccessKeys };
  readonly bucket: Bucket;
  readonly limiter: RateLimiter;
}

/** @throws KEY_FILE, RATE_MALFORMED. */
export async function openSession(
  context: Context,
  flags: S3dumpFlags,
  lifetimes: Lifetimes,
): Promise<Session> {
  const { readKeyFile } = await import('../../gateway/s3dump/key-file.js');
  const { parseDumpRate } = await import('../../gateway/s3dump/rate.js');
  const { RateLimiter } = await import('../../gateway/throttle/rate-limiter.js');
  const { RateMeter } = await import('../../gateway/throttle/rate-meter.js');
  const { openBucket } = await import('../../gateway/bucket/open.js');
  const { clock, log, env } = context;
  const keyFile = await readKeyFile(flags.file ?? (await usualKeyFile(env)));
  const endpoint = flags.endpoint ?? keyFile.endpoint ?? env['AWS_ENDPOINT_URL_S3'];
  const { accessKeyId, secretAccessKey } = keyFile;
  const connection = {
    keys: { accessKeyId, secretAccessKey },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(keyFile.region === undefined ? {} : { region: keyFile.region }),
  };
  const place: S3Location = { kind: 's3', bucket: keyFile.bucket, prefix: '' };
  const storageClasses = flags.infrequent === true ? { hot: 'STANDARD_IA', cold: 'STANDARD_IA' } : {};
  const limiter = new RateLimiter(flags.limit === undefined ? undefined : parseDumpRate(flags.limit), {
    clock,
  });
  const [sent, received] = [new RateMeter({ clock }), new RateMeter({ clock })];
  const wire = { upload: limiter, download: limiter, sent, received, clock };
  const opened = await openBucket(place, { ...connection, storageClasses, clock, log, wire });
  const bucket = lifetimes.add('bucket', opened);
  return { context, flags, keyFile, place, connection, bucket, limiter };
}

async function usualKeyFile(env: NodeJS.ProcessEnv): Promise<string> {
  const own = join(env['HOME'] || homedir(), '.s3keys');
  const found = await access(own).then(
    () => true,
    () => false,
  );
  return found ? own : '/etc/s3_keys';
}
