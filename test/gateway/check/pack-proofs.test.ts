import { createCipheriv } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { Secret } from '../../../core/secret.js';
import type { Bucket } from '../../../gateway/bucket/bucket.js';
import { DirectoryBucket } from '../../../gateway/bucket/directory.js';
import { provePacks } from '../../../gateway/check/pack-proofs.js';
import { choosePacks } from '../../../gateway/commands/check-subset.js';
import { keyOf } from '../../../gateway/repository/layout.js';
import { Repository } from '../../../gateway/repository/repository.js';
import type { Problem } from '../../../gateway/repository/types.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { cheapScrypt } from '../repository/vectors.js';

const noise = (sizeBytes: number, seed: number) =>
  createCipheriv('aes-256-ctr', Buffer.alloc(32, seed), Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));

/** Where packs come through the main thread, and where threads read them by themselves. */
const stores = {
  'over a wire': async () => {
    const bucket = new MemoryBucket();
    return {
      bucket,
      get: async (key: string) => bucket.objects.get(key) ?? Buffer.alloc(0),
      put: async (key: string, bytes: Buffer) => void bucket.objects.set(key, bytes),
      remove: async (key: string) => void bucket.objects.delete(key),
    };
  },
  'in files of this machine': async () => {
    const folder = await temporaryFolder('packs');
    const bucket = new DirectoryBucket(folder, { clock: systemClock });
    return {
      bucket,
      get: (key: string) => readFile(join(folder, key)),
      put: (key: string, bytes: Buffer) => writeFile(join(folder, key), bytes),
      remove: (key: string) => rm(join(folder, key)),
    };
  },
};

/** Twenty packs or so of noise and of text, which is stored compressed. */
async function manyPacks(bucket: Bucket) {
  const repository = await Repository.init({
    bucket,
    password: new Secret('p'),
    temporaryFolder: await temporaryFolder('spool'),
    clock: systemClock,
    scryptCost: cheapScrypt,
    packSizeBytes: 100_000,
  });
  onTestFinished(() => repository.close());
  for (let seed = 0; seed < 40; seed++) {
    await repository.saveBlob('data', noise(50_000, seed));
    await repository.saveBlob('data', Buffer.alloc(20_000, `line ${seed}\n`));
  }
  await repository.flush();
  const packs = [...repository.indexedPacks()];
  const prove = async (threads: number, signal?: AbortSignal) => {
    const problems: Problem[] = [];
    const sizes: number[] = [];
    await provePacks(
      repository,
      choosePacks(() => packs, { kind: 'part', part: 1, of: 1 }),
      {
        threads,
        onProblem: (problem) => problems.push(problem),
        onPack: (sizeBytes) => sizes.push(sizeBytes),
        ...(signal ? { signal } : {}),
      },
    );
    return { problems, sizes };
  };
  return { repository, packs, prove };
}

describe.each(Object.entries(stores))('proving packs that lie %s', (_, openStore) => {
  it('finds nothing wrong with sound ones, on threads as without', async () => {
    const { packs, prove } = await manyPacks((await openStore()).bucket);
    expect(packs.length).toBeGreaterThan(10);
    for (const threads of [0, 2]) {
      const { problems, sizes } = await prove(threads);
      expect(problems).toEqual([]);
      expect(sizes).toEqual(packs.map(({ sizeBytes }) => sizeBytes));
    }
  });

  it('finds each kind of damage, on threads as without', async () => {
    const store = await openStore();
    const { repository, packs, prove } = await manyPacks(store.bucket);
    const [flipped = '', short = '', gone = '', longer = ''] = packs.map(({ packId }) => packId);
    const keys = { flipped: keyOf('pack', flipped), longer: keyOf('pack', longer) };
    const hit = repository.blobsOfPack(flipped)[0];
    const bytes = await store.get(keys.flipped);
    bytes[(hit?.offset ?? 0) + 20] = (bytes[(hit?.offset ?? 0) + 20] ?? 0) ^ 1;
    await store.put(keys.flipped, bytes);
    await store.put(keyOf('pack', short), (await store.get(keyOf('pack', short))).subarray(0, -50));
    await store.remove(keyOf('pack', gone));
    await store.put(keys.longer, Buffer.concat([await store.get(keys.longer), Buffer.alloc(9_000_000)]));
    const [alone, threaded] = [await prove(0), await prove(2)];
    expect(threaded).toEqual(alone);
    const codesOf = (packId: string) =>
      alone.problems.filter(({ fileId }) => fileId === packId).map(({ code }) => code);
    expect(codesOf(flipped)).toEqual(['PACK_HASH', 'BLOB_DAMAGED']);
    expect(alone.problems.find(({ code }) => code === 'BLOB_DAMAGED')?.blobId).toBe(hit?.id);
    expect(codesOf(short)).toEqual(['PACK_HASH', 'PACK_SIZE', 'PACK_HEADER']);
    expect(codesOf(gone)).toEqual(['PACK_MISSING']);
    expect(codesOf(longer)).toEqual(['PACK_HASH', 'PACK_SIZE', 'PACK_HEADER']);
    expect(new Set(alone.problems.map(({ fileId }) => fileId)).size).toBe(4);
  });

  it('ends with the signal', async () => {
    const { prove } = await manyPacks((await openStore()).bucket);
    await expect(prove(2, AbortSignal.abort())).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('proving packs', () => {
  it('ends with the signal in the middle of one, and with the bucket', async () => {
    const bucket = new MemoryBucket();
    const { prove } = await manyPacks(bucket);
    const stop = new AbortController();
    bucket.before = (operation) => (operation === 'getStream' ? stop.abort() : undefined);
    await expect(prove(2, stop.signal)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    bucket.before = () => {
      throw new Error('no answer');
    };
    await expect(prove(2)).rejects.toThrow('no answer');
  });

  it('ends with the signal in the middle of files', async () => {
    const stop = new AbortController();
    let asked = 0;
    class Stopping extends DirectoryBucket {
      override localFile(key: string): string {
        if (++asked === 4) stop.abort();
        return super.localFile(key);
      }
    }
    const bucket = new Stopping(await temporaryFolder('packs'), { clock: systemClock });
    const { packs, prove } = await manyPacks(bucket);
    await expect(prove(2, stop.signal)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(asked).toBeLessThan(packs.length);
  });

  it('needs no thread beside this one on a machine with one core', async () => {
    const { packs, prove } = await manyPacks((await stores['in files of this machine']()).bucket);
    const { problems, sizes } = await prove(1);
    expect(problems).toEqual([]);
    expect(sizes).toEqual(packs.map(({ sizeBytes }) => sizeBytes));
  });

  it('goes by way of the bucket where a thread cannot read a file', async () => {
    class Elsewhere extends DirectoryBucket {
      override localFile(key: string): string {
        return `${super.localFile(key)}.gone`;
      }
    }
    const { packs, prove } = await manyPacks(
      new Elsewhere(await temporaryFolder('packs'), { clock: systemClock }),
    );
    const { problems, sizes } = await prove(2);
    expect(problems).toEqual([]);
    expect(sizes).toEqual(packs.map(({ sizeBytes }) => sizeBytes));
  });
});

describe('a part of the packs', () => {
  const all = Array.from({ length: 100 }, (_, at) => ({
    packId: `${at.toString(16).padStart(2, '0')}${'0'.repeat(62)}`,
    sizeBytes: 1000,
    blobCount: 1,
    treeCount: 0,
  }));
  const chosen = (subset: Parameters<typeof choosePacks>[1]) => choosePacks(() => all, subset);

  it('meets every pack once over all parts', () => {
    const parts = [1, 2, 3].map((part) => [...chosen({ kind: 'part', part, of: 3 }).ids()]);
    expect(parts.flat().sort()).toEqual(all.map(({ packId }) => packId));
  });

  it('has the size that was asked for, drawn anew each time, and is the same at each look', () => {
    const first = chosen({ kind: 'size', sizeBytes: 30_500 });
    expect([first.count, first.sizeBytes, first.largestBytes]).toEqual([31, 31_000, 1000]);
    expect([...first.ids()]).toEqual([...first.ids()]);
    expect(new Set(first.ids()).size).toBe(31);
    expect([...chosen({ kind: 'size', sizeBytes: 30_500 }).ids()]).not.toEqual([...first.ids()]);
    expect(chosen({ kind: 'size', sizeBytes: 10 ** 9 }).count).toBe(100);
    expect(chosen({ kind: 'percent', percent: 7 }).count).toBe(7);
    expect(chosen({ kind: 'percent', percent: 0.1 }).count).toBe(1);
  });
});
