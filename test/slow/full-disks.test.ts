/**
 * Disks that are full, read-only, or gone in mid-work, with real mounts: one sentence, exit code 1,
 * nothing half visible, a repository that stock restic finds whole, and a next run that finishes.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { compareTrees } from '../support/compare-trees.js';
import { type CliResult, gatehouse, startGatehouse } from '../support/gatehouse-cli.js';
import { noise } from '../support/nasty-tree.js';
import { noRestic, restic, testPassword, withTestRepository } from '../support/restic.js';
import { freshBucketName, s3Endpoint, s3Environment, s3SkipReason } from '../support/s3-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const mebibyte = 1024 * 1024;
const endpoint = s3Endpoint();
const packing = ['--pack-size', '4', '--index-every', '50ms'];

function whyNoMounts(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'mount-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]);
  if (status === 0) execFileSync('umount', [folder]);
  rmdirSync(folder);
  return status === 0 ? undefined : 'mounting is refused here; it takes root';
}

const noMounts = whyNoMounts();
const skip = noMounts ?? noRestic;
const title = (text: string, why = skip) => (why === undefined ? text : `${text} (${why})`);

/** A file system in memory, gone when the test ends. */
async function disk(options: string): Promise<{ path: string; remount: (options: string) => void }> {
  const path = join(await temporaryFolder('disk'), 'disk');
  await mkdir(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  onTestFinished(() => {
    spawnSync('umount', ['-l', path]);
  });
  return { path, remount: (more) => execFileSync('mount', ['-o', `remount,${more}`, path]) };
}

/** `count` files of 1 MiB each that do not compress, each unlike the others. */
async function makeSource(count: number, generation = 0): Promise<string> {
  const source = join(await temporaryFolder(), 'source');
  await mkdir(source);
  fill(source, count, generation);
  return source;
}

function fill(source: string, count: number, generation: number): void {
  for (let file = 0; file < count; file++) {
    writeFileSync(join(source, `${file}`), noise(mebibyte, file + 100 * generation));
  }
}

const run = (location: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CliResult> =>
  gatehouse([...args, '-r', location], { env: { GATEHOUSE_PASSWORD: testPassword, ...env } });

function expectNamed(result: CliResult, sentence: RegExp): void {
  expect(result.stderr).toMatch(sentence);
  expect(result.stderr).not.toMatch(/^\s+at /m);
  expect(result.code).toBe(1);
}

test.skipIf(skip !== undefined)(title('a repository on a full disk'), async () => {
  const { path, remount } = await disk('size=36m');
  const where = join(path, 'repository');
  const source = await makeSource(40);
  await withTestRepository(where, 'init', async () => {});
  const failed = await run(where, ['backup', source, ...packing]);
  expectNamed(failed, /full|no room/i);
  expect(restic(where, ['--no-lock', 'check', '--read-data'])).toContain('no errors were found');
  expect(existsSync(join(where, 'snapshots'))).toBe(false);
  expect(readdirSync(join(where, '.gatehouse-tmp'))).toEqual([]);
  const stored = packsOf(where);
  expect(stored.length).toBeGreaterThan(0);
  remount('size=64m');
  expect(await run(where, ['backup', source, ...packing])).toMatchObject({ code: 0 });
  expect(packsOf(where)).toEqual(expect.arrayContaining(stored));
  expect(restic(where, ['check', '--read-data'])).toContain('no errors were found');
});

function packsOf(repository: string): string[] {
  return readdirSync(join(repository, 'data'), { recursive: true })
    .map(String)
    .filter((name) => name.length > 64)
    .sort();
}

test.skipIf(skip !== undefined)(title('a prune on a full disk'), async () => {
  const { path, remount } = await disk('size=40m');
  const where = join(path, 'repository');
  const source = await makeSource(16);
  await withTestRepository(where, 'init', async () => {});
  expect(await run(where, ['backup', source, ...packing])).toMatchObject({ code: 0 });
  // Every pack keeps a needed blob, so that all of them are to be written again.
  for (let file = 0; file < 16; file += 2)
    writeFileSync(join(source, `${file}`), noise(mebibyte, 200 + file));
  expect(await run(where, ['backup', source, ...packing])).toMatchObject({ code: 0 });
  const ballast = join(path, 'ballast');
  spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=64k']);
  const keep = ['--keep-last', '1', '--prune', '--max-unused', '0', '--pack-size', '4'];
  const failed = await run(where, ['forget', ...keep]);
  expectNamed(failed, /full|no room|SPOOL|written/i);
  rmSync(ballast);
  expect(restic(where, ['check', '--read-data'])).toContain('no errors were found');
  remount('size=80m');
  expect(await run(where, ['forget', ...keep])).toMatchObject({ code: 0 });
  expect(await run(where, ['prune', '--max-unused', '0'])).toMatchObject({ code: 0 });
  expect(restic(where, ['check', '--read-data'])).toContain('no errors were found');
  expect(restic(where, ['check'])).not.toContain('not referenced');
});

test.skipIf(skip !== undefined || endpoint === undefined)(
  title('a full disk for temporary files', skip ?? (endpoint === undefined ? s3SkipReason : undefined)),
  async () => {
    const { path, remount } = await disk('size=6m');
    const place = `${freshBucketName()}/repository`;
    const keys = { ...s3Environment };
    const env = {
      ...keys,
      AWS_ENDPOINT_URL_S3: endpoint,
      TMPDIR: path,
      XDG_CACHE_HOME: await temporaryFolder(),
    };
    const source = await makeSource(24);
    expect(await run(`s3://${place}`, ['init'], env)).toMatchObject({ code: 0 });
    const failed = await run(`s3://${place}`, ['backup', source, '--pack-size', '16'], env);
    expectNamed(failed, /cannot be written|ENOSPC|no room/);
    expect(readdirSync(path)).toEqual([]);
    remount('size=160m');
    expect(await run(`s3://${place}`, ['backup', source, '--pack-size', '16'], env)).toMatchObject({
      code: 0,
    });
    expect(readdirSync(path)).toEqual([]);
    Object.assign(process.env, keys);
    expect(restic(`s3:${endpoint}/${place}`, ['check', '--read-data'])).toContain('no errors were found');
  },
);

test.skipIf(skip !== undefined)(title('no room for even a temporary folder'), async () => {
  const { path } = await disk('nr_inodes=1');
  const where = join(await temporaryFolder(), 'repository');
  await withTestRepository(where, 'init', async () => {});
  expectNamed(await run(where, ['snapshots'], { TMPDIR: path }), /Temporary files cannot be written/);
  expectNamed(await run(where, ['snapshots'], { TMPDIR: join(where, 'config') }), /Temporary files cannot/);
});

test.skipIf(skip !== undefined)(title('a full disk under a restore'), async () => {
  const { path, remount } = await disk('size=16m');
  const where = join(await temporaryFolder(), 'repository');
  const source = await makeSource(30);
  await withTestRepository(where, 'init', async () => {});
  expect(await run(where, ['backup', source])).toMatchObject({ code: 0 });
  const target = join(path, 'out');
  const failed = await run(where, ['restore', 'latest', '--target', target]);
  expectNamed(failed, /no room left/);
  const names = readdirSync(target, { recursive: true }).map(String);
  expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  remount('size=64m');
  expect(await run(where, ['restore', 'latest', '--target', target])).toMatchObject({ code: 0 });
  expect(await compareTrees(source, join(target, source))).toEqual([]);
});

test.skipIf(skip !== undefined)(title('a repository that cannot be written'), async () => {
  const { path, remount } = await disk('size=64m');
  const where = join(path, 'repository');
  const source = await makeSource(4);
  await withTestRepository(where, 'init', async () => {});
  expect(await run(where, ['backup', source])).toMatchObject({ code: 0 });
  remount('ro');
  expectNamed(await run(where, ['backup', source]), /refuses access/);
  expectNamed(await run(where, ['prune']), /refuses access/);
  expect(await run(where, ['snapshots', '--no-lock'])).toMatchObject({ code: 0 });
  expect(await run(where, ['check', '--no-lock', '--read-data'])).toMatchObject({ code: 0 });
  const target = await temporaryFolder();
  expect(await run(where, ['restore', 'latest', '--no-lock', '--target', target])).toMatchObject({ code: 0 });
  expect(await compareTrees(source, join(target, source))).toEqual([]);
});

test.skipIf(skip !== undefined)(
  title('a disk that is unmounted in mid-backup is not written beside'),
  async () => {
    const folder = await temporaryFolder();
    const [real, where] = [join(folder, 'real'), join(folder, 'mounted')];
    await mkdir(where);
    await withTestRepository(real, 'init', async () => {});
    await mkdir(join(real, 'data'), { recursive: true });
    execFileSync('mount', ['--bind', real, where]);
    onTestFinished(() => {
      spawnSync('umount', ['-l', where]);
    });
    const source = await makeSource(40);
    const stored = new Promise((done) => watch(join(real, 'data'), { recursive: true }, done));
    const { ended } = startGatehouse(['backup', source, '-r', where, ...packing, '--limit-upload', '8M'], {
      env: { GATEHOUSE_PASSWORD: testPassword },
    });
    await Promise.race([stored, ended]);
    execFileSync('umount', ['-l', where]);
    expectNamed(await ended, /no longer the folder|does not exist/);
    expect(readdirSync(where)).toEqual([]);
    execFileSync('mount', ['--bind', real, where]);
    expect(await run(where, ['backup', source, ...packing])).toMatchObject({ code: 0 });
    expect(await run(where, ['unlock'])).toMatchObject({ code: 0 });
    expect(restic(where, ['check', '--read-data'])).toContain('no errors were found');
  },
);
