import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { backup } from '../../../gateway/commands/backup.js';
import { check } from '../../../gateway/commands/check.js';
import { parseSubset } from '../../../gateway/commands/check-subset.js';
import { restore } from '../../../gateway/commands/restore.js';
import type { RestoreEvent } from '../../../gateway/commands/restore-types.js';
import { findSnapshot } from '../../../gateway/commands/snapshots.js';
import type { Repository } from '../../../gateway/repository/repository.js';
import { encodeSnapshot } from '../../../gateway/tree/snapshot.js';
import { decodeTree, encodeTree } from '../../../gateway/tree/tree.js';
import { compareTrees } from '../../support/compare-trees.js';
import { noise } from '../../support/nasty-tree.js';
import { withTestRepository } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const common = { clock: systemClock, version: '9.9.9', countFirst: false } as const;

async function withBackup(work: (repository: Repository, folder: string) => Promise<void>): Promise<void> {
  const folder = await temporaryFolder();
  mkdirSync(join(folder, 's/a/b'), { recursive: true });
  mkdirSync(join(folder, 's/c'));
  writeFileSync(join(folder, 's/a/one.txt'), 'one');
  writeFileSync(join(folder, 's/a/b/two.txt'), noise(1_000_000, 1));
  writeFileSync(join(folder, 's/c/three.bin'), noise(2_000_000, 2));
  await withTestRepository(join(folder, 'repo'), 'init', async (repository) => {
    await backup(repository, { ...common, paths: ['s'], workingFolder: folder });
    await work(repository, folder);
  });
}

function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(String).sort();
}

describe('a restore', () => {
  it.each([
    [{ includes: ['*.txt'] }, ['s', 's/a', 's/a/b', 's/a/b/two.txt', 's/a/one.txt']],
    [{ includes: ['/s/c'] }, ['s', 's/c', 's/c/three.bin']],
    [{ excludes: ['a'] }, ['s', 's/c', 's/c/three.bin']],
    [{ includes: ['/s/a'], excludes: ['two.*'] }, ['s', 's/a', 's/a/b', 's/a/one.txt']],
    [{ includes: ['nothing'] }, []],
  ])('of %o brings only that', (selection, expected) =>
    withBackup(async (repository, folder) => {
      const target = join(folder, 'out');
      const result = await restore(repository, { ...common, snapshot: 'latest', target, ...selection });
      expect(result.errorCount).toBe(0);
      expect(listing(target)).toEqual(expected);
    }),
  );

  it('of a folder in a snapshot brings what is in it', () =>
    withBackup(async (repository, folder) => {
      const target = join(folder, 'out');
      await restore(repository, { ...common, snapshot: 'latest:/s/a', target });
      expect(listing(target)).toEqual(['b', 'b/two.txt', 'one.txt']);
      await expect(
        restore(repository, { ...common, snapshot: 'latest:/s/none', target }),
      ).rejects.toMatchObject({ code: 'PATH_NOT_IN_SNAPSHOT' });
    }));

  it('replaces what is in its way and never writes through it', () =>
    withBackup(async (repository, folder) => {
      const target = join(folder, 'out');
      const outside = join(folder, 'outside');
      mkdirSync(join(target, 's/a/one.txt'), { recursive: true });
      mkdirSync(outside);
      writeFileSync(join(outside, 'precious'), 'precious');
      symlinkSync(outside, join(target, 's/c'));
      mkdirSync(join(target, 's/a/b'));
      linkSync(join(outside, 'precious'), join(target, 's/a/b/two.txt'));
      const result = await restore(repository, { ...common, snapshot: 'latest', target });
      expect(result.errorCount).toBe(0);
      expect(await compareTrees(join(folder, 's'), join(target, 's'))).toEqual([]);
      expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('precious');
      expect(readdirSync(outside)).toEqual(['precious']);
      // And once more over its own result.
      await restore(repository, { ...common, snapshot: 'latest', target });
      expect(await compareTrees(join(folder, 's'), join(target, 's'))).toEqual([]);
    }));

  it('restores hard links over hard links', async () => {
    const folder = await temporaryFolder();
    mkdirSync(join(folder, 's'));
    writeFileSync(join(folder, 's/1'), 'same');
    linkSync(join(folder, 's/1'), join(folder, 's/2'));
    await withTestRepository(join(folder, 'repo'), 'init', async (repository) => {
      await backup(repository, { ...common, paths: ['s'], workingFolder: folder });
      for (let round = 0; round < 2; round++) {
        await restore(repository, { ...common, snapshot: 'latest', target: join(folder, 'out') });
        expect(await compareTrees(join(folder, 's'), join(folder, 'out/s'))).toEqual([]);
      }
    });
  });

  it('refuses names that lead out of the target', () =>
    withBackup(async (repository, folder) => {
      const snapshot = await findSnapshot(repository, 'latest');
      const [node] = decodeTree(await repository.loadBlob('tree', snapshot.tree));
      const names = ['..', '.', '', 'a/../../evil', '/etc/evil', 'nul\0', 'fine'];
      const evil = encodeTree(names.map((name) => ({ ...node!, name: Buffer.from(name) })));
      const { id: tree } = await repository.saveBlob('tree', evil);
      const { id: _id, ...rest } = snapshot;
      const id = await repository.saveSnapshot(encodeSnapshot({ ...rest, tree }));
      const errors: RestoreEvent[] = [];
      const target = join(folder, 'out/deep');
      const result = await restore(repository, { ...common, snapshot: id, target }, (event) => {
        if (event.type === 'error') errors.push(event);
      });
      expect(result.errorCount).toBe(6);
      expect(
        errors.every((event) => 'error' in event && (event.error as Error).message.includes('refused')),
      ).toBe(true);
      expect(readdirSync(target)).toEqual(['fine']);
      expect(readdirSync(join(folder, 'out'))).toEqual(['deep']);
    }));

  it('tells of files whose data is lost and restores the rest; a check finds them too', () =>
    withBackup(async (repository, folder) => {
      expect((await check(repository, { readData: true })).isSound).toBe(true);
      const root = join(folder, 'repo/data');
      const place = [...repository.indexedPacks()].find(({ packId }) =>
        repository.blobsOfPack(packId).some(({ type }) => type === 'data'),
      )!;
      await rm(join(root, place.packId.slice(0, 2), place.packId));
      const result = await restore(repository, {
        ...common,
        snapshot: 'latest',
        target: join(folder, 'out'),
      });
      expect(result.errorCount).toBeGreaterThan(0);
      expect(lstatSync(join(folder, 'out/s/a/b')).isDirectory()).toBe(true);
      expect((await readdir(join(folder, 'out/s/c'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      const { isSound, problems } = await check(repository);
      expect(isSound).toBe(false);
      expect(problems.map(({ code }) => code)).toContain('PACK_MISSING');
    }));

  it('finds with verify what changed on disk meanwhile', () =>
    withBackup(async (repository, folder) => {
      const target = join(folder, 'out');
      let damaged = false;
      const result = await restore(
        repository,
        { ...common, snapshot: 'latest', target, verify: true },
        (event) => {
          if (event.type !== 'item' || event.path !== '/s/c' || damaged) return;
          damaged = true;
          writeFileSync(join(target, 's/c/three.bin'), noise(2_000_000, 3));
        },
      );
      expect(damaged).toBe(true);
      expect(result).toMatchObject({ errorCount: 1, filesVerified: 2 });
    }));

  it('leaves holes for zeros', async () => {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'zeros'), Buffer.alloc(20_000_000));
    await withTestRepository(join(folder, 'repo'), 'init', async (repository) => {
      await backup(repository, { ...common, paths: ['zeros'], workingFolder: folder });
      await restore(repository, { ...common, snapshot: 'latest', target: join(folder, 'out'), verify: true });
    });
    const { size, blocks } = lstatSync(join(folder, 'out/zeros'));
    expect(size).toBe(20_000_000);
    expect(blocks * 512).toBeLessThan(1_000_000);
  });
});

describe('a check', () => {
  it('finds chunks and trees that the index lacks', () =>
    withBackup(async (repository, folder) => {
      for (const name of readdirSync(join(folder, 'repo/index'))) await rm(join(folder, 'repo/index', name));
      await withTestRepository(join(folder, 'repo'), 'open', async (again) => {
        const { problems, summary } = await check(again);
        expect(problems.map(({ code }) => code)).toEqual(
          expect.arrayContaining(['PACK_ORPHAN', 'TREE_MISSING']),
        );
        expect(summary.num_errors).toBe(1);
      });
      expect(existsSync(join(folder, 'repo/config'))).toBe(true);
      expect(repository.id).toHaveLength(64);
    }));

  it.each(['1/2', '7/7', '5%', '0.5%', '500M', '1.5G', '10'])('takes %s', (text) =>
    expect(parseSubset(text)).toBeDefined(),
  );

  it.each(['0/2', '3/2', '0%', '101%', 'x', '1/257', '', '0M', '5Q', '-1'])('refuses %s', (text) => {
    expect(() => parseSubset(text)).toThrow(expect.objectContaining({ code: 'SUBSET_MALFORMED' }));
  });
});
