/**
 * Prune is killed with signal 9 at random instants. After each, stock restic finds the repository
 * whole, the next prune finishes, and what is restored is what was backed up.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compareTrees } from '../support/compare-trees.js';
import { entryPoint, gatehouse } from '../support/gatehouse-cli.js';
import { seededRandom } from '../support/random.js';
import { noRestic, restic, testPassword, withRestic, withTestRepository } from '../support/restic.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const kills = Number(process.env['GATEHOUSE_TEST_KILLS'] ?? 25);
const seed = Number(process.env['GATEHOUSE_TEST_SEED'] ?? 20_261_121);
const env = { GATEHOUSE_PASSWORD: testPassword };
const keep = ['--keep-last', '1', '--prune', '--max-unused', '0', '--pack-size', '4'];

test.skipIf(noRestic !== undefined)(
  withRestic(`${kills} kills leave every snapshot whole (seed ${seed})`),
  { timeout: kills * 60_000 },
  async () => {
    const folder = await temporaryFolder();
    const source = join(folder, 'source');
    const base = join(folder, 'base');
    const random = seededRandom(seed);
    await makeGenerations(source, base, random);
    const where = join(folder, 'repository');
    const runMs = await timeOf(base, where);
    const left = { orphans: 0, indexes: 0 };
    for (let i = 0; i < kills; i++) {
      await rm(where, { recursive: true, force: true });
      await cp(base, where, { recursive: true });
      await killedAfter(where, runMs * random());
      restic(where, ['unlock']);
      const report = restic(where, ['check', '--read-data']);
      expect(report, `kill ${i}`).toContain('no errors were found');
      if (report.includes('not referenced')) left.orphans++;
      if ((await readdir(join(where, 'index'))).length > 3) left.indexes++;
      for (const next of [
        ['forget', ...keep],
        ['prune', ...keep.slice(-4)],
      ]) {
        const result = await gatehouse([...next, '-r', where], { env });
        expect(result, `${next[0]} after kill ${i}`).toMatchObject({ code: 0 });
      }
      expect(restic(where, ['check', '--read-data'])).toMatch(/no errors were found/);
      expect(restic(where, ['check'])).not.toMatch(/not referenced/);
    }
    console.log(
      `${kills} kills: ${left.orphans} left packs without an index, ${left.indexes} index files of both`,
    );
    expect(left.orphans).toBeGreaterThan(kills / 10);
    restic(where, ['restore', 'latest', '--target', join(folder, 'out')]);
    expect(await compareTrees(source, join(folder, 'out', source))).toEqual([]);
  },
);

async function makeGenerations(source: string, repository: string, random: () => number): Promise<void> {
  await mkdir(source);
  await withTestRepository(repository, 'init', async () => {});
  for (let generation = 0; generation < 3; generation++) {
    for (let file = 0; file < 40; file++) {
      if (generation > 0 && random() < 0.5) continue;
      const bytes = Buffer.alloc(500_000);
      for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
      await writeFile(join(source, `file-${file}`), bytes);
    }
    const saved = await gatehouse(['backup', source, '-r', repository, '--pack-size', '4'], { env });
    expect(saved).toMatchObject({ code: 0 });
  }
}

/** How long an undisturbed run takes from the start of its work on. */
async function timeOf(base: string, where: string): Promise<number> {
  await cp(base, where, { recursive: true });
  const { child, ended } = await started(where);
  const start = performance.now();
  expect(await ended).toEqual([0, null]);
  expect(child.exitCode).toBe(0);
  return performance.now() - start;
}

/** Resolves when snapshots are gone and prune has begun. */
async function started(where: string) {
  const child = spawn(
    process.execPath,
    [entryPoint, 'forget', '-r', where, ...keep, '--limit-upload', '20M'],
    {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const ended = once(child, 'exit');
  await once(child.stderr.setEncoding('utf8'), 'data');
  child.stderr.resume();
  return { child, ended };
}

async function killedAfter(where: string, delayMs: number): Promise<void> {
  const { child, ended } = await started(where);
  await Promise.race([ended, new Promise((done) => setTimeout(done, delayMs))]);
  child.kill('SIGKILL');
  await ended;
  expect(spawnSync('kill', ['-0', String(child.pid)]).status).not.toBe(0);
}
