/** What every bucket does, whatever lies behind it. Each implementation's test runs this suite. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Bucket } from '../../gateway/bucket/bucket.js';
import { temporaryFolder } from '../support/temporary-folder.js';

export interface BucketContract {
  readonly name: string;
  /** A bucket that nobody has prepared yet. The suite closes it. */
  readonly open: () => Promise<Bucket>;
  /** Why it cannot run on this machine. */
  readonly skip?: string | undefined;
  /** False for a bucket that is always there, such as one in memory. */
  readonly canBeUnknown?: boolean;
}

export async function keysOf(bucket: Bucket, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const entry of bucket.list(prefix)) keys.push(entry.key);
  return keys.sort();
}

async function* inChunks(content: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(0);
  for (let at = 0; at < content.length; at += chunkBytes) yield content.subarray(at, at + chunkBytes);
}

async function unfinishedOf(bucket: Bucket): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of bucket.listUnfinished('')) keys.push(key);
  return keys;
}

export function bucketContract(contract: BucketContract): void {
  const title = contract.skip === undefined ? contract.name : `${contract.name} (${contract.skip})`;
  describe.skipIf(contract.skip !== undefined)(title, () => {
    const withBucket = (work: (bucket: Bucket) => Promise<void>) => async () => {
      const bucket = await contract.open();
      try {
        await bucket.prepare();
        await work(bucket);
      } finally {
        await bucket.close();
      }
    };

    test(
      'gives back what was put, also nothing and a megabyte',
      withBucket(async (bucket) => {
        for (const size of [0, 1, 1_000_003]) {
          const content = randomBytes(size);
          await bucket.put(`data/${size}`, content);
          expect(Buffer.compare((await bucket.get(`data/${size}`))!, content)).toBe(0);
          expect(await bucket.stat(`data/${size}`)).toBe(size);
        }
      }),
    );

    test(
      'has nothing for a key that was never put',
      withBucket(async (bucket) => {
        expect(await bucket.get('absent')).toBeUndefined();
        expect(await bucket.getRange('absent', 0, 4)).toBeUndefined();
        expect(await bucket.getStream('absent')).toBeUndefined();
        expect(await bucket.stat('a/b/absent')).toBeUndefined();
        await bucket.delete('absent');
      }),
    );

    test(
      'replaces an object under the same key',
      withBucket(async (bucket) => {
        await bucket.put('config', Buffer.from('first, and longer'));
        await bucket.put('config', Buffer.from('second'));
        expect(Buffer.from((await bucket.get('config'))!).toString()).toBe('second');
        expect(await bucket.stat('config')).toBe(6);
      }),
    );

    test(
      'shows one whole object when many write the same key at once',
      withBucket(async (bucket) => {
        const contents = Array.from({ length: 8 }, (_, i) => Buffer.alloc(50_000, i));
        await Promise.all(contents.map((content) => bucket.put('same', content)));
        const found = await bucket.get('same');
        expect(contents.some((content) => Buffer.compare(content, found!) === 0)).toBe(true);
      }),
    );

    test(
      'reads ranges to the byte and names an object that is too short',
      withBucket(async (bucket) => {
        const content = randomBytes(10_000);
        await bucket.put('pack', content);
        const part = await bucket.getRange('pack', 123, 4_567);
        expect(Buffer.compare(part!, content.subarray(123, 123 + 4_567))).toBe(0);
        expect((await bucket.getRange('pack', 9_999, 1))?.[0]).toBe(content[9_999]);
        expect(await bucket.getRange('pack', 5, 0)).toHaveLength(0);
        for (const [offset, length] of [
          [9_990, 11],
          [10_000, 1],
          [20_000, 5],
        ] as const) {
          await expect(bucket.getRange('pack', offset, length)).rejects.toMatchObject({
            code: 'BUCKET_SHORT_READ',
            retryable: false,
          });
        }
      }),
    );

    test(
      'streams an object',
      withBucket(async (bucket) => {
        const content = randomBytes(700_001);
        await bucket.put('stream', content);
        const chunks: Uint8Array[] = [];
        for await (const chunk of (await bucket.getStream('stream'))!) chunks.push(chunk as Uint8Array);
        expect(Buffer.compare(Buffer.concat(chunks), content)).toBe(0);
      }),
    );

    test(
      'streams from any byte on, also from behind the end',
      withBucket(async (bucket) => {
        const content = randomBytes(5_000);
        await bucket.put('stream', content);
        for (const fromByte of [0, 1, 4_999, 5_000, 6_000]) {
          const chunks = await (await bucket.getStream('stream', { fromByte }))!.toArray();
          expect(Buffer.compare(Buffer.concat(chunks), content.subarray(fromByte)), `${fromByte}`).toBe(0);
        }
      }),
    );

    test(
      'stores a stream of unknown length in parts, also an empty one',
      withBucket(async (bucket) => {
        const partBytes = 5 * 1024 * 1024;
        for (const size of [0, 3, partBytes, 2 * partBytes, 2 * partBytes + 7]) {
          const content = randomBytes(size);
          expect(await bucket.putStream('dump', inChunks(content, 1_000_003), { partBytes })).toBe(size);
          expect(await bucket.stat('dump')).toBe(size);
          expect(Buffer.compare((await bucket.get('dump'))!, content)).toBe(0);
        }
        expect(await unfinishedOf(bucket)).toEqual([]);
      }),
    );

    test(
      'stores nothing of a stream that fails',
      withBucket(async (bucket) => {
        const fault = new Error('the disk is gone');
        async function* failing() {
          yield randomBytes(5 * 1024 * 1024 + 1);
          throw fault;
        }
        const call = bucket.putStream('dump', failing(), { partBytes: 5 * 1024 * 1024 });
        await expect(call).rejects.toThrow(/the disk is gone/);
        expect(await keysOf(bucket, '')).toEqual([]);
        expect(await unfinishedOf(bucket)).toEqual([]);
      }),
    );

    test(
      'describes an object',
      withBucket(async (bucket) => {
        await bucket.put('x', Buffer.from('hello'), { kind: 'cold' });
        expect(await bucket.describe('x')).toMatchObject({ key: 'x', sizeBytes: 5 });
        expect(await bucket.describe('absent')).toBeUndefined();
      }),
    );

    test(
      'copies from itself, or says that it cannot',
      withBucket(async (bucket) => {
        await bucket.put('a b/ü+?', Buffer.from('hello'));
        const address = bucket.address('a b/ü+?');
        if (address === undefined) return;
        expect(await bucket.copyFrom(address, 'copy')).toBe(true);
        expect(Buffer.from((await bucket.get('copy'))!).toString()).toBe('hello');
        expect(await bucket.copyFrom({ ...address, server: 'https://elsewhere' }, 'other')).toBe(false);
      }),
    );

    test(
      'stores a local file, and nothing when its size is not the stated one',
      withBucket(async (bucket) => {
        const filePath = join(await temporaryFolder(), 'pack');
        const content = randomBytes(600_007);
        await writeFile(filePath, content);
        await bucket.putFile('data/pack', filePath, content.length);
        expect(Buffer.compare((await bucket.get('data/pack'))!, content)).toBe(0);
        for (const size of [content.length - 1, content.length + 1]) {
          await expect(bucket.putFile('data/other', filePath, size)).rejects.toMatchObject({
            code: 'BUCKET_FAILED',
          });
        }
        await expect(bucket.putFile('data/other', `${filePath}.no`, 1)).rejects.toMatchObject({
          code: 'BUCKET_FAILED',
        });
        expect(await keysOf(bucket, '')).toEqual(['data/pack']);
      }),
    );

    test(
      'lists by prefix with sizes, also by part of a name',
      withBucket(async (bucket) => {
        const keys = ['config', 'data/00/001', 'data/00/002', 'data/01/011', 'data2/x', 'keys/abc'];
        await Promise.all(keys.map((key, i) => bucket.put(key, new Uint8Array(i))));
        expect(await keysOf(bucket, '')).toEqual(keys);
        expect(await keysOf(bucket, 'data/')).toEqual(keys.slice(1, 4));
        expect(await keysOf(bucket, 'data/00/00')).toEqual(keys.slice(1, 3));
        expect(await keysOf(bucket, 'data')).toEqual(keys.slice(1, 5));
        expect(await keysOf(bucket, 'keys/a')).toEqual(['keys/abc']);
        expect(await keysOf(bucket, 'nothing/')).toEqual([]);
        for await (const entry of bucket.list('')) expect(entry.sizeBytes).toBe(keys.indexOf(entry.key));
      }),
    );

    test(
      'removes objects, and again without complaint',
      withBucket(async (bucket) => {
        await bucket.put('locks/1', Buffer.from('x'));
        await bucket.delete('locks/1');
        await bucket.delete('locks/1');
        expect(await bucket.get('locks/1')).toBeUndefined();
        expect(await keysOf(bucket, 'locks/')).toEqual([]);
      }),
    );

    test(
      'stops at once when its signal has been aborted',
      withBucket(async (bucket) => {
        const signal = AbortSignal.abort();
        const outcomes = await Promise.allSettled([
          bucket.put('x', new Uint8Array(1), { signal }),
          bucket.get('x', { signal }),
          bucket.stat('x', { signal }),
          bucket.list('', { signal })[Symbol.asyncIterator]().next(),
        ]);
        for (const outcome of outcomes) {
          expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'INTERRUPTED' } });
        }
        expect(await keysOf(bucket, '')).toEqual([]);
      }),
    );

    test(
      'may be prepared and closed twice, and keeps what it holds',
      withBucket(async (bucket) => {
        await bucket.put('config', Buffer.from('x'));
        await bucket.prepare();
        expect(await bucket.stat('config')).toBe(1);
        await bucket.close();
        await bucket.close();
      }),
    );

    if (contract.canBeUnknown === false) return;
    test('is unknown before it was prepared, and not just empty', async () => {
      const bucket = await contract.open();
      try {
        const calls = [
          () => bucket.get('config'),
          () => bucket.getRange('config', 0, 1),
          () => bucket.stat('config'),
          () => bucket.put('config', new Uint8Array(1)),
          () => keysOf(bucket, ''),
        ];
        for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'BUCKET_UNKNOWN' });
      } finally {
        await bucket.close();
      }
    });
  });
}
