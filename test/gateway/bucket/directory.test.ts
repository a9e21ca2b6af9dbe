import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { DirectoryBucket } from '../../../gateway/bucket/directory.js';
import { directoryFault } from '../../../gateway/bucket/directory-errors.js';
import { RateLimiter } from '../../../gateway/throttle/rate-limiter.js';
import { bucketContract, keysOf } from '../../contracts/bucket.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function openFresh() {
  return new DirectoryBucket(join(await temporaryFolder(), 'a', 'repository'), { clock: systemClock });
}

/** Root may write everywhere, so a test that runs as root steps down for the while. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

const writer = new URL('../../support/bucket-writer.mjs', import.meta.url).pathname;

/** Kills the writer with SIGKILL after so many acknowledged objects. @returns how many it acknowledged. */
async function writeUntilKilled(folder: string, count: number): Promise<number> {
  const child = spawn(process.execPath, [writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
    if (output.split('\n').length > count) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return output.split('\n').length - 1;
}

bucketContract({ name: 'a directory bucket', open: openFresh });

describe('a directory bucket on disk', () => {
  test('lets only this user in: folders 0700, files 0600', async () => {
    const bucket = await openFresh();
    await bucket.prepare();
    await bucket.put('data/ab/file', Buffer.from('x'));
    for (const [path, mode] of [
      ['', 0o700],
      ['data', 0o700],
      ['data/ab', 0o700],
      ['data/ab/file', 0o600],
    ] as const) {
      expect((await stat(join(bucket.location, path))).mode & 0o777, path).toBe(mode);
    }
  });

  test('leaves no temporary file behind, neither after success nor after failure', async () => {
    const bucket = await openFresh();
    await bucket.prepare();
    await bucket.put('config', randomBytes(10));
    await mkdir(join(bucket.location, 'blocked', 'x'), { recursive: true });
    await expect(bucket.put('blocked', randomBytes(10))).rejects.toMatchObject({ code: 'BUCKET_FAILED' });
    expect(await readdir(join(bucket.location, '.gatehouse-tmp'))).toEqual([]);
    expect(await keysOf(bucket, '')).toEqual(['config']);
  });

  test('removes temporary files that a crash left a day ago, and no younger ones', async () => {
    const bucket = await openFresh();
    await bucket.prepare();
    const folder = join(bucket.location, '.gatehouse-tmp');
    await mkdir(folder);
    const old = new Date(systemClock.now() - 25 * 3_600_000);
    for (const name of ['old', 'young']) await writeFile(join(folder, name), 'part');
    await utimes(join(folder, 'old'), old, old);
    await bucket.prepare();
    expect(await readdir(folder)).toEqual(['young']);
    expect(await keysOf(bucket, '')).toEqual([]);
  });

  test('holds only whole objects, and all acknowledged ones, after kill -9', async () => {
    const bucket = await openFresh();
    for (let round = 0; round < 3; round++) {
      const acknowledged = await writeUntilKilled(bucket.location, 5 + round * 7);
      const kept = await keysOf(bucket, 'data/');
      expect(kept.length).toBeGreaterThanOrEqual(acknowledged);
      for (const key of [...kept, 'same']) {
        const content = await bucket.get(key);
        expect(content, key).toHaveLength(300_000);
        expect(
          content!.every((byte) => byte === content![0]),
          key,
        ).toBe(true);
      }
      for (const key of kept) await bucket.delete(key);
    }
  });

  test('refuses keys that would leave its folder', async () => {
    const bucket = await openFresh();
    await bucket.prepare();
    for (const key of ['', '/etc/passwd', '../out', 'a/../../out', 'a//b', '.gatehouse-tmp/x']) {
      await expect(bucket.put(key, new Uint8Array(1)), key).rejects.toMatchObject({ code: 'BUCKET_FAILED' });
    }
  });

  test('says that access is denied', async () => {
    const bucket = await openFresh();
    await bucket.prepare();
    await chmod(bucket.location, 0o500);
    const call = await asOrdinaryUser(() => bucket.put('config', new Uint8Array(1)).catch((error) => error));
    expect(call).toMatchObject({ code: 'BUCKET_DENIED', retryable: false });
  });

  test('gives every system error its class', () => {
    const codeOf = (code: string) => directoryFault(Object.assign(new Error(code), { code }), '/x');
    expect(codeOf('EACCES')).toMatchObject({ code: 'BUCKET_DENIED', retryable: false });
    expect(codeOf('EROFS').code).toBe('BUCKET_DENIED');
    expect(codeOf('ENOSPC')).toMatchObject({ code: 'BUCKET_FULL', retryable: false });
    expect(codeOf('EDQUOT').code).toBe('BUCKET_FULL');
    expect(codeOf('ESTALE')).toMatchObject({ code: 'BUCKET_UNREACHABLE', retryable: true });
    expect(codeOf('EIO')).toMatchObject({ code: 'BUCKET_FAILED', retryable: false });
  });
});

test('takes over a spooled file by moving it, once', async () => {
  const bucket = await openFresh();
  await bucket.prepare();
  await mkdir(bucket.spoolFolder, { recursive: true });
  const filePath = join(bucket.spoolFolder, 'spooled');
  await writeFile(filePath, 'content');
  const inode = (await stat(filePath)).ino;
  await bucket.putFile('data/ab/key', filePath, 7, { mayMove: true });
  expect((await stat(join(bucket.location, 'data/ab/key'))).ino).toBe(inode);
  // Tried again, as after a failure to flush the folder: it is there already.
  await bucket.putFile('data/ab/key', filePath, 7, { mayMove: true });
  expect(await keysOf(bucket, '')).toEqual(['data/ab/key']);
  const other = bucket.putFile('data/ab/key', filePath, 8, { mayMove: true });
  await expect(other).rejects.toMatchObject({ code: expect.stringMatching(/^BUCKET_/) });
});

test.each([
  ['moves a spooled file under a limiter without a limit', undefined, true],
  ['sends it at the pace of one that has a limit', 1024 * 1024, false],
])('%s', async (_name, bytesPerSecond, isMoved) => {
  const bucket = await openFresh();
  await bucket.prepare();
  await mkdir(bucket.spoolFolder, { recursive: true });
  const filePath = join(bucket.spoolFolder, 'spooled');
  await writeFile(filePath, 'content');
  const inode = (await stat(filePath)).ino;
  const pacing = { upload: new RateLimiter(bytesPerSecond, { clock: systemClock }) };
  await bucket.putFile('data/ab/key', filePath, 7, { mayMove: true, pacing });
  expect((await stat(join(bucket.location, 'data/ab/key'))).ino === inode).toBe(isMoved);
});
