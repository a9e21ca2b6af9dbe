/** Ranges of packs have no checksum on their way: what comes with a flipped bit is read again, by every command. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { Secret } from '../../../core/secret.js';
import { ForwardingBucket } from '../../../gateway/bucket/forwarding.js';
import { backup } from '../../../gateway/commands/backup.js';
import { check } from '../../../gateway/commands/check.js';
import { copySnapshots } from '../../../gateway/commands/copy.js';
import { forget } from '../../../gateway/commands/forget.js';
import { prune } from '../../../gateway/commands/prune.js';
import { restore } from '../../../gateway/commands/restore.js';
import { Repository } from '../../../gateway/repository/repository.js';
import { compareTrees } from '../../support/compare-trees.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { cheapScrypt } from '../repository/vectors.js';

/** Flips a bit of every part of a pack, the first `times` times that it is read. */
class Flipping extends ForwardingBucket {
  times = 0;
  flips = 0;
  readonly #reads = new Map<string, number>();

  override async getRange(key: string, offset: number, length: number) {
    const bytes = await this.inner.getRange(key, offset, length);
    return bytes && this.#spoil(`${key} ${offset}`, key, bytes);
  }

  override async getStream(key: string) {
    const parts = (await (await this.inner.getStream(key))?.toArray()) as Buffer[] | undefined;
    return parts && Readable.from([this.#spoil(key, key, Buffer.concat(parts))]);
  }

  #spoil(place: string, key: string, bytes: Uint8Array): Uint8Array {
    const reads = (this.#reads.get(place) ?? 0) + 1;
    this.#reads.set(place, reads);
    const copy = Buffer.from(bytes);
    if (!key.startsWith('data/') || reads > this.times) return copy;
    this.flips += 1;
    const at = copy.length >> 1;
    copy[at] = (copy[at] ?? 0) ^ 16;
    return copy;
  }
}

async function open(bucket: ForwardingBucket, how: 'init' | 'open'): Promise<Repository> {
  const repository = await Repository[how]({
    bucket,
    password: new Secret('p'),
    temporaryFolder: await temporaryFolder('spool'),
    clock: systemClock,
    scryptCost: cheapScrypt,
  });
  onTestFinished(() => repository.close());
  return repository;
}

const common = { clock: systemClock, version: '0', countFirst: false } as const;

/** Two snapshots, the second of which needs parts of the first one's packs. */
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-'));
const source = join(folder, 's');
const written = new MemoryBucket();

beforeAll(async () => {
  mkdirSync(join(source, 'sub'), { recursive: true });
  for (let i = 0; i < 12; i++) writeFileSync(join(source, `sub/${i}`), randomBytes(20_000));
  writeFileSync(join(source, 'large'), randomBytes(3_000_000));
  const bucket = new ForwardingBucket(written);
  const options = { bucket, password: new Secret('p'), temporaryFolder: folder, clock: systemClock };
  const repository = await Repository.init({ ...options, scryptCost: cheapScrypt });
  const run = { ...common, paths: ['s'], workingFolder: folder, workers: 1 };
  await backup(repository, run);
  for (let i = 0; i < 6; i++) writeFileSync(join(source, `sub/${i}`), randomBytes(20_000));
  await backup(repository, run);
  await repository.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function place() {
  const stored = new MemoryBucket();
  for (const [key, bytes] of written.objects) stored.objects.set(key, Buffer.from(bytes));
  const bucket = new Flipping(stored);
  const out = join(await temporaryFolder(), 'out');
  return { stored, bucket, out, repository: await open(bucket, 'open') };
}

it('a restore brings all of it', async () => {
  const { out, bucket, repository } = await place();
  bucket.times = 2;
  const result = await restore(repository, { ...common, snapshot: 'latest', target: out });
  expect(result.errorCount).toBe(0);
  expect(await compareTrees(source, join(out, 's'))).toEqual([]);
  expect(bucket.flips).toBeGreaterThan(3);
});

it('a restore gives up what comes damaged every time, names each file once, and brings the rest', async () => {
  const { out, bucket, stored, repository } = await place();
  await repository.loadIndex();
  bucket.times = 0;
  const packs = [...repository.indexedPacks()].map(({ packId }) => repository.blobsOfPack(packId));
  const [hit] = packs.flat().filter(({ type, length }) => type === 'data' && length > 300_000);
  const pack = repository.packOf('data', hit!.id)!;
  const bytes = [...stored.objects].find(([key]) => key.endsWith(pack.packId))![1];
  bytes[pack.offset + 100] = bytes[pack.offset + 100]! ^ 1;
  const failed: string[] = [];
  const result = await restore(repository, { ...common, snapshot: 'latest', target: out }, (event) => {
    if (event.type === 'error') failed.push(String(event.error));
  });
  expect(result.errorCount).toBe(1);
  expect(failed).toEqual([expect.stringContaining(hit!.id)]);
});

it('a copy brings all of it', async () => {
  const { out, bucket, repository } = await place();
  bucket.times = 2;
  const target = await open(new ForwardingBucket(new MemoryBucket()), 'init');
  await copySnapshots(repository, target);
  expect(bucket.flips).toBeGreaterThan(3);
  await restore(target, { ...common, snapshot: 'latest', target: out });
  expect(await compareTrees(source, join(out, 's'))).toEqual([]);
});

it('a prune moves sound blobs only', async () => {
  const { out, bucket, repository } = await place();
  await forget(repository, { policy: { counts: { last: 1 } }, clock: systemClock });
  bucket.times = 2;
  const { plan } = await prune(repository, { maxUnused: { bytes: 0 } });
  expect(bucket.flips).toBeGreaterThan(1);
  expect(plan).toBeDefined();
  bucket.times = 0;
  const after = await open(bucket, 'open');
  expect((await check(after, { readData: true })).problems).toEqual([]);
  await restore(after, { ...common, snapshot: 'latest', target: out });
  expect(await compareTrees(source, join(out, 's'))).toEqual([]);
});

it('a check that reads everything raises no false alarm', async () => {
  const { bucket, repository } = await place();
  bucket.times = 1;
  expect((await check(repository, { readData: true })).problems).toEqual([]);
  expect(bucket.flips).toBeGreaterThan(2);
});
