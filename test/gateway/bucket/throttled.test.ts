/** The rate on the wire: a real HTTP server counts the bytes that reach its sockets. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import type { Bucket } from '../../../gateway/bucket/bucket.js';
import { DirectoryBucket } from '../../../gateway/bucket/directory.js';
import { openBucket } from '../../../gateway/bucket/open.js';
import { ThrottledBucket } from '../../../gateway/bucket/throttled.js';
import { RateLimiter } from '../../../gateway/throttle/rate-limiter.js';
import { bucketContract } from '../../contracts/bucket.js';
import { stubS3 } from '../../support/stub-s3.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const mebibyte = 1024 * 1024;
const windowMs = 100;

bucketContract({
  name: 'a throttled bucket over a directory',
  open: async () => {
    const limiter = new RateLimiter(100 * mebibyte, { clock: systemClock });
    const directory = new DirectoryBucket(join(await temporaryFolder(), 'x'), { clock: systemClock });
    return new ThrottledBucket(directory, {
      pacing: { upload: limiter, download: limiter },
      pacesCalls: true,
    });
  },
});

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'testsecret');
});
afterAll(() => vi.unstubAllEnvs());

/** Bytes per 100 ms since the first one, and the time that all of them took. */
class Meter {
  readonly windows: number[] = [];
  readonly #connections = new Set<object>();
  #firstMs: number | undefined;
  #lastMs = 0;

  count(connection: object, bytes: number): void {
    const now = performance.now();
    this.#firstMs ??= now;
    this.#lastMs = now;
    this.#connections.add(connection);
    const at = Math.floor((now - this.#firstMs) / windowMs);
    while (this.windows.length <= at) this.windows.push(0);
    this.windows[at] = this.windows[at]! + bytes;
  }

  get connections(): number {
    return this.#connections.size;
  }

  get bytesPerSecond(): number {
    const total = this.windows.reduce((sum, bytes) => sum + bytes, 0);
    return (total * 1000) / (this.#lastMs - (this.#firstMs ?? 0));
  }

  get busiestSecondBytes(): number {
    const seconds = this.windows.map((_, at) => this.windows.slice(at, at + 10).reduce((a, b) => a + b, 0));
    return Math.max(...seconds);
  }
}

async function openLimited(endpoint: string, limits: { up?: number; down?: number }): Promise<Bucket> {
  const bucket = await openBucket('s3://bucket/prefix', {
    clock: systemClock,
    endpoint,
    region: 'us-east-1',
    limitUploadBytesPerSecond: limits.up,
    limitDownloadBytesPerSecond: limits.down,
  });
  onTestFinished(() => bucket.close());
  return bucket;
}

describe('a limited bucket on the wire', () => {
  test('sends 3 MB over four connections at 1 MiB per second, evenly', async () => {
    const meter = new Meter();
    const stub = await stubS3((request, response) => {
      request.resume().once('end', () => response.end());
    });
    stub.server.on('connection', (socket) => socket.on('data', (data) => meter.count(socket, data.length)));
    const bucket = await openLimited(stub.endpoint, { up: mebibyte });
    const filePath = join(await temporaryFolder(), 'pack');
    await writeFile(filePath, randomBytes(750_000));
    await Promise.all([
      bucket.put('1', randomBytes(750_000)),
      bucket.put('2', randomBytes(750_000)),
      bucket.putFile('3', filePath, 750_000),
      bucket.putFile('4', filePath, 750_000),
    ]);
    expect(meter.connections).toBe(4);
    // A busy machine only makes it slower; test/slow/throttle.test.ts has the lower marks.
    expect(meter.bytesPerSecond / mebibyte).toBeGreaterThan(0.5);
    expect(meter.bytesPerSecond / mebibyte).toBeLessThan(1.05);
    expect(meter.busiestSecondBytes).toBeLessThanOrEqual(1.1 * mebibyte);
  });

  test('fetches 1.5 MB over two connections at 1 MiB per second', async () => {
    const stub = await stubS3((_request, response) => {
      response.writeHead(200, { 'content-length': '750000' });
      response.end(Buffer.alloc(750_000));
    });
    const bucket = await openLimited(stub.endpoint, { down: mebibyte });
    const started = performance.now();
    const [one, other] = await Promise.all([bucket.get('1'), bucket.getRange('2', 0, 750_000)]);
    const seconds = (performance.now() - started) / 1000;
    expect(one!.length + other!.length).toBe(1_500_000);
    expect(1_500_000 / seconds / mebibyte).toBeGreaterThan(0.4);
    expect(1_500_000 / seconds / mebibyte).toBeLessThan(1.05);
  });
});

describe('a limited folder', () => {
  test('is written and read at the given rate', async () => {
    const bucket = await openBucket(join(await temporaryFolder(), 'x'), {
      clock: systemClock,
      limitUploadBytesPerSecond: mebibyte,
      limitDownloadBytesPerSecond: 2 * mebibyte,
    });
    await bucket.prepare();
    const timed = async (work: () => Promise<unknown>) => {
      const started = performance.now();
      await work();
      return (performance.now() - started) / 1000;
    };
    const content = randomBytes(mebibyte / 2);
    expect(await timed(() => bucket.put('x', content))).toBeGreaterThan(0.42);
    expect(await timed(() => bucket.get('x'))).toBeGreaterThan(0.18);
    expect(await timed(() => bucket.getRange('x', 0, mebibyte / 2))).toBeGreaterThan(0.18);
  });
});
