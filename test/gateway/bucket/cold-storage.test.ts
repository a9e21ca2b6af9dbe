/** On a stub that behaves as AWS documents its archive; Ceph has none. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { planThaw, type ThawOptions, thaw } from '../../../gateway/bucket/cold-storage.js';
import { S3Bucket } from '../../../gateway/bucket/s3.js';
import { parseStorageClasses } from '../../../gateway/bucket/storage-class.js';
import { FakeClock } from '../../support/fake-clock.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { stubArchive } from '../../support/stub-archive.js';

const request = { tier: 'Bulk', days: 7 } as const;

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterAll(() => vi.unstubAllEnvs());

async function setUp(classes = 'data=DEEP_ARCHIVE,metadata=STANDARD') {
  const stub = await stubArchive();
  const clock = new FakeClock();
  const bucket = await S3Bucket.open(
    { kind: 's3', bucket: 'bucket', prefix: 'p' },
    { endpoint: stub.endpoint, region: 'us-east-1', clock, storageClasses: parseStorageClasses(classes) },
  );
  onTestFinished(() => bucket.close());
  for (const key of ['data/a', 'data/b', 'data/c'])
    await bucket.put(key, Buffer.alloc(1024), { kind: 'cold' });
  await bucket.put('index/x', Buffer.from('x'));
  return { stub, bucket, clock };
}

function options(clock: FakeClock, more: Partial<ThawOptions> = {}): ThawOptions {
  return { clock, request, agree: () => true, pollMs: 60_000, ...more };
}

describe('what is kept in the archive', () => {
  test('is what is cold, and metadata stays readable', async () => {
    const { stub, bucket } = await setUp();
    expect(stub.classOf('p/data/a')).toBe('DEEP_ARCHIVE');
    expect(stub.classOf('p/index/x')).toBe('STANDARD');
    expect(await bucket.describe('data/a')).toMatchObject({ archive: { state: 'frozen' } });
    expect((await bucket.describe('index/x'))?.archive).toBeUndefined();
    await expect(bucket.get('data/a')).rejects.toMatchObject({ code: 'BUCKET_ARCHIVED' });
  });

  test('is planned with what it costs and how long it takes', async () => {
    const { bucket, clock, stub } = await setUp();
    const plan = await planThaw(bucket, ['data/a', 'data/c', 'index/x', 'data/absent'], { request, clock });
    expect(plan.frozen.map(({ key }) => key).sort()).toEqual(['data/a', 'data/c']);
    expect(plan).toMatchObject({ thawing: [], frozenBytes: 2048, hours: 48 });
    const perGib = 0.0025 + (0.023 * 7) / 30;
    expect(plan.cost).toBeCloseTo((2048 / 1024 ** 3) * perGib + (2 * 0.025) / 1000, 12);
    expect(stub.restores).toEqual([]);
  });

  test('is asked for after a yes, waited for and then read', async () => {
    const { bucket, clock, stub } = await setUp();
    const progress: number[] = [];
    let polls = 0;
    const done = thaw(
      bucket,
      ['data/a', 'data/b'],
      options(clock, {
        onProgress: ({ ready, total }) => {
          expect(total).toBe(2);
          progress.push(ready);
          if (++polls === 2) stub.thaw();
          setImmediate(() => clock.advance(60_000));
        },
      }),
    );
    await done;
    expect(progress).toEqual([0, 0, 2]);
    expect(stub.restores.sort()).toEqual(['p/data/a Bulk 7', 'p/data/b Bulk 7']);
    expect(await bucket.get('data/a')).toHaveLength(1024);
    await expect(bucket.get('data/c')).rejects.toMatchObject({ code: 'BUCKET_ARCHIVED' });
  });

  test('is not asked for after a no', async () => {
    const { bucket, clock, stub } = await setUp();
    const call = thaw(bucket, ['data/a'], options(clock, { agree: () => false }));
    await expect(call).rejects.toMatchObject({ code: 'THAW_REFUSED' });
    expect(stub.restores).toEqual([]);
  });

  test('is not asked for twice by a run that goes on', async () => {
    const { bucket, clock, stub } = await setUp();
    const stop = new AbortController();
    const first = thaw(
      bucket,
      ['data/a'],
      options(clock, { signal: stop.signal, onProgress: () => setImmediate(() => stop.abort()) }),
    );
    await expect(first).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const agree = vi.fn(() => true);
    await thaw(
      bucket,
      ['data/a', 'data/b'],
      options(clock, {
        agree,
        onProgress: () => {
          stub.thaw();
          setImmediate(() => clock.advance(60_000));
        },
      }),
    );
    expect(agree).toHaveBeenCalledOnce();
    expect(stub.restores).toEqual(['p/data/a Bulk 7', 'p/data/b Bulk 7']);
    await thaw(bucket, ['data/a', 'data/b'], options(clock, { agree }));
    expect(agree).toHaveBeenCalledOnce();
  });

  test('is looked for one by one where few are wanted, in one listing where many are', async () => {
    const { bucket, clock, stub } = await setUp();
    const wanted = (count: number) => [
      'data/a',
      ...Array.from({ length: count - 1 }, (_, i) => `data/none${i}`),
    ];
    expect((await planThaw(bucket, wanted(64), { request, clock })).frozen).toHaveLength(1);
    expect(stub.listings).toEqual([]);
    expect((await planThaw(bucket, wanted(65), { request, clock })).frozen).toHaveLength(1);
    expect(stub.listings).toEqual(['p/data/']);
  });

  test('is not looked for where nothing can be archived', async () => {
    const { clock } = await setUp();
    const bucket = new MemoryBucket();
    await bucket.put('data/a', Buffer.alloc(1));
    bucket.calls.length = 0;
    expect(await planThaw(bucket, ['data/a'], { request, clock })).toMatchObject({ frozen: [], cost: 0 });
    expect(bucket.calls).toEqual([]);
  });

  test('is refused at a speed that its class does not have', async () => {
    const { bucket, clock } = await setUp();
    const call = thaw(bucket, ['data/a'], options(clock, { request: { tier: 'Expedited', days: 1 } }));
    await expect(call).rejects.toMatchObject({ code: 'THAW_TIER_UNKNOWN' });
  });
});

describe('storage classes', () => {
  test.each([
    ['GLACIER_IR', { cold: 'GLACIER_IR' }],
    ['data=deep_archive,metadata=STANDARD_IA', { cold: 'DEEP_ARCHIVE', hot: 'STANDARD_IA' }],
    ['metadata=STANDARD', { hot: 'STANDARD' }],
  ])('%s is understood', (text, classes) => {
    expect(parseStorageClasses(text)).toEqual(classes);
  });

  test.each(['', 'data=', 'packs=STANDARD', 'data=A,data=B', 'metadata=GLACIER', 'data=A B'])(
    '"%s" is refused',
    (text) => {
      expect(() => parseStorageClasses(text)).toThrow(
        expect.objectContaining({ code: 'STORAGE_CLASS_MALFORMED' }),
      );
    },
  );
});
