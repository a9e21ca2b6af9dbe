/** Commands on a repository whose data packs are archived: a stub, since Ceph has no archive. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { Secret } from '../../../core/secret.js';
import type { Bucket } from '../../../gateway/bucket/bucket.js';
import { DirectoryBucket } from '../../../gateway/bucket/directory.js';
import { S3Bucket } from '../../../gateway/bucket/s3.js';
import { backup } from '../../../gateway/commands/backup.js';
import { check } from '../../../gateway/commands/check.js';
import { copySnapshots } from '../../../gateway/commands/copy.js';
import { forget } from '../../../gateway/commands/forget.js';
import { prune } from '../../../gateway/commands/prune.js';
import { keyOf } from '../../../gateway/repository/layout.js';
import { Repository } from '../../../gateway/repository/repository.js';
import { testPassword } from '../../support/restic.js';
import { stubArchive } from '../../support/stub-archive.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => vi.unstubAllEnvs());

async function openRepository(bucket: Bucket, folder: string) {
  const password = new Secret(testPassword);
  const scryptCost = { n: 1024, r: 8, p: 1 };
  const clock = systemClock;
  await bucket.prepare();
  const repository = await Repository.init({ bucket, password, temporaryFolder: folder, clock, scryptCost });
  onTestFinished(async () => {
    await repository.close();
    await bucket.close();
  });
  return repository;
}

/** Two backups; of the first one's two data packs one is half needed, the other not at all. */
async function setUp() {
  const folder = await temporaryFolder();
  const stub = await stubArchive();
  const source = join(folder, 'source');
  await mkdir(source);
  const place = { kind: 's3', bucket: 'bucket', prefix: 'p' } as const;
  const storageClasses = { hot: 'STANDARD', cold: 'DEEP_ARCHIVE' };
  const options = { endpoint: stub.endpoint, region: 'us-east-1', clock: systemClock, storageClasses };
  const bucket = await S3Bucket.open(place, options);
  const repository = await openRepository(bucket, folder);
  const save = () =>
    backup(repository, { paths: [source], clock: systemClock, version: 'test', host: 'nas', force: true });
  await writeFile(join(source, 'goes'), 'first');
  await save();
  await rm(join(source, 'goes'));
  await writeFile(join(source, 'stays'), 'second');
  await writeFile(join(source, 'goes too'), 'third');
  await save();
  await rm(join(source, 'goes too'));
  await save();
  const asked: string[] = [];
  const preparePacks = async (packIds: Iterable<string>) => {
    for (const id of packIds) {
      asked.push(id);
      await bucket.requestThaw(keyOf('pack', id), { tier: 'Bulk', days: 1 });
    }
    stub.thaw();
  };
  const keepLast = () => forget(repository, { policy: { counts: { last: 1 } }, clock: systemClock });
  return { folder, stub, bucket, repository, asked, preparePacks, keepLast };
}

const nothingUnused = { maxUnused: { bytes: 0 } } as const;

describe('prune of archived packs', () => {
  test('deletes those that nobody needs and leaves the others as they are', async () => {
    const { stub, repository, keepLast, preparePacks, asked } = await setUp();
    await keepLast();
    const { plan } = await prune(repository, { ...nothingUnused, preparePacks });
    expect(plan.stats.unusedArchived).toMatchObject({ packs: 1, blobs: 1 });
    expect(plan.archived).toEqual([]);
    expect(plan.delete.map((id) => stub.classOf(`p/${keyOf('pack', id)}`))).toEqual(
      plan.delete.map(() => undefined),
    );
    expect(plan.stats.packs).toMatchObject({ repack: 0 });
    expect([asked, stub.restores]).toEqual([[], []]);
    expect(await check(repository)).toMatchObject({ isSound: true });
  });

  test('fetches those that it repacks when it is told to', async () => {
    const { stub, repository, keepLast, preparePacks, asked } = await setUp();
    await keepLast();
    const rules = { ...nothingUnused, repackArchived: true };
    const refused = prune(repository, rules);
    await expect(refused).rejects.toMatchObject({ code: 'BUCKET_ARCHIVED' });
    const { plan } = await prune(repository, { ...rules, preparePacks });
    expect(plan.archived).toHaveLength(1);
    expect(asked).toEqual(plan.archived);
    expect(stub.restores).toHaveLength(1);
    const again = await prune(repository, { ...rules, preparePacks });
    expect(again.plan.stats).toMatchObject({ unused: { blobs: 0 }, unusedArchived: { packs: 0 } });
    expect(await check(repository, { readData: true, preparePacks })).toMatchObject({ isSound: true });
  });
});

test('copy asks for all archived packs at once, and only for those of what it copies', async () => {
  const { folder, repository, preparePacks, asked } = await setUp();
  const target = await openRepository(
    new DirectoryBucket(join(folder, 'target'), { clock: systemClock }),
    folder,
  );
  const calls: number[] = [];
  const counted = async (packIds: readonly string[]) => {
    calls.push(packIds.length);
    await preparePacks(packIds);
  };
  const { copied } = await copySnapshots(repository, target, { preparePacks: counted });
  expect(copied).toHaveLength(3);
  expect(calls).toEqual([2]);
  expect(new Set(asked).size).toBe(2);
  expect(await check(target, { readData: true })).toMatchObject({ isSound: true });
  await copySnapshots(repository, target, { preparePacks: counted });
  expect(calls).toEqual([2]);
});
