import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { Secret } from '../../../core/secret.js';
import { Repository } from '../../../gateway/repository/repository.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { cheapScrypt } from './vectors.js';

async function open(bucket: MemoryBucket, how: 'init' | 'open'): Promise<Repository> {
  const options = {
    bucket,
    password: new Secret('p'),
    temporaryFolder: await temporaryFolder('spool'),
    clock: systemClock,
    scryptCost: cheapScrypt,
  };
  const repository = await Repository[how](options);
  onTestFinished(() => repository.close());
  await repository.loadIndex();
  return repository;
}

/** Three packs in three index files; the ids of their blobs. */
async function threePacks(repository: Repository): Promise<string[]> {
  const ids: string[] = [];
  for (const text of ['one', 'two', 'three']) {
    ids.push((await repository.saveBlob('data', Buffer.from(text))).id);
    await repository.flush();
  }
  return ids;
}

describe('rewriting the index', () => {
  it('drops packs, keeps the rest in one new file, and knows it without loading', async () => {
    const bucket = new MemoryBucket();
    const repository = await open(bucket, 'init');
    const [one = '', two = '', three = ''] = await threePacks(repository);
    const dropped = repository.packOf('data', two)?.packId ?? '';
    const { written, removed } = await repository.rewriteIndex({ dropPacks: new Set([dropped]) });
    expect(removed).toHaveLength(3);
    expect(bucket.keys('index/')).toEqual(written.map((id) => `index/${id}`));
    for (const reader of [repository, await open(bucket, 'open')]) {
      expect([one, two, three].map((id) => reader.hasBlob('data', id))).toEqual([true, false, true]);
      expect([...reader.indexedPacks()]).toHaveLength(2);
    }
    expect(bucket.keys('data/')).toHaveLength(3);
  });

  it('states replaced packs anew, takes in unknown ones, and can store a dropped blob again', async () => {
    const bucket = new MemoryBucket();
    const repository = await open(bucket, 'init');
    const [one = '', two = ''] = await threePacks(repository);
    const packId = repository.packOf('data', one)?.packId ?? '';
    const blobs = repository.blobsOfPack(packId).map((blob) => ({ ...blob, type: 'tree' as const }));
    await repository.rewriteIndex({ replacePacks: new Map([[packId, blobs]]) });
    expect([repository.hasBlob('data', one), repository.hasBlob('tree', one)]).toEqual([false, true]);
    await repository.rewriteIndex({ dropPacks: new Set([repository.packOf('data', two)?.packId ?? '']) });
    expect((await repository.saveBlob('data', Buffer.from('two'))).isNew).toBe(true);
    await repository.flush();
    expect((await open(bucket, 'open')).hasBlob('data', two)).toBe(true);
  });

  it('leaves every kept blob findable wherever it is cut short', async () => {
    for (let failAt = 1; failAt <= 4; failAt++) {
      const bucket = new MemoryBucket();
      const repository = await open(bucket, 'init');
      const [one = '', two = '', three = ''] = await threePacks(repository);
      let step = 0;
      bucket.before = (operation) => {
        if (['put', 'delete'].includes(operation) && ++step === failAt) throw new Error('cut short');
      };
      const dropPacks = new Set([repository.packOf('data', two)?.packId ?? '']);
      await expect(repository.rewriteIndex({ dropPacks })).rejects.toThrow('cut short');
      bucket.before = () => {};
      const reader = await open(bucket, 'open');
      expect([one, three].map((id) => reader.hasBlob('data', id))).toEqual([true, true]);
    }
  });

  it('does not remove an index file that it has not read', async () => {
    const bucket = new MemoryBucket();
    const repository = await open(bucket, 'init');
    const other = await open(bucket, 'open');
    await threePacks(repository);
    const late = await other.saveBlob('data', Buffer.from('late'));
    await other.flush();
    await repository.rewriteIndex({});
    expect((await open(bucket, 'open')).hasBlob('data', late.id)).toBe(true);
  });
});
