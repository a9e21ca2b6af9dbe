import { readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { silentLogger } from '../../../core/log.js';
import { Secret } from '../../../core/secret.js';
import { listCaches, removeOldCaches } from '../../../gateway/cache/cache-folders.js';
import { MetadataCache } from '../../../gateway/cache/metadata-cache.js';
import { Repository } from '../../../gateway/repository/repository.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { cheapScrypt } from '../repository/vectors.js';

/** A repository with one snapshot of one tree, and what opening it anew with the cache asks the bucket. */
async function scene() {
  const bucket = new MemoryBucket();
  const cacheFolder = await temporaryFolder('cache');
  const open = async (how: 'init' | 'open', cached: boolean): Promise<Repository> => {
    const repository = await Repository[how]({
      bucket,
      password: new Secret('p'),
      temporaryFolder: await temporaryFolder('spool'),
      clock: systemClock,
      scryptCost: cheapScrypt,
      ...(cached ? { cacheFolder } : {}),
    });
    onTestFinished(() => repository.close());
    return repository;
  };
  const writer = await open('init', false);
  await writer.saveBlob('data', Buffer.from('data'));
  const tree = (await writer.saveBlob('tree', Buffer.from('{"nodes":[]}\n'))).id;
  const snapshot = await writer.saveSnapshot(JSON.stringify({ tree, paths: ['/x'] }));
  await writer.close();
  /** Reads everything there is of metadata. @returns the keys that were asked for. */
  const read = async (): Promise<string[]> => {
    const repository = await open('open', true);
    bucket.calls.length = 0;
    await repository.loadIndex();
    expect(Buffer.from(await repository.loadBlob('tree', tree)).toString()).toBe('{"nodes":[]}\n');
    await repository.loadSnapshot(snapshot);
    const calls = bucket.calls.filter((call) => call.startsWith('get'));
    await repository.close();
    return calls.map((call) => call.split('/')[0] ?? '').sort();
  };
  const folder = join(cacheFolder, writer.id);
  const files = () =>
    ['index', 'snapshots', 'parts'].flatMap((kind) =>
      readdirSync(join(folder, kind)).map((name) => join(folder, kind, name)),
    );
  return { bucket, open, read, cacheFolder, folder, files, tree, snapshot };
}

describe('the metadata cache', () => {
  it('spares every later run the reading of index, snapshots and trees', async () => {
    const { read, files, cacheFolder } = await scene();
    expect(await read()).toEqual(['get index', 'get snapshots', 'getRange data']);
    expect(files()).toHaveLength(3);
    expect(await read()).toEqual([]);
    expect(readFileSync(join(cacheFolder, 'CACHEDIR.TAG'), 'latin1')).toMatch(
      /^Signature: 8a477f597d28d172789f06886806bc55\n/,
    );
    expect(statSync(cacheFolder).mode & 0o077).toBe(0);
  });

  it('holds what a run wrote itself, and no data', async () => {
    const { open, read, files } = await scene();
    const repository = await open('open', true);
    await repository.saveBlob('data', Buffer.from('more'));
    const snapshot = await repository.saveSnapshot('{"tree":"x"}');
    expect(files().map((path) => path.split('/').at(-1))).toContain(snapshot);
    expect(files()).toHaveLength(2);
    expect(await read()).toEqual(['get index', 'get snapshots', 'getRange data']);
  });

  it('takes damaged copies for absent', async () => {
    const { read, files } = await scene();
    await read();
    for (const path of files())
      writeFileSync(
        path,
        readFileSync(path).map((byte) => byte ^ 1),
      );
    expect(await read()).toEqual(['get index', 'get snapshots', 'getRange data']);
    for (const path of files()) truncateSync(path, 10);
    expect(await read()).toEqual(['get index', 'get snapshots', 'getRange data']);
    expect(await read()).toEqual([]);
  });

  it('forgets what is no longer in the bucket', async () => {
    const { bucket, open, read, files } = await scene();
    await read();
    for (const key of [...bucket.keys('index/'), ...bucket.keys('snapshots/')]) bucket.objects.delete(key);
    const repository = await open('open', true);
    await repository.loadIndex();
    for await (const snapshot of repository.listSnapshots()) expect(snapshot).toBeUndefined();
    expect(files()).toEqual([]);
  });

  it('works without a cache where none can be made', async () => {
    const { open, tree, cacheFolder } = await scene();
    await removeOldCaches(cacheFolder, Number.POSITIVE_INFINITY);
    writeFileSync(join(cacheFolder, 'file'), '');
    const cache = await MetadataCache.open(join(cacheFolder, 'file'), 'a'.repeat(64), {
      clock: systemClock,
      log: silentLogger,
    });
    expect(cache).toBeUndefined();
    const repository = await open('open', false);
    await repository.loadIndex();
    expect(repository.hasBlob('tree', tree)).toBe(true);
  });

  it('lets the parts go that were not used for longest when it has grown too large', async () => {
    const base = await temporaryFolder('cache');
    const options = { clock: systemClock, log: silentLogger, partsLimitBytes: 5000 };
    const cache = await MetadataCache.open(base, 'a'.repeat(64), options);
    const folder = join(base, 'a'.repeat(64), 'parts');
    for (let n = 0; n < 10; n++) {
      await cache?.part({ packId: `${n}`.repeat(64), offset: 0, length: 968 }, async () =>
        Buffer.alloc(968, n),
      );
      const path = join(folder, `${`${n}`.repeat(64)}-0-968`);
      utimesSync(path, 1000 + n, 1000 + n);
    }
    // Used again: the oldest is now the newest.
    await cache?.part({ packId: '0'.repeat(64), offset: 0, length: 968 }, async () => {
      throw new Error('it is there');
    });
    await cache?.close();
    expect(readdirSync(folder).map((name) => name[0])).toEqual(['0', '7', '8', '9']);
  });

  it('removes whole caches that nobody used for thirty days', async () => {
    const { cacheFolder, folder, read } = await scene();
    await read();
    utimesSync(folder, 1000, 1000);
    const other = await MetadataCache.open(cacheFolder, 'b'.repeat(64), {
      clock: systemClock,
      log: silentLogger,
    });
    expect(other).toBeDefined();
    expect((await listCaches(cacheFolder)).map(({ repositoryId }) => repositoryId)).toEqual(['b'.repeat(64)]);
  });
});
