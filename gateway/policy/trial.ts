/**
 * Tries with the everyday keys what they must be able to do and what they must not, on an object of
 * its own below the repository's prefix. If a forbidden call succeeds, no more than that object is gone.
 */
import { GatehouseError, messageOf } from '../../core/errors.js';
import type { Bucket, CallOptions } from '../bucket/bucket.js';
import type { S3Connection } from '../bucket/s3-connection.js';

export interface Trial {
  readonly what: string;
  readonly isAllowed: boolean;
  readonly mayBeAllowed: boolean;
  /** Why it failed, when that is no refusal by the keys' policy. */
  readonly problem?: string;
}

const probeKey = 'gatehouse-probe';
const probeLockKey = 'locks/gatehouse-probe';

export function isAsWanted({ isAllowed, mayBeAllowed, problem }: Trial): boolean {
  return isAllowed === mayBeAllowed && problem === undefined;
}

/** One after the other, since each builds on those before. @throws INTERRUPTED. */
export async function tryKeys(
  bucket: Bucket,
  connection: S3Connection,
  options: CallOptions,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  const attempt = async (what: string, mayBeAllowed: boolean, work: () => Promise<unknown>) => {
    const outcome = await work().then(() => ({ isAllowed: true }), whyRefused);
    trials.push({ what, mayBeAllowed, ...outcome });
  };
  const content = Buffer.from('Written by "gatehouse policy check"; may be deleted.\n');
  await attempt('write an object', true, () => bucket.put(probeKey, content, options));
  await attempt('read it', true, () => bucket.get(probeKey, options));
  await attempt('list the repository', true, () => firstOf(bucket, options));
  await attempt('write a lock of the repository', true, () => bucket.put(probeLockKey, content, options));
  await attempt('delete that lock', true, () => bucket.delete(probeLockKey, options));
  const versionId = await newestVersion(connection, options);
  await attempt('delete the object', false, () => bucket.delete(probeKey, options));
  const { versions } = bucket;
  if (versions !== undefined && versionId !== undefined) {
    const past = { ...options, bypassGovernance: false };
    await attempt('delete a version for good', false, () => versions.remove(probeKey, versionId, past));
    const bypass = { ...options, bypassGovernance: true };
    await attempt('delete a locked version', false, () => versions.remove(probeKey, versionId, bypass));
    if (await versions.areKept(options).catch(() => false)) {
      await attempt('configure the bucket', false, () => keepVersioning(connection, options));
    }
  }
  return trials;
}

function whyRefused(error: unknown): { isAllowed: boolean; problem?: string } {
  if (!(error instanceof GatehouseError)) throw error;
  if (error.code === 'INTERRUPTED') throw error;
  if (error.code === 'BUCKET_DENIED' || error.code === 'BUCKET_OBJECT_LOCKED') return { isAllowed: false };
  return { isAllowed: false, problem: messageOf(error) };
}

async function firstOf(bucket: Bucket, options: CallOptions): Promise<void> {
  for await (const _ of bucket.list('', options)) return;
}

async function newestVersion(connection: S3Connection, options: CallOptions): Promise<string | undefined> {
  const { sdk, client } = connection;
  const command = new sdk.HeadObjectCommand(connection.object(probeKey));
  const head = await connection.lookUp(options, (abortSignal) => client.send(command, { abortSignal }));
  return head?.VersionId;
}

/** Sets what is set already: no change where it is allowed. */
async function keepVersioning(connection: S3Connection, options: CallOptions): Promise<void> {
  const { sdk, client, place } = connection;
  const command = new sdk.PutBucketVersioningCommand({
    Bucket: place.bucket,
    VersioningConfiguration: { Status: 'Enabled' },
  });
  await connection.call(options, (abortSignal) => client.send(command, { abortSignal }));
}
