/** Repairs that are cut short at any write lose nothing, and can be run again. */
import { createHash } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { Secret } from '../../../core/secret.js';
import { check } from '../../../gateway/commands/check.js';
import { planIndexRepair, repairIndex } from '../../../gateway/commands/repair-index.js';
import { planPackRepair, repairPacks } from '../../../gateway/commands/repair-packs.js';
import { encodeIndex } from '../../../gateway/repository/index-file.js';
import { keyOf } from '../../../gateway/repository/layout.js';
import { Repository } from '../../../gateway/repository/repository.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { cheapScrypt } from '../repository/vectors.js';

const idOf = (text: string) => createHash('sha256').update(text).digest('hex');

async function open(bucket: MemoryBucket, how: 'init' | 'open', loaded = true): Promise<Repository> {
  const repository = await Repository[how]({
    bucket,
    password: new Secret('p'),
    temporaryFolder: await temporaryFolder('spool'),
    clock: systemClock,
    scryptCost: cheapScrypt,
  });
  onTestFinished(() => repository.close());
  if (loaded) await repository.loadIndex({ onProblem: () => {} });
  return repository;
}

/** One pack of three blobs, the first of them damaged. */
async function damagedPack(): Promise<{
  bucket: MemoryBucket;
  packId: string;
  lost: string;
  kept: string[];
}> {
  const bucket = new MemoryBucket();
  const repository = await open(bucket, 'init');
  for (const text of ['one', 'two', 'three']) await repository.saveBlob('data', Buffer.from(text));
  await repository.flush();
  const packId = [...repository.indexedPacks()][0]?.packId ?? '';
  const [hit, ...others] = repository.blobsOfPack(packId);
  const bytes = bucket.objects.get(keyOf('pack', packId));
  if (bytes !== undefined && hit !== undefined) bytes[hit.offset + 20] = (bytes[hit.offset + 20] ?? 0) ^ 1;
  return { bucket, packId, lost: hit?.id ?? '', kept: others.map(({ id }) => id) };
}

it('a repair of packs keeps what can be read', async () => {
  let cuts = 0;
  for (let failAt = 1; ; failAt++) {
    const { bucket, packId, lost, kept } = await damagedPack();
    const mend = async () => {
      const repository = await open(bucket, 'open');
      await repairPacks(repository, await planPackRepair(repository, [packId]));
    };
    let step = 0;
    bucket.before = (operation) => {
      if (['put', 'delete'].includes(operation) && ++step === failAt) throw new Error('cut short');
    };
    const failed = await mend().then(
      () => false,
      () => true,
    );
    bucket.before = () => {};
    const reader = await open(bucket, 'open');
    for (const id of kept) expect(idOf(Buffer.from(await reader.loadBlob('data', id)).toString())).toBe(id);
    if (!failed) {
      expect(reader.hasBlob('data', lost)).toBe(false);
      expect((await check(reader, { readData: true })).isSound).toBe(true);
      break;
    }
    cuts++;
    if (bucket.objects.has(keyOf('pack', packId))) await mend();
    expect((await check(await open(bucket, 'open'), { readData: true })).summary.num_errors).toBe(0);
  }
  // A pack, an index of it, the whole index, and three removals.
  expect(cuts).toBeGreaterThanOrEqual(5);
});

it('a pack that two index files state differently is damage, which a repair of the index mends', async () => {
  const bucket = new MemoryBucket();
  const repository = await open(bucket, 'init');
  for (const text of ['one', 'two']) await repository.saveBlob('data', Buffer.from(text));
  await repository.flush();
  const packId = [...repository.indexedPacks()][0]?.packId ?? '';
  const blobs = repository.blobsOfPack(packId);
  await repository.stores.files.save('index', encodeIndex([{ packId, blobs: blobs.slice(0, 1) }]));
  const codes = async () => {
    const { problems, summary } = await check(await open(bucket, 'open', false));
    return { codes: problems.map(({ code }) => code), repair: summary.suggest_repair_index };
  };
  expect(await codes()).toEqual({ codes: ['PACK_SPLIT'], repair: true });
  const mender = await open(bucket, 'open', false);
  await repairIndex(mender, await planIndexRepair(mender));
  expect(await codes()).toEqual({ codes: [], repair: false });
  expect(bucket.keys('index/')).toHaveLength(1);
});
