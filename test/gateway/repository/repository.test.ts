import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Repository } from '../../../gateway/repository/repository.js';
import type { Problem } from '../../../gateway/repository/types.js';
import { FakeClock } from '../../support/fake-clock.js';
import { cheapScrypt, newRepository, optionsFor } from './vectors.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const treeOf = (text: string) => Buffer.from(`{"nodes":[],"note":"${text}"}\n`);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('saving blobs', () => {
  it('brings every blob back after the repository was opened again', async () => {
    const { repository, reopen } = await newRepository();
    const blobs = [Buffer.alloc(0), randomBytes(1), randomBytes(300_000), Buffer.alloc(2_000_000, 'text ')];
    const saved = await Promise.all(blobs.map((blob) => repository.saveBlob('data', blob)));
    const tree = await repository.saveBlob('tree', treeOf('a'));
    await repository.flush();
    const again = await reopen();
    for (const [i, blob] of blobs.entries()) {
      const { id } = saved[i]!;
      expect(id).toBe(sha256(blob));
      expect(again.blobSize('data', id)).toBe(blob.length);
      expect(Buffer.compare(await again.loadBlob('data', id), blob)).toBe(0);
    }
    expect(text(await again.loadBlob('tree', tree.id))).toBe(treeOf('a').toString());
    expect(again.hasBlob('data', tree.id)).toBe(false);
    await expect(again.loadBlob('data', tree.id)).rejects.toMatchObject({ code: 'BLOB_MISSING' });
  });

  it('compresses what shrinks and keeps plain what does not', async () => {
    const { repository } = await newRepository();
    const text = await repository.saveBlob('data', Buffer.alloc(100_000, 'log line '));
    const noise = await repository.saveBlob('data', randomBytes(100_000));
    expect(text.storedBytes).toBeLessThan(1000);
    expect(noise.storedBytes).toBe(100_032);
  });

  it.each([
    { version: 1 as const, tree: 'plain' },
    { compress: false, tree: 'compressed' },
  ])('compresses no data with %o', async ({ tree, ...more }) => {
    const { repository, bucket, reopen } = await newRepository(more);
    const saved = await repository.saveBlob('data', Buffer.alloc(100_000, 'log line '));
    const savedTree = await repository.saveBlob('tree', treeOf('x'.repeat(5000)));
    await repository.saveSnapshot('{"tree":"x"}');
    expect(saved.storedBytes).toBe(100_032);
    expect(savedTree.storedBytes < 1000 ? 'compressed' : 'plain').toBe(tree);
    const again = await reopen();
    expect((await again.loadBlob('data', saved.id)).length).toBe(100_000);
    expect(bucket.keys('index/')).toHaveLength(1);
  });

  it('takes a blob in once: in an open pack, in the index, and when two callers bring it at once', async () => {
    const { repository, reopen } = await newRepository();
    const blob = randomBytes(5000);
    const both = await Promise.all([repository.saveBlob('data', blob), repository.saveBlob('data', blob)]);
    expect(both.map((saved) => saved.isNew).sort()).toEqual([false, true]);
    expect(repository.hasBlob('data', sha256(blob))).toBe(true);
    expect(await repository.saveBlob('data', blob)).toEqual({
      id: sha256(blob),
      isNew: false,
      storedBytes: 0,
    });
    await repository.flush();
    expect((await repository.saveBlob('data', blob)).isNew).toBe(false);
    const again = await reopen();
    expect((await again.saveBlob('data', blob)).isNew).toBe(false);
    expect(again.packOf('data', sha256(blob))).toMatchObject({ length: 5032 });
  });

  it('writes packs of the wanted size, never mixed, one larger blob by itself', async () => {
    const { repository, bucket } = await newRepository({ packSizeBytes: 256 * 1024 });
    for (let i = 0; i < 30; i++) await repository.saveBlob('data', randomBytes(50_000));
    await repository.saveBlob('data', randomBytes(400_000));
    for (let i = 0; i < 30; i++) await repository.saveBlob('tree', treeOf(`${i}`));
    await repository.flush();
    const packs = [...repository.indexedPacks()];
    expect(packs.every((pack) => pack.treeCount === 0 || pack.treeCount === pack.blobCount)).toBe(true);
    expect(packs.filter((pack) => pack.treeCount > 0)).toHaveLength(1);
    expect(packs.every((pack) => pack.sizeBytes < 256 * 1024 + 51_000 || pack.blobCount === 1)).toBe(true);
    expect(packs.reduce((sum, pack) => sum + pack.blobCount, 0)).toBe(61);
    expect(
      bucket
        .keys('data/')
        .map((key) => key.slice(8))
        .sort(),
    ).toEqual(packs.map((p) => p.packId).sort());
  });

  it('proves each sealed blob when asked to', async () => {
    const { repository, reopen } = await newRepository({ verifySealed: true });
    const { id } = await repository.saveBlob('data', Buffer.alloc(70_000, 'abc'));
    await repository.flush();
    expect((await (await reopen()).loadBlob('data', id)).length).toBe(70_000);
  });

  it('waits while all uploads are under way, and no longer than its signal', async () => {
    const { repository, bucket } = await newRepository({ packSizeBytes: 1000, uploads: 1 });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    bucket.before = (operation) => (operation === 'put' ? held : undefined);
    await repository.saveBlob('data', randomBytes(2000));
    const abort = new AbortController();
    const interrupted = repository.saveBlob('data', randomBytes(2000), { signal: abort.signal });
    let isDone = false;
    const waiting = repository.saveBlob('data', randomBytes(2000)).then(() => {
      isDone = true;
    });
    abort.abort();
    await expect(interrupted).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(isDone).toBe(false);
    release();
    await waiting;
    await repository.flush();
    expect(bucket.keys('data/')).toHaveLength(2);
  });
});

describe('the order of writing', () => {
  it('is packs, index, snapshot, each done before the next begins', async () => {
    const { repository, bucket } = await newRepository({ packSizeBytes: 50_000 });
    for (let i = 0; i < 20; i++) await repository.saveBlob('data', randomBytes(20_000));
    bucket.calls.length = 0;
    await repository.saveSnapshot('{}');
    const written = bucket.calls.map((call) => call.replace(/^put (\w+)\/.*/, '$1'));
    expect(written.indexOf('index')).toBe(written.lastIndexOf('data') + 1);
    expect(written.slice(-2)).toEqual(['index', 'snapshots']);
  });

  it('stores no snapshot once a pack was lost, and takes nothing more in', async () => {
    const { repository, bucket } = await newRepository({ packSizeBytes: 1000 });
    const blob = randomBytes(2000);
    bucket.before = (_operation, key) => {
      if (key.startsWith('data/')) throw new Error('disk full');
    };
    await repository.saveBlob('data', blob);
    await expect(repository.saveSnapshot('{}')).rejects.toThrow('disk full');
    bucket.before = () => {};
    await expect(repository.saveBlob('data', blob)).rejects.toThrow('disk full');
    await expect(repository.saveSnapshot('{}')).rejects.toThrow('disk full');
    expect([...bucket.keys('snapshots/'), ...bucket.keys('index/')]).toEqual([]);
  });

  it.each(['data/', 'index/', 'snapshots/'])(
    'leaves at worst orphans when it is cut off at its first write to %s',
    async (folder) => {
      const { repository, bucket, reopen } = await newRepository({ packSizeBytes: 50_000 });
      const old = await repository.saveBlob('data', randomBytes(1000));
      await repository.saveSnapshot('{"n":1}');
      bucket.before = (operation, key) => {
        if (operation === 'put' && key.startsWith(folder)) throw new Error('power cut');
      };
      for (let i = 0; i < 10; i++) await repository.saveBlob('data', randomBytes(20_000)).catch(() => {});
      await expect(repository.saveSnapshot('{"n":2}')).rejects.toThrow('power cut');
      bucket.before = () => {};
      await repository.close();
      const again = await reopen();
      expect((await collect(again.listSnapshots())).map(({ bytes }) => text(bytes))).toEqual(['{"n":1}']);
      expect(again.hasBlob('data', old.id)).toBe(true);
      const problems = await collect(again.checkPacks());
      expect(problems.filter((problem) => problem.severity === 'error')).toEqual([]);
      expect((await again.saveBlob('data', randomBytes(10))).isNew).toBe(true);
      await again.saveSnapshot('{"n":3}');
    },
  );

  it('writes an index after five minutes, so that an interrupted backup need not start over', async () => {
    const clock = new FakeClock();
    const { repository, bucket, reopen } = await newRepository({ packSizeBytes: 1000, clock });
    const until = async (isTrue: () => boolean) => {
      while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
    };
    const first = await repository.saveBlob('data', randomBytes(2000));
    await until(() => repository.packOf('data', first.id) !== undefined);
    expect(bucket.keys('index/')).toEqual([]);
    clock.advance(5 * 60_000);
    await repository.saveBlob('data', randomBytes(2000));
    await until(() => bucket.keys('index/').length > 0);
    await repository.close();
    expect((await reopen()).hasBlob('data', first.id)).toBe(true);
  });

  it('writes no index when there is nothing new', async () => {
    const { repository, bucket } = await newRepository();
    await repository.flush();
    await repository.saveSnapshot('{}');
    expect(bucket.keys('index/')).toEqual([]);
  });
});

describe('closing', () => {
  it('removes spool files, refuses more work and is idempotent', async () => {
    const options = await optionsFor();
    const repository = await Repository.init({ ...options, scryptCost: cheapScrypt });
    await repository.saveBlob('data', randomBytes(2_000_000));
    expect(await readdir(options.temporaryFolder)).toHaveLength(1);
    await Promise.all([repository.close(), repository.close()]);
    expect(await readdir(options.temporaryFolder)).toEqual([]);
    const saving = repository.saveBlob('data', randomBytes(10));
    await expect(saving).rejects.toMatchObject({ code: 'REPOSITORY_CLOSED' });
    await expect(repository.flush()).rejects.toMatchObject({ code: 'REPOSITORY_CLOSED' });
  });

  it('stops an upload under way', async () => {
    const { repository, bucket } = await newRepository({ packSizeBytes: 1000 });
    const begun = new Promise<void>((resolve) => {
      bucket.before = (_operation, _key, options) =>
        new Promise((_resolve, reject) => {
          options?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
          resolve();
        });
    });
    await repository.saveBlob('data', randomBytes(2000));
    await begun;
    await repository.close();
    expect(bucket.keys('data/')).toEqual([]);
  });
});

describe('snapshots', () => {
  it('are listed, loaded, found by the beginning of their id, and removed', async () => {
    const { repository } = await newRepository();
    const ids = [await repository.saveSnapshot('{"n":1}'), await repository.saveSnapshot('{"n":2}')];
    expect((await collect(repository.listSnapshots())).map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(text(await repository.loadSnapshot(ids[1]!))).toBe('{"n":2}');
    expect(await repository.resolveSnapshotId(ids[0]!.slice(0, 12).toUpperCase())).toBe(ids[0]);
    await expect(repository.resolveSnapshotId('')).rejects.toMatchObject({ code: 'SNAPSHOT_UNKNOWN' });
    await expect(repository.resolveSnapshotId('xyz')).rejects.toMatchObject({ code: 'SNAPSHOT_UNKNOWN' });
    await repository.removeFile('snapshot', ids[0]!);
    await repository.removeFile('snapshot', ids[0]!);
    const gone = repository.loadSnapshot(ids[0]!);
    await expect(gone).rejects.toMatchObject({ code: 'REPOSITORY_FILE_MISSING' });
  });

  it('are ambiguous when several begin alike', async () => {
    const { repository, bucket } = await newRepository();
    for (const end of ['0', '1']) bucket.objects.set(`snapshots/${'ab'.repeat(31)}a${end}`, Buffer.alloc(1));
    await expect(repository.resolveSnapshotId('abab')).rejects.toMatchObject({ code: 'SNAPSHOT_AMBIGUOUS' });
  });

  it('are refused when the storage side puts one in the place of another', async () => {
    const { repository, bucket } = await newRepository();
    const [older, newer] = [
      await repository.saveSnapshot('{"n":1}'),
      await repository.saveSnapshot('{"n":2}'),
    ];
    bucket.objects.set(`snapshots/${newer}`, bucket.objects.get(`snapshots/${older}`)!);
    await expect(repository.loadSnapshot(newer)).rejects.toMatchObject({ code: 'REPOSITORY_DAMAGED' });
  });

  it('are refused when a byte changed', async () => {
    const { repository, bucket } = await newRepository();
    const id = await repository.saveSnapshot('{"n":1}');
    bucket.objects.get(`snapshots/${id}`)![20]! ^= 1;
    await expect(repository.loadSnapshot(id)).rejects.toMatchObject({ code: 'REPOSITORY_DAMAGED' });
  });
});

describe('reading', () => {
  it('fetches neighbouring trees with few requests', async () => {
    const { repository, bucket, reopen } = await newRepository();
    const ids: string[] = [];
    for (let i = 0; i < 200; i++) ids.push((await repository.saveBlob('tree', treeOf(`${i}`))).id);
    await repository.flush();
    const again = await reopen();
    bucket.calls.length = 0;
    for (const id of ids) await again.loadBlob('tree', id);
    expect(bucket.calls).toHaveLength(1);
  });

  it('opens blobs from one range read over several of them', async () => {
    const { repository, reopen } = await newRepository();
    const plain = Array.from({ length: 8 }, () => randomBytes(1000));
    for (const blob of plain) await repository.saveBlob('data', blob);
    await repository.flush();
    const again = await reopen();
    const [pack] = [...again.indexedPacks()];
    const blobs = again.blobsOfPack(pack!.packId);
    const last = blobs.at(-1)!;
    const whole = { packId: pack!.packId, offset: 0, length: last.offset + last.length };
    const bytes = await again.loadRange(whole);
    for (const { type, id, offset, length } of blobs) {
      const opened = await again.openSealed(type, id, bytes.subarray(offset, offset + length));
      expect(sha256(opened)).toBe(id);
    }
    expect(blobs).toHaveLength(8);
  });

  it('refuses a blob whose bytes were changed, and one that took the place of another', async () => {
    const { repository, bucket, reopen } = await newRepository();
    const [a, b] = [randomBytes(1000), randomBytes(1000)];
    await repository.saveBlob('data', a);
    await repository.saveBlob('data', b);
    await repository.flush();
    const again = await reopen();
    const sealedB = await again.loadRange(again.packOf('data', sha256(b))!);
    const swapped = again.openSealed('data', sha256(a), sealedB);
    await expect(swapped).rejects.toMatchObject({ code: 'REPOSITORY_DAMAGED' });
    bucket.objects.get(bucket.keys('data/')[0]!)![again.packOf('data', sha256(a))!.offset + 20]! ^= 1;
    const changed = again.loadBlob('data', sha256(a));
    await expect(changed).rejects.toMatchObject({ code: 'REPOSITORY_DAMAGED' });
  });
});

describe('checking', () => {
  const codes = (problems: Problem[]) => problems.map((problem) => problem.code);

  async function withOnePack() {
    const made = await newRepository();
    for (let i = 0; i < 3; i++) await made.repository.saveBlob('data', randomBytes(1000));
    await made.repository.flush();
    const [key] = made.bucket.keys('data/');
    const again = await made.reopen();
    const packId = key!.slice(8);
    const verify = (level: 'size' | 'data') => collect(again.verifyPack(packId, level));
    return { ...made, again, key: key!, packId, verify };
  }

  it('finds nothing in an intact repository', async () => {
    const { again, verify } = await withOnePack();
    expect(await collect(again.checkPacks())).toEqual([]);
    expect([...(await verify('size')), ...(await verify('data'))]).toEqual([]);
  });

  it('finds a missing pack, an orphan and a pack of another size', async () => {
    const { again, bucket, key, packId, verify } = await withOnePack();
    const bytes = bucket.objects.get(key)!;
    bucket.objects.set(key, bytes.subarray(0, -10));
    expect(codes(await collect(again.checkPacks()))).toEqual(['PACK_SIZE']);
    expect(codes(await verify('size'))).toEqual(['PACK_SIZE']);
    bucket.objects.delete(key);
    const orphan = 'cd'.repeat(32);
    bucket.objects.set(`data/cd/${orphan}`, bytes);
    const problems = await collect(again.checkPacks());
    expect(problems.map(({ code, severity, fileId }) => [code, severity, fileId])).toEqual([
      ['PACK_ORPHAN', 'hint', orphan],
      ['PACK_MISSING', 'error', packId],
    ]);
    expect(codes(await verify('size'))).toEqual(['PACK_MISSING']);
    expect(codes(await verify('data'))).toEqual(['PACK_MISSING']);
  });

  it('finds the one blob that a changed byte hits', async () => {
    const { again, bucket, key, packId, verify } = await withOnePack();
    const second = again.blobsOfPack(packId)[1]!;
    bucket.objects.get(key)![second.offset + 100]! ^= 1;
    const problems = await verify('data');
    expect(codes(problems)).toEqual(['PACK_HASH', 'BLOB_DAMAGED']);
    expect(problems[1]?.blobId).toBe(second.id);
    expect(await verify('size')).toEqual([]);
  });

  it('finds a damaged header while the blobs are still good', async () => {
    const { bucket, key, verify } = await withOnePack();
    const bytes = bucket.objects.get(key)!;
    bytes[bytes.length - 30]! ^= 1;
    expect(codes(await verify('data'))).toEqual(['PACK_HASH', 'PACK_HEADER']);
  });

  it('finds every blob that a cut-off end takes with it', async () => {
    const { bucket, key, verify } = await withOnePack();
    bucket.objects.set(key, bucket.objects.get(key)!.subarray(0, 1500));
    const problems = codes(await verify('data'));
    expect(problems).toEqual(['PACK_HASH', 'PACK_SIZE', 'PACK_HEADER', 'BLOB_DAMAGED', 'BLOB_DAMAGED']);
  });

  it('reports a damaged index file and goes on, or fails without a listener', async () => {
    const { repository, bucket, reopen } = await newRepository();
    const first = await repository.saveBlob('data', randomBytes(10));
    await repository.flush();
    const [damaged] = bucket.keys('index/');
    bucket.objects.get(damaged!)![20]! ^= 1;
    const second = await repository.saveBlob('data', randomBytes(10));
    await repository.flush();
    await expect(reopen()).rejects.toMatchObject({ code: 'REPOSITORY_DAMAGED' });
    const tolerant = await Repository.open({ ...(await optionsFor(bucket)) });
    const problems: Problem[] = [];
    await tolerant.loadIndex({ onProblem: (problem) => problems.push(problem) });
    expect(problems.map(({ code, fileId }) => [code, `index/${fileId}`])).toEqual([
      ['INDEX_UNREADABLE', damaged],
    ]);
    expect([tolerant.hasBlob('data', first.id), tolerant.hasBlob('data', second.id)]).toEqual([false, true]);
    await tolerant.close();
  });
});
