import { mkdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { GatehouseError } from '../../../core/errors.js';
import { Secret } from '../../../core/secret.js';
import type { CallOptions, UnfinishedUpload } from '../../../gateway/bucket/bucket.js';
import { DirectoryBucket } from '../../../gateway/bucket/directory.js';
import { ForwardingBucket } from '../../../gateway/bucket/forwarding.js';
import { check } from '../../../gateway/commands/check.js';
import { forget } from '../../../gateway/commands/forget.js';
import { prune } from '../../../gateway/commands/prune.js';
import { restore } from '../../../gateway/commands/restore.js';
import { Repository } from '../../../gateway/repository/repository.js';
import { compareTrees } from '../../support/compare-trees.js';
import { testPassword, withTestRepository } from '../../support/restic.js';
import { saveTree, twoGenerations } from '../../support/two-generations.js';

const keepLast = { policy: { counts: { last: 1 } }, clock: systemClock };
const packIds = async (repository: Repository) => {
  const ids: string[] = [];
  for await (const { id } of repository.listFiles('pack')) ids.push(id);
  return ids.sort();
};

describe('prune', () => {
  it('plans first, changes nothing in a dry run, then leaves only what is needed', async () => {
    const { folder, source, repository: at, first, second } = await twoGenerations();
    await first();
    await withTestRepository(at, 'init', (repository) => saveTree(repository, source));
    await second();
    await withTestRepository(at, 'open', (repository) => saveTree(repository, source));
    await withTestRepository(at, 'open', async (repository) => {
      const before = await packIds(repository);
      const { prune: dry } = await forget(repository, {
        ...keepLast,
        dryRun: true,
        prune: { maxUnused: { bytes: 0 } },
      });
      expect(dry?.plan.stats.unused).toMatchObject({ blobs: dry?.plan.stats.totalRemoved.blobs });
      expect(dry?.plan.repack).toHaveLength(2);
      expect(await packIds(repository)).toEqual(before);
      await forget(repository, keepLast);
      const { plan } = await prune(repository, { maxUnused: { bytes: 0 } });
      expect(plan).toEqual(dry?.plan);
      expect(await packIds(repository)).not.toEqual(before);
      const again = await prune(repository, { maxUnused: { bytes: 0 } });
      expect(again.plan.stats).toMatchObject({
        used: plan.stats.used,
        unused: { blobs: 0, bytes: 0 },
        packs: { repack: 0, delete: 0 },
        unreferenced: { packs: 0 },
      });
    });
    await withTestRepository(at, 'open', (repository) =>
      restore(repository, { snapshot: 'latest', target: join(folder, 'out'), clock: systemClock }),
    );
    expect(await compareTrees(source, join(folder, 'out', source))).toEqual([]);
  });

  it('refuses when a needed pack is gone or cut short, and when the index lacks a needed blob', async () => {
    const { source, repository: at, first } = await twoGenerations();
    await first();
    await withTestRepository(at, 'init', (repository) => saveTree(repository, source));
    const { ids, isDataPack } = await withTestRepository(at, 'open', async (repository) => {
      await repository.loadIndex();
      const data = [...repository.indexedPacks()].filter(({ treeCount }) => treeCount === 0);
      return {
        ids: await packIds(repository),
        isDataPack: (id: string) => data.some(({ packId }) => packId === id),
      };
    });
    const fileOf = (id = '') => join(at, 'data', id.slice(0, 2), id);
    const dataPack = ids.find(isDataPack);
    await truncate(fileOf(dataPack), 100);
    const run = () => withTestRepository(at, 'open', (repository) => prune(repository));
    await expect(run()).rejects.toMatchObject({ code: 'PACKS_NOT_AS_INDEXED' });
    await rm(fileOf(dataPack));
    await expect(run()).rejects.toMatchObject({ code: 'PACKS_NOT_AS_INDEXED' });
    await rm(join(at, 'index'), { recursive: true });
    await mkdir(join(at, 'index'));
    await expect(run()).rejects.toMatchObject({ code: 'USED_BLOBS_MISSING' });
  });
});

/** Holds packs as a bucket with Object Lock does. */
class LockingBucket extends ForwardingBucket {
  override async delete(key: string, options?: CallOptions): Promise<void> {
    if (!key.startsWith('data/')) return this.inner.delete(key, options);
    throw new GatehouseError('BUCKET_OBJECT_LOCKED', `${key} is locked.`, {
      context: { until: '2027-01-01T00:00:00Z' },
    });
  }
}

it('tells packs under a retention lock as kept, and snapshots stay whole', async () => {
  const { folder, source, repository: at, first, second } = await twoGenerations();
  await first();
  await withTestRepository(at, 'init', (repository) => saveTree(repository, source));
  await second();
  await withTestRepository(at, 'open', (repository) => saveTree(repository, source));
  const bucket = new LockingBucket(new DirectoryBucket(at, { clock: systemClock }));
  const temporaryFolder = join(folder, 'spool');
  const password = new Secret(testPassword);
  const repository = await Repository.open({ bucket, password, temporaryFolder, clock: systemClock });
  const result = await forget(repository, { ...keepLast, prune: { maxUnused: { bytes: 0 } } });
  expect(result.prune?.stillLocked.map(({ id }) => id).sort()).toEqual(
    [...(result.prune?.plan.repack ?? [])].sort(),
  );
  expect(result.prune?.stillLocked[0]?.until).toBe('2027-01-01T00:00:00Z');
  await repository.close();
  const { summary } = await withTestRepository(at, 'open', (again) => check(again, { readData: true }));
  expect(summary).toMatchObject({ num_errors: 0, suggest_prune: true });
});

/** Has begun uploads, at these times before now, and keeps what was dropped. */
class UploadingBucket extends ForwardingBucket {
  readonly dropped: string[] = [];
  refuses = false;

  override async *listUnfinished(): AsyncGenerator<UnfinishedUpload> {
    const hour = 3_600_000;
    const upload = (key: string, hours: number) => {
      const at = systemClock.now() - hours * hour;
      return { key, id: key, startedMs: at - 48 * hour, activeMs: at };
    };
    const id = 'ab'.repeat(32);
    yield upload(`data/ab/${id}`, 25);
    yield upload(`index/${id}`, 23);
    yield upload(`data/cd/${id}`, 25);
    yield upload('holiday.mov', 9000);
    if (this.refuses) throw new GatehouseError('BUCKET_DENIED', 'No.');
  }

  override async dropUnfinished({ key }: UnfinishedUpload): Promise<void> {
    this.dropped.push(key);
  }
}

it('drops uploads of the repository that were cut off more than a day ago', async () => {
  const { folder, source, repository: at, first } = await twoGenerations();
  await first();
  await withTestRepository(at, 'init', (repository) => saveTree(repository, source));
  const bucket = new UploadingBucket(new DirectoryBucket(at, { clock: systemClock }));
  const temporaryFolder = join(folder, 'spool');
  const password = new Secret(testPassword);
  const repository = await Repository.open({ bucket, password, temporaryFolder, clock: systemClock });
  const { staleUploads: seen } = await prune(repository, { dryRun: true });
  expect([seen, bucket.dropped]).toEqual([{ count: 1 }, []]);
  const { staleUploads } = await prune(repository);
  expect(staleUploads).toEqual({ count: 1 });
  expect(bucket.dropped).toEqual([`data/ab/${'ab'.repeat(32)}`]);
  bucket.refuses = true;
  expect(await prune(repository)).toMatchObject({ staleUploads: { failure: { code: 'BUCKET_DENIED' } } });
  await repository.close();
});
