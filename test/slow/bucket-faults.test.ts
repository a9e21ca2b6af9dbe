/**
 * A backup to a bucket that answers 500 and 503, resets, stalls, truncates and flips bits, as a seed
 * tells. Stock restic then reads everything, straight from the server.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { Secret } from '../../core/secret.js';
import type { Bucket } from '../../gateway/bucket/bucket.js';
import { openBucket } from '../../gateway/bucket/open.js';
import { backup } from '../../gateway/commands/backup.js';
import { restore } from '../../gateway/commands/restore.js';
import { Repository } from '../../gateway/repository/repository.js';
import { compareTrees } from '../support/compare-trees.js';
import { FaultProxy, faultKinds } from '../support/fault-proxy.js';
import { noRestic, restic, testPassword } from '../support/restic.js';
import { freshBucketName, s3Endpoint, s3SkipReason, useS3Environment } from '../support/s3-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const endpoint = s3Endpoint();
const skip = endpoint === undefined ? s3SkipReason : noRestic;
const firstSeed = Number(process.env['GATEHOUSE_TEST_SEED'] ?? 20_261_121);
const seeds = [firstSeed, firstSeed + 1, firstSeed + 2];

useS3Environment();

async function makeTree(): Promise<string> {
  const top = join(await temporaryFolder(), 'source');
  for (let folder = 0; folder < 8; folder++) {
    await mkdir(join(top, `${folder}`), { recursive: true });
    for (let file = 0; file < 10; file++) {
      await writeFile(join(top, `${folder}`, `${file}`), randomBytes(50_000 * (file + 1)));
    }
  }
  await writeFile(join(top, 'large'), randomBytes(40 * 1024 * 1024));
  return top;
}

async function openBucketThrough(proxy: FaultProxy, place: string): Promise<Bucket> {
  const bucket = await openBucket(place, {
    clock: systemClock,
    endpoint: proxy.endpoint,
    region: 'us-east-1',
    silenceLimitMs: 1_000,
    partsAboveBytes: 6 * 1024 * 1024,
    partBytes: 5 * 1024 * 1024,
    retry: { baseDelayMs: 20, maxDelayMs: 500 },
  });
  onTestFinished(() => bucket.close());
  return bucket;
}

async function openThrough(proxy: FaultProxy, place: string, how: 'init' | 'open') {
  const bucket = await openBucketThrough(proxy, place);
  if (how === 'init') await bucket.prepare();
  const repository = await Repository[how]({
    bucket,
    password: new Secret(testPassword),
    temporaryFolder: await temporaryFolder(),
    clock: systemClock,
    packSizeBytes: 1024 * 1024,
  });
  onTestFinished(() => repository.close());
  return repository;
}

/** One seed's proxy, source and repository; what it does most is wait, so that seeds run side by side. */
class Trial {
  readonly #seed: number;
  readonly #place = `s3://${freshBucketName()}/repository`;
  readonly location = `s3:${endpoint}/${this.#place.slice('s3://'.length)}`;
  #proxy: FaultProxy | undefined;
  #source = '';

  constructor(seed: number) {
    this.#seed = seed;
  }

  get #options() {
    const workingFolder = dirname(this.#source);
    return { clock: systemClock, version: '0', paths: ['source'], workingFolder, workers: 1 };
  }

  async backUp(): Promise<void> {
    this.#proxy = await openProxy(this.#seed);
    this.#source = await makeTree();
    const repository = await openThrough(this.#proxy, this.#place, 'init');
    expect((await backup(repository, this.#options)).errorCount).toBe(0);
    await repository.close();
    expect(this.#proxy.faults).toBeGreaterThan(5);
  }

  async backUpAgainAndRestore(): Promise<void> {
    const proxy = this.#proxy!;
    const repository = await openThrough(proxy, this.#place, 'open');
    const { summary } = await backup(repository, this.#options);
    expect(summary).toMatchObject({ data_blobs: 0, tree_blobs: 0, files_unmodified: 81 });
    const target = await temporaryFolder();
    const restored = await restore(repository, { snapshot: 'latest', target, clock: systemClock });
    expect(restored.errorCount).toBe(0);
    expect(await compareTrees(this.#source, join(target, 'source'))).toEqual([]);
    const met = faultKinds.filter((kind) => proxy.done[kind] > 0);
    expect(met.length).toBeGreaterThanOrEqual(faultKinds.length - 2);
  }
}

async function openProxy(seed: number): Promise<FaultProxy> {
  const proxy = await FaultProxy.open(endpoint!, { seed, rate: 0.25, stallMs: 3_000 });
  onTestFinished(() => proxy.close());
  return proxy;
}

async function storeInParts(seed: number): Promise<void> {
  const proxy = await openProxy(seed);
  const bucket = await openBucketThrough(proxy, `s3://${freshBucketName()}`);
  await bucket.prepare();
  const content = randomBytes(33_000_001);
  const filePath = join(await temporaryFolder(), 'file');
  await writeFile(filePath, content);
  await bucket.putFile('file', filePath, content.length);
  await bucket.putStream('stream', Readable.from([content]));
  // Nobody knows the hash of a bare stream; readers of a repository do.
  proxy.kinds = faultKinds.filter((kind) => kind !== 'flip-response');
  for (const key of ['file', 'stream']) {
    const found = await (await bucket.getStream(key))!.toArray();
    expect(Buffer.compare(Buffer.concat(found), content)).toBe(0);
  }
  for await (const upload of bucket.listUnfinished('')) expect.fail(`${upload.key} is unfinished`);
  expect(proxy.faults).toBeGreaterThan(2);
}

describe.skipIf(skip !== undefined)(`a bucket full of faults${skip ? ` (${skip})` : ''}`, () => {
  test(`takes backups that restic finds whole, and gives them back (seeds ${seeds})`, async () => {
    const trials = seeds.map((seed) => new Trial(seed));
    await Promise.all(trials.map((trial) => trial.backUp()));
    for (const { location } of trials)
      expect(restic(location, ['check', '--read-data'])).toContain('no errors were found');
    await Promise.all(trials.map((trial) => trial.backUpAgainAndRestore()));
  });

  test(`takes files and streams in parts, and gives them back (seeds ${seeds})`, async () => {
    await Promise.all(seeds.map(storeInParts));
  });
});
