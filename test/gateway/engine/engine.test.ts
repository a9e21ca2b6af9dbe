import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { backup } from '../../../gateway/commands/backup.js';
import { restore } from '../../../gateway/commands/restore.js';
import { compareTrees } from '../../support/compare-trees.js';
import { noise } from '../../support/nasty-tree.js';
import { noRestic, restic, withTestRepository } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const common = { clock: systemClock, version: 'test', countFirst: false } as const;

/** Small files, files of several chunks, a hole, and one that is longer than a slot. */
function makeFiles(source: string): void {
  mkdirSync(join(source, 'small'), { recursive: true });
  for (let number = 0; number < 400; number++) {
    writeFileSync(join(source, 'small', `${number}`), `file ${number}\n`.repeat(number % 90));
  }
  for (const size of [524_288, 524_289, 2_097_152, 2_097_153, 5_000_000, 21_000_000]) {
    writeFileSync(join(source, `${size}`), noise(size, size));
  }
  writeFileSync(join(source, 'hole'), '');
  truncateSync(join(source, 'hole'), 9_000_000);
}

async function withFiles(work: (folder: string, source: string) => Promise<void>): Promise<void> {
  const folder = await temporaryFolder();
  const source = join(folder, 'source');
  makeFiles(source);
  await work(folder, source);
}

describe('workers', () => {
  it('store what restic reads, checks and finds nothing new in', { timeout: 60_000 }, () =>
    withFiles(async (folder, source) => {
      const repo = join(folder, 'repo');
      for (const workers of [1, 2]) {
        await withTestRepository(`${repo}${workers}`, 'init', async (repository) => {
          const { summary } = await backup(repository, { ...common, paths: [source], workers });
          expect(summary).toMatchObject({ files_new: 407 });
          const target = join(folder, `out${workers}`);
          await restore(repository, { ...common, snapshot: 'latest', target });
          expect(await compareTrees(source, join(target, source))).toEqual([]);
        });
      }
      if (noRestic !== undefined) return;
      expect(restic(`${repo}2`, ['check', '--read-data'])).toContain('no errors were found');
      const [, added] =
        /Added to the repository: ([\d.]+ \w+)/.exec(restic(`${repo}2`, ['backup', '--force', source])) ?? [];
      // The chunks are the same: only folders above the source can be new.
      expect(added).toMatch(/KiB$|^0 B$/);
    }),
  );

  it('leave one pack of content and one of trees for a small backup', () =>
    withFiles(async (folder, source) => {
      const repo = join(folder, 'repo');
      await withTestRepository(repo, 'init', async (repository) => {
        await backup(repository, { ...common, paths: [join(source, 'small')] });
        expect([...repository.indexedPacks()].map(({ treeCount }) => treeCount > 0).sort()).toEqual([
          false,
          true,
        ]);
      });
      expect(readdirSync(repo).sort()).not.toContain('tmp');
    }));

  it('end the backup when the spool folder fails', () =>
    withFiles(async (folder, source) => {
      await withTestRepository(join(folder, 'repo'), 'init', async (repository) => {
        let isGone = false;
        const running = backup(repository, { ...common, paths: [source] }, (event) => {
          if (event.type !== 'item' || isGone) return;
          isGone = true;
          execFileSync('sh', [
            '-c',
            `rm -rf ${join(folder, 'repo', '.gatehouse-tmp')} ${join(folder, 'spool')}`,
          ]);
        });
        await expect(running).rejects.toThrow();
        await expect(repository.saveBlob('data', Buffer.from('x'))).rejects.toThrow();
      });
    }));
});
