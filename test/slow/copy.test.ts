import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { Secret } from '../../core/secret.js';
import { DirectoryBucket } from '../../gateway/bucket/directory.js';
import { backup } from '../../gateway/commands/backup.js';
import { copySnapshots } from '../../gateway/commands/copy.js';
import { tag } from '../../gateway/commands/tag.js';
import { Repository } from '../../gateway/repository/repository.js';
import { compareTrees } from '../support/compare-trees.js';
import {
  noRestic,
  openTestRepository,
  restic,
  testPassword,
  withRestic,
  withTestRepository,
} from '../support/restic.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function place() {
  const folder = await temporaryFolder();
  const source = join(folder, 'source');
  await mkdir(join(source, 'sub'), { recursive: true });
  const write = (name: string, text: string) => writeFile(join(source, name), text);
  await write('a', 'one\n'.repeat(9000));
  await write('sub/b', 'two\n');
  return {
    folder,
    source,
    write,
    from: join(folder, 'from', 'repository'),
    to: join(folder, 'to', 'repository'),
  };
}

async function copyBetween(from: string, to: string) {
  const source = await openTestRepository(from, 'open');
  const target = await openTestRepository(to, 'open');
  try {
    return await copySnapshots(source.repository, target.repository);
  } finally {
    await target.close();
    await source.close();
  }
}

/** A repository that cuts files where `model` does. */
async function initLike(model: string, folder: string): Promise<void> {
  const polynomial = await withTestRepository(model, 'open', async (repository) => repository.polynomial);
  await mkdir(join(folder, '..'), { recursive: true });
  const bucket = new DirectoryBucket(folder, { clock: systemClock });
  const repository = await Repository.init({
    bucket,
    password: new Secret(testPassword),
    temporaryFolder: join(folder, '..'),
    clock: systemClock,
    scryptCost: { n: 1024, r: 8, p: 1 },
    polynomial,
  });
  await repository.close();
  await bucket.close();
}

test.skipIf(noRestic !== undefined)(
  withRestic('copies are restored by restic, once each, and share chunks with backups'),
  async () => {
    const { folder, source, write, from, to } = await place();
    const save = (repository: Repository) =>
      backup(repository, { paths: [source], clock: systemClock, version: 'test', host: 'nas', force: true });
    await withTestRepository(from, 'init', save);
    await write('c', 'three\n');
    await withTestRepository(from, 'open', save);
    await initLike(from, to);
    expect(await copyBetween(from, to)).toMatchObject({ copied: [{}, {}], skipped: 0, sharesChunks: true });
    expect(await copyBetween(from, to)).toMatchObject({ copied: [], skipped: 2, blobs: 0 });
    restic(to, ['restore', 'latest', '--target', join(folder, 'out')]);
    expect(await compareTrees(source, join(folder, 'out', source))).toEqual([]);
    expect(restic(to, ['check', '--read-data'])).toContain('no errors were found');
    const { summary } = await withTestRepository(to, 'open', save);
    expect(summary).toMatchObject({ data_blobs: 0, files_new: 3 });
    // A copy whose tags changed is another snapshot, as restic sees it.
    await withTestRepository(from, 'open', (repository) => tag(repository, { add: ['x'] }));
    expect(await copyBetween(from, to)).toMatchObject({ copied: [{}, {}], blobs: 0 });
  },
);

test.skipIf(noRestic !== undefined)(
  withRestic('restic knows our copies again, and we know its'),
  async () => {
    const { source, from, to } = await place();
    await withTestRepository(from, 'init', async () => {});
    restic(from, ['backup', source, '--tag', 'a']);
    await initLike(from, to);
    expect(await copyBetween(from, to)).toMatchObject({ copied: [{}] });
    const theirs = () =>
      spawnSync('restic', ['--no-cache', '-r', to, 'copy', '--from-repo', from], {
        encoding: 'utf8',
        env: { ...process.env, RESTIC_PASSWORD: testPassword, RESTIC_FROM_PASSWORD: testPassword },
      });
    const again = theirs();
    expect(again.stdout + again.stderr).toContain('skipping source snapshot');
    restic(from, ['backup', source, '--tag', 'b']);
    const fresh = theirs();
    expect(fresh.stdout + fresh.stderr).toMatch(/snapshot \w+ saved/);
    expect(await copyBetween(from, to)).toMatchObject({ copied: [], skipped: 2 });
  },
);
