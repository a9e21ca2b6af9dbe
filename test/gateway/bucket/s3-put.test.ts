/** Uploads in parts to a real server, seen through a proxy that counts them. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Bucket } from '../../../gateway/bucket/bucket.js';
import { S3Bucket } from '../../../gateway/bucket/s3.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import { freshBucketName, s3Endpoint, s3SkipReason, useS3Environment } from '../../support/s3-server.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const endpoint = s3Endpoint();
const skip = endpoint === undefined ? s3SkipReason : undefined;
const partBytes = 5 * 1024 * 1024;

useS3Environment();

async function setUp() {
  const proxy = await FaultProxy.open(endpoint!, { seed: 1, rate: 0 });
  onTestFinished(() => proxy.close());
  const puts: number[] = [];
  proxy.onRequest = (_nth, request) => {
    const part = partOf(request);
    if (part !== undefined) puts.push(part);
  };
  const bucket = await S3Bucket.open(
    { kind: 's3', bucket: freshBucketName(), prefix: 'p' },
    { endpoint: proxy.endpoint, region: 'us-east-1', partBytes, partsAboveBytes: partBytes },
  );
  onTestFinished(() => bucket.close());
  await bucket.prepare();
  const filePath = join(await temporaryFolder(), 'file');
  const content = randomBytes(2 * partBytes + 1_000);
  await writeFile(filePath, content);
  return { proxy, bucket, puts, filePath, content };
}

function partOf(request: IncomingMessage): number | undefined {
  const part = /partNumber=(\d+)/.exec(request.url ?? '')?.[1];
  return request.method === 'PUT' && part !== undefined ? Number(part) : undefined;
}

async function unfinished(bucket: Bucket): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of bucket.listUnfinished('')) keys.push(key);
  return keys;
}

describe.skipIf(skip !== undefined)(`an upload in parts${skip ? ` (${skip})` : ''}`, () => {
  test('goes on where it was cut off, sending no part twice', async () => {
    const { proxy, bucket, puts, filePath, content } = await setUp();
    const count = proxy.onRequest;
    proxy.onRequest = (nth, request) => {
      count(nth, request);
      if (partOf(request) === 2) request.socket.destroy();
    };
    await expect(bucket.putFile('big', filePath, content.length)).rejects.toMatchObject({
      code: 'BUCKET_UNREACHABLE',
    });
    expect(await unfinished(bucket)).toEqual(['big']);
    expect(await bucket.stat('big')).toBeUndefined();

    puts.length = 0;
    proxy.onRequest = count;
    await bucket.putFile('big', filePath, content.length);
    expect(puts).toEqual([2]);
    expect(Buffer.compare((await bucket.get('big'))!, content)).toBe(0);
    expect(await unfinished(bucket)).toEqual([]);
  });

  test('sends a part again whose bytes have changed since', async () => {
    const { proxy, bucket, puts, filePath, content } = await setUp();
    proxy.onRequest = (_nth, request) => {
      if (partOf(request) === 3) request.socket.destroy();
    };
    await expect(bucket.putFile('big', filePath, content.length)).rejects.toThrow();
    content[10] = (content[10] ?? 0) ^ 1;
    await writeFile(filePath, content);
    proxy.onRequest = (_nth, request) => puts.push(partOf(request) ?? 0);
    await bucket.putFile('big', filePath, content.length);
    expect(puts.filter((part) => part > 0).sort()).toEqual([1, 3]);
    expect(Buffer.compare((await bucket.get('big'))!, content)).toBe(0);
  });

  test('has succeeded when only the answer to its completion was lost', async () => {
    const { proxy, bucket, filePath, content } = await setUp();
    const attempts: string[] = [];
    proxy.onRequest = (_nth, request) => {
      const isCompletion = request.method === 'POST' && /uploadId=/.test(request.url ?? '');
      proxy.kinds = ['lost-answer'];
      proxy.rate = isCompletion && attempts.length < 2 ? 1 : 0;
    };
    await bucket.putFile('big', filePath, content.length, {
      attempt: async (request, work) => {
        if (request !== 'complete upload') return work();
        attempts.push(request);
        return await work().catch(() => {
          attempts.push(request);
          return work();
        });
      },
    });
    expect(attempts).toHaveLength(2);
    expect(await bucket.stat('big')).toBe(content.length);
  });

  test('can be dropped, and dropped again', async () => {
    const { proxy, bucket, filePath, content } = await setUp();
    proxy.onRequest = (_nth, request) => {
      if (partOf(request) === 2) request.socket.destroy();
    };
    await expect(bucket.putFile('big', filePath, content.length)).rejects.toThrow();
    for await (const upload of bucket.listUnfinished('')) {
      expect(upload.startedMs).toBeGreaterThan(Date.UTC(2020));
      await bucket.dropUnfinished(upload);
      await bucket.dropUnfinished(upload);
    }
    expect(await unfinished(bucket)).toEqual([]);
  });
});
