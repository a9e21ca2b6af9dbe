import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareTrees } from '../support/compare-trees.js';
import { entryPoint, gatehouse } from '../support/gatehouse-cli.js';
import { makeNastyTree } from '../support/nasty-tree.js';
import { noRestic, testPassword as password, withRestic, withTestRepository } from '../support/restic.js';
import { freshBucketName, s3Endpoint, s3Environment, s3SkipReason } from '../support/s3-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const endpoint = s3Endpoint();
const cloud = {
  GATEHOUSE_PASSWORD: password,
  ...s3Environment,
  AWS_REGION: 'us-east-1',
};

async function place() {
  const folder = await temporaryFolder();
  const source = join(folder, 'source');
  await mkdir(source);
  await writeFile(join(source, 'a.txt'), 'one\n');
  return { folder, source, repository: join(folder, 'repository'), env: { GATEHOUSE_PASSWORD: password } };
}

/** With a key that takes no seconds; that `init` makes one is a test of its own. */
const makeRepository = (folder: string) => withTestRepository(folder, 'init', async () => {});

test('init, backup, snapshots, check and restore speak restic’s JSON', async () => {
  const { folder, source, repository, env } = await place();
  const run = (...args: string[]) => gatehouse([...args, '-r', repository, '--json'], { env });
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  };
  expect(await json('init')).toMatchObject({ message_type: 'initialized' });
  const summary = await json('backup', source, '--tag', 'x');
  expect(summary).toMatchObject({ message_type: 'summary', files_new: 1, total_bytes_processed: 4 });
  const [snapshot] = (await json('snapshots')) as unknown as Record<string, unknown>[];
  expect(snapshot).toMatchObject({ id: summary['snapshot_id'], paths: [source], tags: ['x'] });
  expect(await json('check', '--read-data')).toMatchObject({ num_errors: 0 });
  await json('restore', 'latest', '--target', join(folder, 'out'));
  expect(await readFile(join(folder, 'out', source, 'a.txt'), 'utf8')).toBe('one\n');
});

test('a file that cannot be read leaves the rest backed up, and the exit code is 3', async () => {
  const { source, repository, env } = await place();
  await makeRepository(repository);
  const result = await gatehouse(['backup', '-r', repository, source, '/no/such/path'], { env });
  expect(result.code).toBe(3);
  expect(result.stderr).toContain('/no/such/path');
  expect(result.stdout).toContain('1 new');
  expect(result.stdout).toContain('Processed 1 file, 4 B');
});

test('mistakes get a sentence that says what to do, and an exit code for scripts', async () => {
  const { folder, source, repository, env } = await place();
  const cases: [string, number, RegExp, () => Promise<{ code: number | null; stderr: string }>][] = [
    ['no repository', 10, /gatehouse init/, () => gatehouse(['snapshots', '-r', repository], { env })],
    ['no password', 2, /--password-file/, () => gatehouse(['init', '-r', repository])],
    ['no repository named', 2, /-r s3:\/\//, () => gatehouse(['snapshots'], { env })],
    ['unknown scheme', 2, /s3:\/\/|file:\/\//, () => gatehouse(['init', '-r', 'ftp://x/y'], { env })],
    ['nothing to back up', 2, /--stdin/, () => gatehouse(['backup', '-r', repository], { env })],
    [
      'bad rate',
      2,
      /300k/,
      () => gatehouse(['backup', '-r', repository, '--limit-upload', 'fast', source], { env }),
    ],
    [
      'unreadable password file',
      1,
      /path/,
      () => gatehouse(['init', '-r', repository, '-p', join(folder, 'none')]),
    ],
  ];
  for (const [name, code, hint, run] of cases) {
    const result = await run();
    expect(result.code, `${name}: ${result.stderr}`).toBe(code);
    expect(result.stderr, name).toMatch(hint);
    expect(result.stderr, name).not.toMatch(/\n\s+at /);
  }
  await makeRepository(repository);
  const wrong = await gatehouse(['snapshots', '-r', repository], { env: { GATEHOUSE_PASSWORD: 'wrong' } });
  expect([wrong.code, wrong.stderr.includes('password')]).toEqual([12, true]);
  const twice = await gatehouse(['init', '-r', repository], { env });
  expect([twice.code, twice.stderr.includes('already')]).toEqual([1, true]);
});

test('Ctrl-C during a backup ends it with 130, and the next one completes', async () => {
  const { source, repository, env } = await place();
  await writeFile(join(source, 'large.bin'), Buffer.alloc(24 * 1024 * 1024, 'gatehouse'));
  await makeRepository(repository);
  const args = ['backup', '-r', repository, source, '--json', '--limit-upload', '64k', '-v', '--force'];
  const child = spawn(process.execPath, [entryPoint, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  child.stdout.resume();
  child.kill('SIGINT');
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(130);
  expect(await gatehouse(['backup', '-r', repository, source], { env })).toMatchObject({ code: 0 });
  expect(await gatehouse(['check', '-r', repository, '--read-data'], { env })).toMatchObject({ code: 0 });
});

describe.skipIf(endpoint === undefined)(
  `in an S3 bucket${endpoint ? '' : ` (skipped: ${s3SkipReason})`}`,
  () => {
    const origin = endpoint ?? '';

    test.skipIf(noRestic !== undefined)(
      withRestic('a nasty tree goes in, stock restic lists, checks and restores it, and so do we'),
      async () => {
        const folder = await temporaryFolder();
        const source = join(folder, 'source');
        await makeNastyTree(source);
        const bucket = freshBucketName();
        const where = ['-r', `s3://${bucket}/nas`, '--endpoint', origin];
        for (const args of [['init'], ['backup', source, '--limit-upload', '20M']]) {
          expect(await gatehouse([...args, ...where], { env: cloud })).toMatchObject({ code: 0 });
        }

        const restic = (...args: string[]) => {
          const env = { ...process.env, ...cloud, RESTIC_PASSWORD: password };
          const repository = `s3:${origin}/${bucket}/nas`;
          return spawnSync('restic', ['--no-cache', '-r', repository, ...args], { env, encoding: 'utf8' });
        };
        expect(JSON.parse(restic('snapshots', '--json').stdout)).toMatchObject([{ paths: [source] }]);
        expect(restic('check', '--read-data')).toMatchObject({ status: 0 });
        expect(restic('restore', 'latest', '--target', join(folder, 'theirs'))).toMatchObject({ status: 0 });
        // restic 0.14 keeps no link target that is not UTF-8.
        const theirs = await compareTrees(source, join(folder, 'theirs', source), { ignore: ['linkTarget'] });
        expect(theirs).toEqual([]);

        const ours = ['restore', 'latest', '--target', join(folder, 'ours'), ...where];
        expect(await gatehouse(ours, { env: cloud })).toMatchObject({ code: 0 });
        expect(await compareTrees(source, join(folder, 'ours', source))).toEqual([]);
      },
      60_000,
    );

    test('an unknown bucket and wrong keys are told apart', async () => {
      const where = ['-r', `s3://${freshBucketName()}/nas`, '--endpoint', origin];
      const unknown = await gatehouse(['snapshots', ...where], { env: cloud });
      expect(unknown.code).toBe(10);
      expect(unknown.stderr).toMatch(/BUCKET_UNKNOWN/);
      expect(unknown.stderr).toContain('gatehouse init');
      const keys = { ...cloud, AWS_SECRET_ACCESS_KEY: 'wrong' };
      const denied = await gatehouse(['snapshots', ...where], { env: keys });
      expect(denied.code).toBe(1);
      expect(denied.stderr).toMatch(/BUCKET_DENIED/);
    });
  },
);

test('standard input becomes one file', async () => {
  const { folder, repository, env } = await place();
  await makeRepository(repository);
  const args = ['backup', '-r', repository, '--stdin', '--stdin-filename', 'dump.sql'];
  expect(await gatehouse(args, { env, input: 'select 1;\n' })).toMatchObject({ code: 0 });
  await gatehouse(['restore', 'latest', '-r', repository, '-t', join(folder, 'out')], { env });
  expect(await readFile(join(folder, 'out', 'dump.sql'), 'utf8')).toBe('select 1;\n');
});
