import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { backup } from '../../../gateway/commands/backup.js';
import { check } from '../../../gateway/commands/check.js';
import { restore } from '../../../gateway/commands/restore.js';
import { compareTrees } from '../../support/compare-trees.js';
import { noise } from '../../support/nasty-tree.js';
import { noRestic, restic, withTestRepository } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const worker = fileURLToPath(new URL('../../support/gateway-worker.mjs', import.meta.url));
const isBuilt = existsSync(new URL('../../../dist/gateway/commands/backup.js', import.meta.url));
const common = { clock: systemClock, version: 'test' };
const sizeBytes = 80_000_000;

function start(repo: string, source: string): ChildProcess {
  return spawn(process.execPath, [worker, 'backup', repo, source], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Kills the backup without warning once it has read so many bytes. */
async function killAt(repo: string, source: string, bytes: number): Promise<void> {
  const child = start(repo, source);
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout! })) {
    if (Number(line.replace('progress ', '')) >= bytes) child.kill('SIGKILL');
  }
  const [, signal] = await ended;
  expect(signal).toBe('SIGKILL');
}

describe.skipIf(!isBuilt)(`a backup killed${isBuilt ? '' : ' (skipped: run the build first)'}`, () => {
  it('leaves a sound repository, in which the next one completes', { timeout: 180_000 }, async () => {
    const folder = await temporaryFolder();
    const source = join(folder, 'source');
    mkdirSync(join(source, 'deep'), { recursive: true });
    for (let number = 0; number < 40; number++) {
      writeFileSync(join(source, number % 2 === 0 ? '' : 'deep', `${number}`), noise(sizeBytes / 40, number));
    }
    const repo = join(folder, 'repo');
    await withTestRepository(repo, 'init', async () => {});
    for (let round = 0; round < 2; round++) {
      await killAt(repo, source, randomInt(1, sizeBytes * 0.8));
      await withTestRepository(repo, 'open', async (repository) => {
        await repository.unlock();
        const { problems } = await check(repository, { readData: true });
        expect(problems.filter(({ code }) => code !== 'PACK_ORPHAN')).toEqual([]);
      });
      if (noRestic === undefined) {
        restic(repo, ['unlock']);
        expect(restic(repo, ['check', '--read-data'])).toContain('no errors were found');
      }
    }
    const target = join(folder, 'out');
    await withTestRepository(repo, 'open', async (repository) => {
      const { summary } = await backup(repository, { ...common, paths: [source] });
      expect(summary.files_new).toBe(40);
      await restore(repository, { ...common, snapshot: 'latest', target });
      expect((await check(repository, { readData: true })).isSound).toBe(true);
    });
    expect(await compareTrees(source, join(target, source))).toEqual([]);
  });
});
