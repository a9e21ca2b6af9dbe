import { createHash, randomBytes } from 'node:crypto';
import { open as openFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import type { GatehouseError } from '../../../core/errors.js';
import type { S3Location } from '../../../gateway/bucket/location.js';
import { S3Bucket } from '../../../gateway/bucket/s3.js';
import type { S3BucketOptions } from '../../../gateway/bucket/s3-connection.js';
import { RateLimiter } from '../../../gateway/throttle/rate-limiter.js';
import { bucketContract, keysOf } from '../../contracts/bucket.js';
import { eventually } from '../../support/eventually.js';
import { freshBucketName, s3Endpoint, s3SkipReason, useS3Environment } from '../../support/s3-server.js';
import { s3Error, stubS3 } from '../../support/stub-s3.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

// From the first client on: the SDK warns once per process.
const warnings: Error[] = [];
process.on('warning', (warning) => warnings.push(warning));

const endpoint = s3Endpoint();
const skip = endpoint === undefined ? s3SkipReason : undefined;

useS3Environment();

async function openS3(place: Partial<S3Location> = {}, options: S3BucketOptions = {}): Promise<S3Bucket> {
  const bucket = await S3Bucket.open(
    { kind: 's3', bucket: freshBucketName(), prefix: '', ...place },
    { endpoint, region: 'us-east-1', ...options },
  );
  onTestFinished(() => bucket.close());
  return bucket;
}

bucketContract({
  name: 'an S3 bucket',
  skip,
  open: () =>
    S3Bucket.open(
      { kind: 's3', bucket: freshBucketName(), prefix: 'some/prefix' },
      { endpoint, region: 'us-east-1' },
    ),
});

describe.skipIf(skip !== undefined)(`an S3 bucket on a real server${skip ? ` (${skip})` : ''}`, () => {
  test('lists more objects than one page holds', async () => {
    const bucket = await openS3();
    await bucket.prepare();
    const keys = Array.from({ length: 1_040 }, (_, i) => `data/${String(i).padStart(5, '0')}`);
    for (let at = 0; at < keys.length; at += 40) {
      await Promise.all(keys.slice(at, at + 40).map((key) => bucket.put(key, Buffer.from(key))));
    }
    expect(await keysOf(bucket, 'data/')).toEqual(keys);
  }, 60_000);

  test('keeps to its prefix', async () => {
    const name = freshBucketName();
    const [one, other, whole] = await Promise.all(
      ['nas', 'nas2', ''].map((prefix) => openS3({ bucket: name, prefix })),
    );
    await one!.prepare();
    await one!.put('config', Buffer.from('1'));
    await other!.put('config', Buffer.from('22'));
    expect(await keysOf(one!, '')).toEqual(['config']);
    expect(await keysOf(whole!, '')).toEqual(['nas/config', 'nas2/config']);
    expect(one!.location).toBe(`s3://${name}/nas`);
  });

  test('stores a pack of 20 MiB that is paced, bytes and all', async () => {
    const bucket = await openS3();
    await bucket.prepare();
    const filePath = join(await temporaryFolder(), 'pack');
    const content = randomBytes(20 * 1024 * 1024);
    await writeFile(filePath, content);
    const upload = new RateLimiter(200 * 1024 * 1024, { clock: systemClock });
    await bucket.putFile('data/pack', filePath, content.length, { pacing: { upload, download: upload } });
    const found = await bucket.get('data/pack', { pacing: { download: upload } });
    expect(Buffer.compare(found!, content)).toBe(0);
  });

  test('says that keys are wrong', async () => {
    const folder = await temporaryFolder();
    const file = async (name: string, value: string) => {
      await writeFile(join(folder, name), `${value}\n`);
      return join(folder, name);
    };
    const right = { id: await file('id', 'test'), key: await file('key', 'testsecret') };
    const wrong = { id: await file('id2', 'nobody'), key: await file('key2', 'guess') };
    const name = freshBucketName();
    const withFiles = (accessKeyIdFile: string, secretAccessKeyFile: string) =>
      openS3({ bucket: name }, { credentialFiles: { accessKeyIdFile, secretAccessKeyFile } });
    await (await withFiles(right.id, right.key)).prepare();
    const stranger = await withFiles(wrong.id, right.key);
    await expect(stranger.get('x')).rejects.toMatchObject({
      code: 'BUCKET_DENIED',
      context: { reason: 'InvalidAccessKeyId' },
    });
    const guesser = await withFiles(right.id, wrong.key);
    await expect(guesser.prepare()).rejects.toMatchObject({
      code: 'BUCKET_DENIED',
      context: { reason: 'SignatureDoesNotMatch' },
    });
    await expect(guesser.stat('x')).rejects.toMatchObject({ code: 'BUCKET_DENIED' });
  });

  test('says that the clock is wrong, every time, until it is set', async () => {
    const bucket = await openS3();
    await bucket.prepare();
    vi.useFakeTimers({ toFake: ['Date'], now: systemClock.now() - 3_600_000 });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    for (const call of [() => bucket.prepare(), () => bucket.get('x'), () => keysOf(bucket, '')]) {
      await expect(call()).rejects.toMatchObject({
        code: 'CLOCK_SKEWED',
        retryable: false,
        message: expect.stringContaining('60 minutes behind'),
      });
    }
    vi.useRealTimers();
    expect(await keysOf(bucket, '')).toEqual([]);
  });
});

describe('an S3 bucket', () => {
  test.each([
    [403, 'AccessDenied', 'BUCKET_DENIED', false],
    [404, 'NoSuchBucket', 'BUCKET_UNKNOWN', false],
    [503, 'SlowDown', 'BUCKET_SLOW_DOWN', true],
    [503, 'Whatever', 'BUCKET_SLOW_DOWN', true],
    [429, 'Whatever', 'BUCKET_SLOW_DOWN', true],
    [500, 'InternalError', 'BUCKET_FAILED', true],
    [400, 'BadDigest', 'BUCKET_FAILED', true],
    [400, 'RequestTimeout', 'BUCKET_UNREACHABLE', true],
    [502, 'Whatever', 'BUCKET_UNREACHABLE', true],
    [403, 'RequestTimeTooSkewed', 'CLOCK_SKEWED', false],
    [403, 'QuotaExceeded', 'BUCKET_FULL', false],
    [400, 'InvalidRequest', 'BUCKET_FAILED', false],
  ])('makes %i %s a %s', async (status, reason, code, retryable) => {
    let requests = 0;
    const stub = await stubS3((request, response) => {
      requests += 1;
      s3Error(status, reason)(request, response);
    });
    const bucket = await openS3({}, { endpoint: stub.endpoint });
    await expect(bucket.put('x', Buffer.from('x'))).rejects.toMatchObject({ code, retryable });
    expect(requests).toBe(1);
  });

  test.each([
    ['in seconds', () => '7', 7_000, 7_000],
    ['as a date', () => new Date(systemClock.now() + 600_000).toUTCString(), 500_000, 600_000],
  ])('passes on what pause the server asks for %s', async (_form, header, least, most) => {
    const stub = await stubS3((request, response) => {
      response.setHeader('retry-after', header());
      s3Error(503, 'SlowDown')(request, response);
    });
    const bucket = await openS3({}, { endpoint: stub.endpoint });
    const error = (await bucket.stat('x').catch((caught: unknown) => caught)) as GatehouseError;
    expect(error.context['retryAfterMs']).toBeGreaterThanOrEqual(least);
    expect(error.context['retryAfterMs']).toBeLessThanOrEqual(most);
  });

  test('ends a transfer that stands still, up or down', async () => {
    const stub = await stubS3((request, response) => {
      if (request.method === 'PUT') return;
      response.writeHead(200, { 'content-length': '100000' });
      response.write(Buffer.alloc(1_000));
    });
    const bucket = await openS3({}, { endpoint: stub.endpoint, silenceLimitMs: 300 });
    const stalled = { code: 'BUCKET_UNREACHABLE', retryable: true };
    await expect(bucket.get('x')).rejects.toMatchObject(stalled);
    await expect(bucket.put('x', randomBytes(3_000_000))).rejects.toMatchObject(stalled);
  });

  test('takes a slow transfer for none that stands still', async () => {
    const stub = await stubS3((request, response) => request.resume().once('end', () => response.end()));
    const bucket = await openS3({}, { endpoint: stub.endpoint, silenceLimitMs: 400 });
    const upload = new RateLimiter(100_000, { clock: systemClock });
    await bucket.put('x', randomBytes(100_000), { pacing: { upload } });
  });

  test('fetches again what differs from the MD5 that the server states, once', async () => {
    const content = randomBytes(1_000);
    const md5 = createHash('md5').update(content).digest('hex');
    let spoils = 1;
    const stub = await stubS3((_request, response) => {
      const body = spoils-- > 0 ? Buffer.concat([content.subarray(1), Buffer.of(0)]) : content;
      response.writeHead(200, { 'content-length': '1000', etag: `"${md5}"` }).end(body);
    });
    const bucket = await openS3({}, { endpoint: stub.endpoint });
    await expect(bucket.get('x')).rejects.toMatchObject({ code: 'BUCKET_FAILED', retryable: true });
    expect(Buffer.compare((await bucket.get('x'))!, content)).toBe(0);
    // Twice the same: the server's ETag is no MD5.
    spoils = 2;
    await expect(bucket.get('x')).rejects.toMatchObject({ retryable: true });
    expect(await bucket.get('x')).toHaveLength(1_000);
  });

  test('says of an archived object that it is archived', async () => {
    const stub = await stubS3(s3Error(403, 'InvalidObjectState'));
    const bucket = await openS3({}, { endpoint: stub.endpoint });
    await expect(bucket.get('x')).rejects.toMatchObject({ code: 'BUCKET_ARCHIVED', retryable: false });
  });

  test('does not take a web server for an empty bucket', async () => {
    const stub = await stubS3((_request, response) =>
      response.writeHead(404).end('<html>Nothing here</html>'),
    );
    const bucket = await openS3({}, { endpoint: stub.endpoint });
    for (const call of [() => bucket.get('config'), () => bucket.stat('config'), () => bucket.prepare()]) {
      await expect(call()).rejects.toMatchObject({
        code: 'BUCKET_FAILED',
        message: expect.stringContaining('no S3 server'),
      });
    }
  });

  test('guards an upload with its length and MD5, and with no checksum that servers may not know', async () => {
    const seen: Record<string, string | string[] | undefined>[] = [];
    const stub = await stubS3((request, response) => {
      seen.push(request.headers);
      request.resume().once('end', () => response.end());
    });
    const bucket = await openS3({}, { endpoint: stub.endpoint });
    const content = randomBytes(3_000_000);
    const filePath = join(await temporaryFolder(), 'pack');
    await writeFile(filePath, content);
    await bucket.put('a', content);
    await bucket.putFile('b', filePath, content.length);
    const md5 = createHash('md5').update(content).digest('base64');
    for (const headers of seen) {
      expect(headers).toMatchObject({ 'content-md5': md5, 'content-length': '3000000' });
      const names = Object.keys(headers).join(' ');
      expect(names).not.toMatch(/checksum|expect|transfer-encoding/);
    }
    expect(seen).toHaveLength(2);
  });

  test('calls a server that refuses connections, hangs up or has no name unreachable', async () => {
    const stub = await stubS3((request) => request.socket.destroy());
    for (const address of [stub.endpoint, 'http://127.0.0.1:9', 'http://gatehouse.invalid']) {
      const bucket = await openS3({}, { endpoint: address });
      await expect(bucket.get('x'), address).rejects.toMatchObject({
        code: 'BUCKET_UNREACHABLE',
        retryable: true,
      });
    }
  });

  test('calls a download that is cut off unreachable, whole or streamed', async () => {
    const stub = await stubS3((_request, response) => {
      response.writeHead(200, { 'content-length': '100000' });
      response.write(Buffer.alloc(1_000), () => response.socket?.destroy());
    });
    const bucket = await openS3({}, { endpoint: stub.endpoint });
    await expect(bucket.get('x')).rejects.toMatchObject({ code: 'BUCKET_UNREACHABLE', retryable: true });
    const stream = await bucket.getStream('x');
    await expect(stream!.toArray()).rejects.toMatchObject({ code: 'BUCKET_UNREACHABLE' });
  });

  test('ends a call that is under way when its signal aborts or the bucket closes', async () => {
    const arrived: (() => void)[] = [];
    const stub = await stubS3(() => arrived.shift()?.());
    const bucket = await openS3({}, { endpoint: stub.endpoint });
    const request = () => new Promise<void>((resolve) => arrived.push(resolve));

    const stop = new AbortController();
    let arrival = request();
    const aborted = bucket.get('x', { signal: stop.signal });
    await arrival;
    stop.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'INTERRUPTED' });

    arrival = request();
    const closed = bucket.get('x');
    await arrival;
    await bucket.close();
    await expect(closed).rejects.toMatchObject({ code: 'BUCKET_CLOSED' });
    await expect(bucket.get('x')).rejects.toMatchObject({ code: 'BUCKET_CLOSED' });
  });

  test('fails, and does not wait for ever, when the local file shrinks during the upload', async () => {
    const filePath = join(await temporaryFolder(), 'pack');
    const sizeBytes = 8 * 1024 * 1024;
    await writeFile(filePath, Buffer.alloc(sizeBytes));
    const stub = await stubS3((request) => {
      request.once('data', () => truncate(filePath, 1024).catch(() => {}));
    });
    const bucket = await openS3({}, { endpoint: stub.endpoint });
    const upload = new RateLimiter(4 * 1024 * 1024, { clock: systemClock });
    const call = bucket.putFile('x', filePath, sizeBytes, { pacing: { upload } });
    await expect(call).rejects.toMatchObject({ code: 'BUCKET_FAILED', message: /has \d+ bytes/ });
  });

  test('closes the local file when the server hangs up in the middle', async () => {
    const filePath = join(await temporaryFolder(), 'pack');
    const file = await openFile(filePath, 'w');
    await file.truncate(8 * 1024 * 1024);
    await file.close();
    const stub = await stubS3((request) => request.once('data', () => request.socket.destroy()));
    const bucket = await openS3({}, { endpoint: stub.endpoint });
    const before = await openDescriptors(filePath);
    await expect(bucket.putFile('x', filePath, 8 * 1024 * 1024)).rejects.toMatchObject({
      code: 'BUCKET_UNREACHABLE',
    });
    await eventually(async () => expect(await openDescriptors(filePath)).toBe(before));
  });

  test('does not create a bucket that it may not create, and says so', async () => {
    const stub = await stubS3((request, response) => {
      const fault = request.method === 'PUT' ? s3Error(403, 'AccessDenied') : s3Error(404, 'NoSuchBucket');
      fault(request, response);
    });
    const bucket = await openS3({}, { endpoint: stub.endpoint });
    await expect(bucket.prepare()).rejects.toMatchObject({
      code: 'BUCKET_UNKNOWN',
      hint: expect.stringContaining('s3:CreateBucket'),
    });
  });

  test('keeps the SDK off the terminal and the environment as it was', async () => {
    const before = { ...process.env };
    await openS3({}, { endpoint: 'http://127.0.0.1:9' });
    await new Promise(setImmediate);
    expect(warnings).toEqual([]);
    expect({ ...process.env }).toEqual(before);
  });
});

async function openDescriptors(filePath: string): Promise<number> {
  const { readlink } = await import('node:fs/promises');
  const names = await readdir('/proc/self/fd');
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')));
  return targets.filter((target) => target === filePath).length;
}
