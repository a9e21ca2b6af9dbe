import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { silentLogger } from '../../../core/log.js';
import { Secret } from '../../../core/secret.js';
import { Sealer } from '../../../gateway/repository/crypto.js';
import { thisProcess, writeLock } from '../../../gateway/repository/lock-files.js';
import { Repository } from '../../../gateway/repository/repository.js';
import { UnpackedFiles } from '../../../gateway/repository/unpacked.js';
import { eventually } from '../../support/eventually.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { cheapScrypt } from './vectors.js';

async function open(
  bucket: MemoryBucket,
  how: 'init' | 'open',
  { loadsIndex = true } = {},
): Promise<Repository> {
  const options = {
    bucket,
    password: new Secret('p'),
    temporaryFolder: await temporaryFolder('spool'),
    clock: systemClock,
    scryptCost: cheapScrypt,
  };
  const repository = await Repository[how](options);
  onTestFinished(() => repository.close());
  if (loadsIndex) await repository.loadIndex();
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

describe('an index that is loaded while a lock is taken', () => {
  it('is there with the lock, and forgotten when another holder came first', async () => {
    const bucket = new MemoryBucket();
    const [one = ''] = await threePacks(await open(bucket, 'init'));
    const reader = await open(bucket, 'open', { loadsIndex: false });
    const files = new UnpackedFiles(bucket, new Sealer(reader.keyMaterial), 2);
    const holder = { ...thisProcess(), hostname: 'other-nas' };
    const taken = reader.lock('shared', { loadsIndex: true });
    taken.catch(() => {});
    await eventually(() => expect(reader.hasBlob('data', one)).toBe(true));
    const theirs = await writeLock({ files, clock: systemClock, log: silentLogger, holder }, true);
    await expect(taken).rejects.toMatchObject({ code: 'LOCKED' });
    // It may drop packs from now on.
    expect(reader.hasBlob('data', one)).toBe(false);
    expect([...reader.indexedPacks()]).toEqual([]);
    await files.remove('lock', theirs);
    const lock = await reader.lock('shared', { loadsIndex: true });
    expect(reader.hasBlob('data', one)).toBe(true);
    expect([...reader.indexedPacks()]).toHaveLength(3);
    await lock.close();
  });
});
