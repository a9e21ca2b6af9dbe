/**
 * A thief with keys to a versioned bucket: what he overwrites and deletes is shown as it was, and
 * put back. Real server, real command line, real restic.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { compareTrees } from '../support/compare-trees.js';
import { type CliResult, gatehouse } from '../support/gatehouse-cli.js';
import { noRestic, testPassword } from '../support/restic.js';
import { s3Client } from '../support/s3-client.js';
import { freshBucketName, s3Endpoint, s3Keys, s3SkipReason } from '../support/s3-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const endpoint = s3Endpoint();

function environment(home: string, keys = s3Keys) {
  return {
    HOME: home,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    GATEHOUSE_PASSWORD: testPassword,
    RESTIC_PASSWORD: testPassword,
  };
}

interface Place {
  readonly folder: string;
  readonly source: string;
  readonly bucket: string;
  readonly repository: string;
  readonly client: S3Client;
  run(args: readonly string[], okCodes?: readonly number[], keys?: typeof s3Keys): Promise<CliResult>;
}

/** A versioned bucket with one backup of `source` in it. */
async function place(objectLock = false): Promise<Place> {
  const folder = await temporaryFolder();
  const source = join(folder, 'source');
  await mkdir(join(source, 'sub'), { recursive: true });
  await writeFile(join(source, 'a'), randomBytes(300_000));
  await writeFile(join(source, 'sub', 'b'), 'kept\n'.repeat(1000));
  const bucket = freshBucketName();
  const client = s3Client();
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: objectLock }));
  await client.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  const run = async (args: readonly string[], okCodes: readonly number[] = [0], keys = s3Keys) => {
    const result = await gatehouse(args, { env: environment(folder, keys) });
    expect(okCodes, `${args.join(' ')}\n${result.stdout}${result.stderr}`).toContain(result.code);
    return result;
  };
  return { folder, source, bucket, repository: `s3://${bucket}/nas`, client, run };
}

/** By the server's clock, whose stamps some servers cut to seconds. */
async function aSecondLater(): Promise<string> {
  const now = new Date().toISOString();
  await promisify(execFile)('sleep', ['1.1']);
  return now;
}

async function keysOf({ client, bucket }: Place): Promise<string[]> {
  const page = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  return (page.Contents ?? []).map(({ Key }) => Key ?? '');
}

/** Overwrites packs and the index, deletes the rest, and leaves garbage where a snapshot could be. */
async function vandalise(site: Place): Promise<void> {
  const { client, bucket } = site;
  for (const Key of await keysOf(site)) {
    const isOverwritten = Key.includes('/data/') || Key.includes('/index/');
    if (isOverwritten) await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'garbage' }));
    else await client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  }
  const Key = `nas/snapshots/${'ab'.repeat(32)}`;
  await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'garbage' }));
}

const everydayKeys = { accessKeyId: 'everyday', secretAccessKey: 'everydaysecret' };

/** Gives the second user what `gatehouse policy` prints for the everyday keys. */
async function permit(site: Place): Promise<void> {
  const printed = await site.run(['policy', '-r', site.repository, '--format', 'json']);
  const { everyday } = JSON.parse(printed.stdout) as { everyday: unknown };
  const iam = new IAMClient({ endpoint: endpoint as string, region: 'us-east-1', credentials: s3Keys });
  await iam.send(
    new PutUserPolicyCommand({
      UserName: everydayKeys.accessKeyId,
      PolicyName: site.bucket,
      PolicyDocument: JSON.stringify(everyday),
    }),
  );
}

/** On Ceph an object belongs to the user that wrote it; the bucket's owner may not read it. */
function restic({ folder, bucket }: Place, args: readonly string[], keys = everydayKeys) {
  const repository = `s3:${endpoint}/${bucket}/nas`;
  return promisify(execFile)('restic', ['--no-cache', '-r', repository, ...args], {
    env: { ...process.env, ...environment(folder, keys), AWS_DEFAULT_REGION: 'us-east-1' },
  });
}

const skip = endpoint === undefined ? s3SkipReason : noRestic;

describe.skipIf(skip !== undefined)(`a thief at the bucket${skip ? ` (${skip})` : ''}`, () => {
  test('what he overwrote and deleted is restored as of before', async () => {
    const site = await place();
    const { run, repository, source, folder } = site;
    await run(['init', '-r', repository]);
    await run(['backup', '-r', repository, source]);
    const before = await aSecondLater();
    await vandalise(site);
    await run(['snapshots', '-r', repository], [10]);
    const past = ['-r', repository, '--as-of', before];
    const listed = JSON.parse((await run(['snapshots', '--json', ...past])).stdout) as unknown[];
    expect(listed).toHaveLength(1);
    await run(['restore', 'latest', '-t', join(folder, 'back'), ...past]);
    expect(await compareTrees(source, join(folder, 'back', source))).toEqual([]);
    await run(['check', '--read-data', ...past]);
    await run(['ls', 'latest', ...past]);
    await run(['stats', ...past]);
  }, 120_000);

  test('with the everyday keys backups work, and nothing is deleted', async () => {
    const site = await place();
    const { run, repository, source, bucket } = site;
    await run(['policy', 'check', '-r', repository], [1], everydayKeys);
    // Ceph 16 refuses every upload of another user once public ACLs are blocked.
    const how = ['-r', repository, '--no-block-public'];
    await run(['policy', 'apply', ...how]);
    expect((await run(['policy', 'apply', ...how, '--dry-run'])).stdout).not.toContain('would set');
    await run(['policy', 'check', ...how, '--keys', 'maintenance']);
    await permit(site);
    await run(['init', '-r', repository], [0], everydayKeys);
    await run(['backup', '-r', repository, source], [0], everydayKeys);
    await run(['backup', '-r', repository, source], [0], everydayKeys);
    const tried = await run(['policy', 'check', ...how], [0], everydayKeys);
    expect(tried.stdout).toContain('ok: delete a version for good: refused');
    // With the keys of the first user the same trial finds that too much is allowed.
    expect((await run(['policy', 'check', ...how], [1])).stdout).toContain('WRONG: delete');
    await restic(site, ['check', '--read-data']);
    const snapshots = (await keysOf(site)).filter((key) => key.includes('/snapshots/'));
    expect(snapshots).toHaveLength(2);
    const denied = await run(['forget', '-r', repository, '--keep-last', '1'], [1], everydayKeys);
    expect(denied.stderr).toContain('BUCKET_DENIED');
    const thief = s3Client(everydayKeys);
    const [Key] = (await keysOf(site)).filter((key) => key.includes('/data/'));
    const { VersionId } = await thief.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    const target = { Bucket: bucket, Key };
    const refused = { name: 'AccessDenied' };
    await expect(thief.send(new DeleteObjectCommand(target))).rejects.toMatchObject(refused);
    await expect(thief.send(new DeleteObjectCommand({ ...target, VersionId }))).rejects.toMatchObject(
      refused,
    );
  }, 180_000);

  test('undelete puts the repository back for every program, and a second time changes nothing', async () => {
    const site = await place();
    const { run, repository, source } = site;
    await run(['init', '-r', repository]);
    await run(['backup', '-r', repository, source]);
    const before = await aSecondLater();
    await vandalise(site);
    const how = ['undelete', '-r', repository, '--as-of', before];
    const planned = await run([...how, '--dry-run']);
    expect(planned.stdout).toContain('bring back data/');
    await run(how);
    await restic(site, ['check', '--read-data'], s3Keys);
    const again = JSON.parse((await run([...how, '--json'])).stdout) as unknown;
    expect(again).toMatchObject({ restored: 0, hidden: 0 });
  }, 120_000);

  test('what is written is locked, stays locked while a snapshot needs it, and goes when it is free', async () => {
    const site = await place(true);
    const { run, repository, source, client, bucket } = site;
    const lock = ['--object-lock', 'governance', '--lock-days', '10'];
    const how = ['-r', repository, ...lock];
    await run(['init', ...how]);
    await run(['backup', ...how, source]);
    const keys = await keysOf(site);
    for (const Key of keys) {
      const { ObjectLockMode } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key }));
      expect(ObjectLockMode, Key).toBe('GOVERNANCE');
    }
    const longer = [
      'extend-locks',
      '-r',
      repository,
      '--lock-days',
      '30',
      '--object-lock',
      'governance',
      '--json',
    ];
    const extended = JSON.parse((await run(longer)).stdout) as unknown;
    expect(extended).toMatchObject({ needed: keys.length, extended: keys.length });
    expect(JSON.parse((await run(longer)).stdout)).toMatchObject({ extended: 0 });
    await writeFile(join(source, 'a'), randomBytes(300_000));
    await run(['backup', ...how, source]);
    // Only delete markers: everything is still there, and told as kept.
    const gone = await run(['forget', '-r', repository, '--keep-last', '1', '--prune', '--purge-versions']);
    expect(gone.stderr).toContain('kept until');
    await restic(site, ['check', '--read-data'], s3Keys);
    const freed = ['prune', '-r', repository, '--purge-versions', '--bypass-governance'];
    expect((await run(freed)).stderr).not.toContain('kept until');
    await restic(site, ['check', '--read-data'], s3Keys);
  }, 180_000);

  test('the keys of a user are rotated while backups go on', async () => {
    const site = await place();
    const { folder, repository, source } = site;
    await permit(site);
    const [id, secret, made] = ['id', 'secret', 'made'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(id, everydayKeys.accessKeyId);
    await writeFile(secret, everydayKeys.secretAccessKey);
    await writeFile(made, 'everyday2\neverydaysecret2\n');
    const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, ...rest } = environment(folder);
    const env = { ...rest, GATEHOUSE_ACCESS_KEY_ID_FILE: id, GATEHOUSE_SECRET_ACCESS_KEY_FILE: secret };
    const run = async (args: readonly string[], code = 0) => {
      const result = await gatehouse(args, { env });
      expect(result.code, `${args.join(' ')}\n${result.stdout}${result.stderr}`).toBe(code);
      return result.stdout;
    };
    const rotate = ['credentials', 'rotate'];
    await run(['init', '-r', repository]);
    await run([...rotate, 'create', '--key-file', made]);
    await run([...rotate, 'set']);
    await run(['backup', '-r', repository, source]);
    await run([...rotate, 'finish'], 1);
    expect(await run([...rotate, 'test', '-r', repository])).toContain('delete: ok');
    expect(await run([...rotate, 'status'])).toContain('next step: finish');
    expect(await run([...rotate, 'finish'])).toContain('delete the old key everyday');
    expect(await run([...rotate, 'status'])).toContain('in use: everyday2');
    await run(['backup', '-r', repository, source]);
  }, 120_000);
});
