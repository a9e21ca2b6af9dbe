/** Stock restic on our repositories, and we on restic's. Trees are made by hand here. */
import { execFile, execFileSync } from 'node:child_process';
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { Secret } from '../../core/secret.js';
import { DirectoryBucket } from '../../gateway/bucket/directory.js';
import { chunksOf } from '../../gateway/chunker/chunk-stream.js';
import { Chunker } from '../../gateway/chunker/chunker.js';
import { Repository } from '../../gateway/repository/repository.js';
import type { InitOptions } from '../../gateway/repository/types.js';
import { cheapScrypt } from '../gateway/repository/vectors.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const password = 'pâss "word" 1';

function resticVersion(): string | undefined {
  try {
    return execFileSync('restic', ['version'], { encoding: 'utf8' }).split(' ')[1];
  } catch {
    return undefined;
  }
}

const version = resticVersion();
const reason = version === undefined ? ' (skipped: restic is not installed)' : '';

async function restic(folder: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, RESTIC_PASSWORD: password };
  const run = promisify(execFile);
  const { stdout } = await run('restic', ['--no-cache', '-r', folder, ...args], { env, maxBuffer: 1 << 26 });
  return stdout;
}

async function ours(folder: string, init?: Partial<InitOptions>): Promise<Repository> {
  const options = {
    bucket: new DirectoryBucket(folder, { clock: systemClock }),
    password: new Secret(password),
    temporaryFolder: await temporaryFolder('spool'),
    clock: systemClock,
  };
  const repository = init ? await Repository.init({ ...options, ...init }) : await Repository.open(options);
  onTestFinished(() => repository.close());
  await repository.loadIndex();
  return repository;
}

const noise = (sizeBytes: number) =>
  createCipheriv('aes-256-ctr', Buffer.alloc(32, 9), Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));

const when = '2026-01-02T03:04:05Z';
const times = { mtime: when, atime: when, ctime: when, uid: 0, gid: 0 };

/** Stores one file as a snapshot of /file, chunked. */
async function backUp(repository: Repository, content: Buffer): Promise<{ snapshot: string; ids: string[] }> {
  const ids: string[] = [];
  const chunker = new Chunker(repository.chunkerParameters);
  for await (const chunk of chunksOf([content], chunker)) {
    ids.push((await repository.saveBlob('data', chunk)).id);
  }
  const node = { name: 'file', type: 'file', mode: 420, ...times, size: content.length, content: ids };
  const tree = await repository.saveBlob('tree', Buffer.from(`${JSON.stringify({ nodes: [node] })}\n`));
  const json = JSON.stringify({ time: when, tree: tree.id, paths: ['/file'], hostname: 'nas' });
  return { snapshot: await repository.saveSnapshot(json), ids };
}

describe.skipIf(version === undefined)(`restic ${version ?? ''}${reason}`, () => {
  it.each<[string, Partial<InitOptions>]>([
    ['version 2', {}],
    ['version 2 without compression of data', { compress: false, scryptCost: cheapScrypt }],
    ['version 1', { version: 1, scryptCost: cheapScrypt }],
    ['version 2 in many small packs', { packSizeBytes: 700_000, scryptCost: cheapScrypt }],
  ])(
    'checks, restores and goes on with a repository of ours of %s',
    async (_name, init) => {
      const folder = await temporaryFolder();
      const repository = await ours(folder, init);
      const content = Buffer.concat([noise(5_000_000), Buffer.alloc(3_000_000, 'a line of text\n')]);
      const { snapshot } = await backUp(repository, content);
      expect(await restic(folder, 'check', '--read-data')).toContain('no errors were found');
      const target = await temporaryFolder();
      await restic(folder, 'restore', snapshot, '--target', target);
      expect(Buffer.compare(await readFile(join(target, 'file')), content)).toBe(0);

      const source = await temporaryFolder();
      await writeFile(join(source, 'more'), randomBytes(2_000_000));
      await restic(folder, 'backup', source);
      await restic(folder, 'forget', '--prune', snapshot);
      expect(await restic(folder, 'check', '--read-data')).toContain('no errors were found');
    },
    120_000,
  );

  it.each(['1', '2'])(
    'made a repository of version %s that we open, read whole and write to',
    async (format) => {
      const folder = await temporaryFolder();
      const source = await temporaryFolder();
      await mkdir(join(source, 'sub'));
      await writeFile(join(source, 'sub', 'text'), 'a line of text\n'.repeat(300_000));
      await writeFile(join(source, 'noise'), noise(6_000_000));
      await restic(folder, 'init', '--repository-version', format);
      await restic(folder, 'backup', source);

      const repository = await ours(folder);
      expect(repository.version).toBe(Number(format));
      for await (const problem of repository.checkPacks()) expect(problem).toBeUndefined();
      for (const { packId } of repository.indexedPacks()) {
        for await (const problem of repository.verifyPack(packId, 'data')) expect(problem).toBeUndefined();
        for (const { type, id, length } of repository.blobsOfPack(packId)) {
          const plain = await repository.loadBlob(type, id);
          expect(createHash('sha256').update(plain).digest('hex')).toBe(id);
          expect(repository.blobSize(type, id)).toBe(plain.length);
          expect(length).toBeGreaterThan(0);
        }
      }
      // The same file again: every chunk is where restic cut it, so that none is new.
      const before = [...repository.indexedPacks()].length;
      const { ids } = await backUp(repository, noise(6_000_000));
      expect(ids.length).toBeGreaterThan(1);
      const added = [...repository.indexedPacks()].slice(before);
      expect(added.map((pack) => [pack.blobCount, pack.treeCount])).toEqual([[1, 1]]);
      expect(await restic(folder, 'check', '--read-data')).toContain('no errors were found');
    },
    120_000,
  );

  it('respects our locks, and we respect its', async () => {
    const folder = await temporaryFolder();
    const repository = await ours(folder, {
      holder: { hostname: 'nas', username: 'u', pid: 7, uid: 5, gid: 6 },
    });
    const lock = await repository.lock('exclusive');
    await expect(restic(folder, 'snapshots')).rejects.toThrow(/locked exclusively by PID 7 on nas by u/);
    await lock.close();
    await restic(folder, 'snapshots');
    const shared = await repository.lock('shared');
    await restic(folder, 'snapshots');
    await expect(restic(folder, 'check')).rejects.toThrow(/already locked/);
    await shared.close();
    await restic(folder, 'check');
  }, 60_000);
});
