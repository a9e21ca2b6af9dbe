import { describe, expect, test } from 'vitest';
import type { BucketEntry } from '../../../gateway/bucket/bucket.js';
import { dumpsOf, keysOf, newestOf, outdated, readCatalogue } from '../../../gateway/s3dump/catalogue.js';
import { parseKeyFile } from '../../../gateway/s3dump/key-file.js';
import { checkLabels, formatLabels, parseKey, unguessable } from '../../../gateway/s3dump/labels.js';
import { totalsOf } from '../../../gateway/s3dump/prices.js';
import { changedRate, parseDumpRate } from '../../../gateway/s3dump/rate.js';
import { MemoryBucket } from '../../support/memory-bucket.js';

const home = { host: 'nas', fs: '/home', level: '0' };

async function catalogueOf(...keys: string[]) {
  const bucket = new MemoryBucket();
  await bucket.prepare();
  for (const key of keys) await bucket.put(key, Buffer.alloc(3));
  return readCatalogue(bucket);
}

describe('names', () => {
  test('of the three layouts are told apart; a file system may be a path', () => {
    const labels = { ...home, date: '2026-11-21' };
    expect(parseKey('nas:/home:0:2026-11-21')).toEqual({ labels, layout: 'whole', piece: 0 });
    expect(parseKey('nas:/home:0:2026-11-21:12')).toEqual({ labels, layout: 'numbered', piece: 12 });
    expect(parseKey('nas:/home:0:2026-11-21/chunk_000012')).toEqual({ labels, layout: 'chunks', piece: 12 });
    expect(parseKey('nas%3A/my%20home%3A0%3Ad')?.labels.fs).toBe('/my home');
    for (const other of ['data/aa/x', 'a:b', 'a:b:c:d/e', 'a:b:c:d:e', 'a::c:d', 'a:b:c:d:1:2']) {
      expect(parseKey(other), other).toBeUndefined();
    }
  });

  test('that we make cannot be guessed, sort by time, and are dates to the original too', () => {
    const [earlier, later] = [unguessable('2026-11-21', '030000'), unguessable('2026-11-21', '030001')];
    expect(earlier).toMatch(/^2026-11-21-030000-[0-9a-f]{20}$/);
    expect(later > earlier).toBe(true);
    expect(parseKey(formatLabels({ ...home, date: later }))?.labels).toEqual({ ...home, date: later });
  });

  test('refuse what would be taken for a separator', () => {
    expect(() => checkLabels({ ...home, fs: 'a:b' })).toThrow(/":"/);
    expect(() => checkLabels({ ...home, host: 'a/b' })).toThrow(/"\/"/);
    expect(() => checkLabels({ ...home, level: '' })).toThrow(/level/);
  });
});

describe('a bucket', () => {
  test('may hold all layouts; the newest of a label is found, other objects are set apart', async () => {
    const catalogue = await catalogueOf(
      'nas:/home:0:2026-11-01:0',
      'nas:/home:0:2026-11-01:1',
      'nas:/home:0:2026-11-02/chunk_000000',
      'nas:/home:0:2026-11-03-030000-abc',
      'nas:/home:1:2026-11-09',
      'readme.txt',
    );
    expect(catalogue.others.map(({ key }) => key)).toEqual(['readme.txt']);
    expect(newestOf(catalogue, home).labels.date).toBe('2026-11-03-030000-abc');
    expect(dumpsOf(catalogue, { ...home, date: '2026-11-03' })).toHaveLength(1);
    const numbered = newestOf(catalogue, { ...home, date: '2026-11-01' });
    expect(keysOf(numbered)).toEqual(['nas:/home:0:2026-11-01:0', 'nas:/home:0:2026-11-01:1']);
    expect(outdated(catalogue.dumps, 1).map(({ labels }) => labels.date)).toEqual([
      '2026-11-01',
      '2026-11-02',
    ]);
    expect(() => newestOf(catalogue, { ...home, host: 'other' })).toThrow(/no dump other/);
  });

  test('pieces are in the order of numbers, and a gap is an error, not a shorter dump', async () => {
    const keys = Array.from({ length: 12 }, (_, i) => `nas:/home:0:d:${i}`);
    expect(keysOf(newestOf(await catalogueOf(...keys), home))).toEqual(keys);
    const gap = newestOf(await catalogueOf(...keys.filter((key) => !key.endsWith(':7'))), home);
    expect(() => keysOf(gap)).toThrow(/lacks its piece 7/);
    const headless = newestOf(await catalogueOf('nas:/home:0:d/chunk_000001'), home);
    expect(() => keysOf(headless)).toThrow(/lacks its piece 0/);
  });

  test('costs what its classes cost; own prices win', () => {
    const gib = (key: string, storageClass?: string): BucketEntry => ({
      key,
      sizeBytes: 1024 ** 3,
      ...(storageClass === undefined ? {} : { storageClass }),
    });
    const catalogue = { dumps: [], others: [gib('a'), gib('b', 'DEEP_ARCHIVE')] };
    expect(totalsOf(catalogue, new Map()).dollarsPerMonth).toBeCloseTo(0.02399, 5);
    expect(totalsOf(catalogue, new Map([['STANDARD', 1]])).dollarsPerMonth).toBeCloseTo(1.00099, 5);
  });
});

test('the key file is the original’s, with an endpoint and prices besides', () => {
  const text =
    'service s3\nregion us-west-2\nbucket_name b\naccess_key_id AK\nsecret_access_key S/+=\nendpoint https://x\nprice STANDARD 0.02\n';
  const file = parseKeyFile(text, 'f');
  expect(file).toMatchObject({ bucket: 'b', region: 'us-west-2', accessKeyId: 'AK', endpoint: 'https://x' });
  expect(file.secretAccessKey.reveal()).toBe('S/+=');
  expect(String(file.secretAccessKey)).toBe('***');
  expect(file.prices.get('STANDARD')).toBe(0.02);
  expect(() => parseKeyFile('bucket b', 'f')).toThrow(/line 1: "bucket" is unknown/);
  expect(() => parseKeyFile('bucket_name b', 'f')).toThrow(/no access_key_id/);
  expect(() => parseKeyFile('service gcs\nbucket_name b\n', 'f')).toThrow(/gcs/);
});

test('rates are bytes a second; signals halve and double them within bounds', () => {
  expect(['1000', '300k', '2M'].map(parseDumpRate)).toEqual([1000, 300 * 1024, 2 * 1024 ** 2]);
  for (const wrong of ['', '1.5m', '-1', '0', '5x'])
    expect(() => parseDumpRate(wrong)).toThrow(/transfer rate/);
  expect(changedRate(undefined, 0.5)).toBe(256 * 1024);
  expect(changedRate(300_000, 2)).toBe(600_000);
  expect(changedRate(1500, 0.5)).toBeUndefined();
  expect(changedRate(8 * 1024 ** 2, 2)).toBeUndefined();
});
