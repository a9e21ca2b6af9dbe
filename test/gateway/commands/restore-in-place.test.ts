import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { Secret } from '../../../core/secret.js';
import { backup } from '../../../gateway/commands/backup.js';
import { restore } from '../../../gateway/commands/restore.js';
import type { RestoreEvent, RestoreOptions } from '../../../gateway/commands/restore-types.js';
import { findSnapshot } from '../../../gateway/commands/snapshots.js';
import { Repository } from '../../../gateway/repository/repository.js';
import { encodeSnapshot } from '../../../gateway/tree/snapshot.js';
import { decodeTree, encodeTree } from '../../../gateway/tree/tree.js';
import { compareTrees } from '../../support/compare-trees.js';
import { entryPoint, gatehouse } from '../../support/gatehouse-cli.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { noise } from '../../support/nasty-tree.js';
import { testPassword, withTestRepository } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const common = { clock: systemClock, version: 'test' };
const past = new Date('2020-01-02T03:04:05Z');

/** A backup of `s`, restored to `out` once. */
async function withRestored(
  work: (
    again: (options?: Partial<RestoreOptions>) => ReturnType<typeof restore>,
    folder: string,
    repository: Repository,
  ) => Promise<void>,
  largeBytes = 14_000_000,
): Promise<void> {
  const folder = await temporaryFolder();
  mkdirSync(join(folder, 's/sub'), { recursive: true });
  writeFileSync(join(folder, 's/large'), noise(largeBytes, 1));
  writeFileSync(join(folder, 's/sub/small'), 'small');
  writeFileSync(join(folder, 's/sub/first'), 'linked');
  linkSync(join(folder, 's/sub/first'), join(folder, 's/sub/second'));
  for (const name of ['large', 'sub/small', 'sub/first']) utimesSync(join(folder, 's', name), past, past);
  await withTestRepository(join(folder, 'repo'), 'init', async (repository) => {
    await backup(repository, { ...common, paths: ['s'], workingFolder: folder });
    const again = (options: Partial<RestoreOptions> = {}) =>
      restore(repository, {
        clock: systemClock,
        snapshot: 'latest',
        target: join(folder, 'out'),
        ...options,
      });
    await again();
    await work(again, folder, repository);
  });
}

/** For what takes no file of several chunks. */
const withLittle = (work: Parameters<typeof withRestored>[0]) => withRestored(work, 50_000);

function scribble(path: string, offset: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, 'scribble', offset);
  closeSync(file);
}

describe('a restore over files that are there', () => {
  it('writes the chunks that differ and nothing else', () =>
    withRestored(async (again, folder) => {
      const large = join(folder, 'out/s/large');
      const { ino } = lstatSync(large);
      scribble(large, 6_000_000);
      const { summary } = await again();
      expect(summary.bytes_restored).toBeGreaterThan(0);
      expect(summary.bytes_restored).toBeLessThanOrEqual(8 * 1024 * 1024);
      expect(summary.bytes_restored + summary.bytes_skipped).toBe(summary.total_bytes);
      expect(lstatSync(large).ino).toBe(ino);
      expect(await compareTrees(join(folder, 's'), join(folder, 'out/s'))).toEqual([]);
      expect((await again()).summary.bytes_restored).toBe(0);
    }));

  it('trusts size and time when told to, and looks closer when they differ', () =>
    withRestored(async (again, folder) => {
      const large = join(folder, 'out/s/large');
      scribble(large, 100);
      utimesSync(large, past, past);
      expect((await again({ overwrite: 'if-changed' })).summary.bytes_restored).toBe(0);
      writeFileSync(join(folder, 'out/s/sub/small'), 'another');
      expect((await again({ overwrite: 'if-changed' })).summary.bytes_restored).toBe('small'.length);
      expect((await again()).summary.bytes_restored).toBeGreaterThan(100_000);
      expect(await compareTrees(join(folder, 's'), join(folder, 'out/s'))).toEqual([]);
    }));

  it.each([
    ['never', 'mine', new Date('2010-01-01')],
    ['if-newer', 'mine', new Date('2030-01-01')],
    ['if-newer', 'small', new Date('2010-01-01')],
  ] as const)('keeps to the rule %s: %s', (overwrite, expected, time) =>
    withLittle(async (again, folder) => {
      const small = join(folder, 'out/s/sub/small');
      writeFileSync(small, 'mine');
      utimesSync(small, time, time);
      const { summary, errorCount } = await again({ overwrite });
      expect(errorCount).toBe(0);
      expect(readFileSync(small, 'utf8')).toBe(expected);
      expect(summary.files_skipped).toBeGreaterThan(0);
    }),
  );

  it('deletes what the snapshot lacks, as far as it is selected, and never beyond a link', () =>
    withLittle(async (again, folder) => {
      const at = (name: string) => join(folder, 'out', name);
      mkdirSync(join(folder, 'precious'));
      writeFileSync(join(folder, 'precious/file'), 'precious');
      mkdirSync(at('s/extra/deep'), { recursive: true });
      writeFileSync(at('s/extra/deep/keep.log'), '');
      writeFileSync(at('s/extra/gone'), '');
      writeFileSync(at('s/sub/gone'), '');
      symlinkSync(join(folder, 'precious'), at('s/extra/link'));
      symlinkSync(join(folder, 'precious'), at('link'));
      const before = readdirSync(at(''), { recursive: true }).length;
      const planned = await again({ delete: true, excludes: ['*.log'], dryRun: true });
      expect(planned.summary.files_deleted).toBe(3);
      expect(readdirSync(at(''), { recursive: true }).length).toBe(before);
      await again({ delete: true, includes: ['/s/sub'] });
      expect(existsSync(at('s/sub/gone'))).toBe(false);
      expect(existsSync(at('s/extra/gone'))).toBe(true);
      await again({ delete: true, excludes: ['*.log'] });
      expect(readdirSync(at(''))).toEqual(['s']);
      expect(readdirSync(at('s/extra'), { recursive: true }).sort()).toEqual(['deep', 'deep/keep.log']);
      await again({ delete: true });
      expect(await compareTrees(join(folder, 's'), at('s'))).toEqual([]);
      expect(readFileSync(join(folder, 'precious/file'), 'utf8')).toBe('precious');
      await expect(again({ delete: true, target: '/' })).rejects.toMatchObject({ code: 'DELETE_TOO_WIDE' });
    }));

  it('goes on after a kill without fetching again what is right', { timeout: 60_000 }, () =>
    withRestored(async (_again, folder) => {
      const target = join(folder, 'killed');
      const env = { GATEHOUSE_PASSWORD: testPassword, HOME: folder };
      const args = [
        'restore',
        'latest',
        '-r',
        join(folder, 'repo'),
        '--target',
        target,
        '--json',
        '--no-cache',
      ];
      const child = spawn(process.execPath, [entryPoint, ...args], { env: { ...process.env, ...env } });
      const ended = once(child, 'exit');
      for await (const line of createInterface({ input: child.stdout })) {
        if (JSON.parse(line).bytes_restored > 0) child.kill('SIGKILL');
      }
      await ended;
      const { stdout, code } = await gatehouse(args, { env });
      expect(code).toBe(0);
      const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
      expect(summary.bytes_skipped).toBeGreaterThan(0);
      expect(summary.bytes_restored + summary.bytes_skipped).toBe(summary.total_bytes);
      expect(await compareTrees(join(folder, 's'), join(target, 's'))).toEqual([]);
    }),
  );
});

describe('a restore of a hostile tree', () => {
  it('uses the first of two equal names, so that nothing is written through a link', () =>
    withLittle(async (_again, folder, repository) => {
      const snapshot = await findSnapshot(repository, 'latest');
      const [source] = decodeTree(await repository.loadBlob('tree', snapshot.tree));
      const outside = join(folder, 'outside');
      mkdirSync(outside);
      const link = { ...source!, type: 'symlink', linkTarget: Buffer.from(outside), name: Buffer.from('x') };
      const { subtree: _subtree, ...bare } = link;
      const nodes = [bare, { ...source!, name: Buffer.from('x') }];
      for (const order of [nodes, [...nodes].reverse()]) {
        const { id: tree } = await repository.saveBlob('tree', encodeTree(order));
        const { id: _id, ...rest } = snapshot;
        const id = await repository.saveSnapshot(encodeSnapshot({ ...rest, tree }));
        const target = join(folder, `out-${order.indexOf(bare)}`);
        const { errorCount } = await restore(repository, { clock: systemClock, snapshot: id, target });
        expect(errorCount).toBe(1);
        expect(readdirSync(outside)).toEqual([]);
      }
    }));

  it('tells of sizes, owners and types that no file has, and restores the rest', () =>
    withLittle(async (_again, folder, repository) => {
      const snapshot = await findSnapshot(repository, 'latest');
      const [source] = decodeTree(await repository.loadBlob('tree', snapshot.tree));
      const { subtree: _subtree, ...file } = { ...source!, type: 'file', content: [] };
      const named = (name: string, change: object) => ({ ...file, name: Buffer.from(name), ...change });
      const tree = encodeTree([
        named('fine', {}),
        named('lost', { content: ['0'.repeat(64)] }),
        named('type', { type: 'irregular' }),
        named('owner', { uid: 2 ** 40 }),
        named('long'.repeat(100), {}),
        named('huge', { sizeBytes: Number.MAX_SAFE_INTEGER }),
      ]);
      const { id: _id, ...rest } = snapshot;
      const saved = await repository.saveBlob('tree', tree);
      const id = await repository.saveSnapshot(encodeSnapshot({ ...rest, tree: saved.id }));
      const errors: RestoreEvent[] = [];
      const target = join(folder, 'hostile');
      const { errorCount } = await restore(
        repository,
        { clock: systemClock, snapshot: id, target },
        (event) => {
          if (event.type === 'error') errors.push(event);
        },
      );
      expect(errorCount).toBe(4);
      expect(readdirSync(target).sort()).toEqual(['fine', 'huge']);
      expect(lstatSync(join(target, 'huge')).size).toBe(0);
    }));
});

describe('a restore from a bucket without files of its own', () => {
  it('fetches ranges of packs, each byte once', async () => {
    const folder = await temporaryFolder();
    mkdirSync(join(folder, 's'));
    writeFileSync(join(folder, 's/large'), noise(20_000_000, 1));
    for (let number = 0; number < 50; number++)
      writeFileSync(join(folder, 's', `${number}`), noise(20_000, number + 2));
    mkdirSync(join(folder, 'spool'));
    let fetched = 0;
    class CountingBucket extends MemoryBucket {
      override async getRange(key: string, offset: number, length: number) {
        if (key.startsWith('data/')) fetched += length;
        return super.getRange(key, offset, length);
      }
    }
    const bucket = new CountingBucket();
    const options = {
      bucket,
      password: new Secret('x'),
      temporaryFolder: join(folder, 'spool'),
      clock: systemClock,
    };
    const repository = await Repository.init({ ...options, scryptCost: { n: 1024, r: 8, p: 1 } });
    await backup(repository, { ...common, paths: ['s'], workingFolder: folder });
    const target = join(folder, 'out');
    await restore(repository, { clock: systemClock, snapshot: 'latest', target });
    expect(await compareTrees(join(folder, 's'), join(target, 's'))).toEqual([]);
    expect(fetched).toBeLessThan(21_200_000);
    fetched = 0;
    await restore(repository, { clock: systemClock, snapshot: 'latest', target });
    expect(fetched).toBeLessThan(100_000);
    await repository.close();
  });
});
