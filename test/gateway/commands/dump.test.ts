import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { backup } from '../../../gateway/commands/backup.js';
import { dump } from '../../../gateway/commands/dump.js';
import type { Repository } from '../../../gateway/repository/repository.js';
import { compareTrees } from '../../support/compare-trees.js';
import { makeNastyTree, noise } from '../../support/nasty-tree.js';
import { noRestic, restic, withRestic, withTestRepository } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const common = { clock: systemClock, version: 'test' };

async function collected(repository: Repository, snapshot: string, path: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const output = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(Buffer.from(piece));
      done();
    },
  });
  const { errorCount } = await dump(repository, { snapshot, path }, output, () => {});
  expect(errorCount).toBe(0);
  return Buffer.concat(pieces);
}

describe('a dump', () => {
  it('of a folder is a tar that GNU tar unpacks to the last byte', { timeout: 60_000 }, async () => {
    const folder = await temporaryFolder();
    await makeNastyTree(join(folder, 'nasty'), { bigFileBytes: 3_000_000 });
    mkdirSync(join(folder, 'nasty', 'y'.repeat(120), 'z'.repeat(200)), { recursive: true });
    await withTestRepository(join(folder, 'repo'), 'init', async (repository) => {
      await backup(repository, { ...common, paths: ['nasty'], workingFolder: folder });
      writeFileSync(join(folder, 'nasty.tar'), await collected(repository, 'latest', '/nasty'));
    });
    mkdirSync(join(folder, 'out'));
    const args = [
      '-xpf',
      '../nasty.tar',
      '--xattrs',
      '--xattrs-include=*',
      '--numeric-owner',
      '--warning=no-timestamp',
    ];
    const tar = spawnSync('tar', args, { cwd: join(folder, 'out'), encoding: 'utf8' });
    expect({ status: tar.status, stderr: tar.stderr }).toEqual({ status: 0, stderr: '' });
    // A folder's own entry is not in its dump, so that its time is tar's.
    const differences = await compareTrees(join(folder, 'nasty'), join(folder, 'out', 'nasty'), {
      ignore: ['rootTime'],
    });
    expect(differences.filter((line) => !line.startsWith('""'))).toEqual([]);
  });

  it('of a file is its content, also from a folder of a snapshot', async () => {
    const folder = await temporaryFolder();
    const content = noise(5_000_000, 1);
    mkdirSync(join(folder, 's/a'), { recursive: true });
    writeFileSync(join(folder, 's/a/file'), content);
    await withTestRepository(join(folder, 'repo'), 'init', async (repository) => {
      await backup(repository, { ...common, paths: ['s'], workingFolder: folder });
      expect((await collected(repository, 'latest', '/s/a/file')).equals(content)).toBe(true);
      expect((await collected(repository, 'latest:/s/a', 'file')).equals(content)).toBe(true);
      const nobody = new PassThrough();
      await expect(
        dump(repository, { snapshot: 'latest', path: '/s/none' }, nobody, () => {}),
      ).rejects.toMatchObject({ code: 'PATH_NOT_IN_SNAPSHOT' });
    });
  });

  it('repeats a chunk that a file holds over and over', async () => {
    const folder = await temporaryFolder();
    const empty = Buffer.alloc(18_000_000);
    const content = Buffer.concat([empty, noise(1_000_000, 2), empty]);
    writeFileSync(join(folder, 'disk.img'), content);
    await withTestRepository(join(folder, 'repo'), 'init', async (repository) => {
      await backup(repository, { ...common, paths: ['disk.img'], workingFolder: folder });
      expect((await collected(repository, 'latest', '/disk.img')).equals(content)).toBe(true);
    });
  });

  it('says so when nobody takes it', async () => {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'file'), noise(5_000_000, 1));
    await withTestRepository(join(folder, 'repo'), 'init', async (repository) => {
      await backup(repository, { ...common, paths: ['file'], workingFolder: folder });
      const gone = new Writable({ write: (_piece, _encoding, done) => done(new Error('gone')) });
      await expect(
        dump(repository, { snapshot: 'latest', path: '/file' }, gone, () => {}),
      ).rejects.toMatchObject({
        code: 'OUTPUT_FAILED',
      });
    });
  });

  it.skipIf(noRestic !== undefined)(withRestic('of what restic stored is what restic dumps'), async () => {
    const folder = await temporaryFolder();
    const repo = join(folder, 'repo');
    writeFileSync(join(folder, 'file'), noise(100_000, 1).toString('base64'));
    restic(repo, ['init']);
    restic(repo, ['backup', join(folder, 'file')]);
    await withTestRepository(repo, 'open', async (repository) => {
      const dumped = await collected(repository, 'latest', join(folder, 'file'));
      expect(dumped.toString()).toBe(restic(repo, ['dump', 'latest', join(folder, 'file')]));
      expect(dumped.equals(readFileSync(join(folder, 'file')))).toBe(true);
    });
  });
});
