import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { DirectoryBucket } from '../../gateway/bucket/directory.js';
import { mirror, planMirror } from '../../gateway/rest/mirror.js';
import { compareTrees } from '../support/compare-trees.js';
import { makeNastyTree } from '../support/nasty-tree.js';
import { annaSecret, serveTestUsers } from '../support/rest-server.js';
import { noRestic, restic as resticOnDisk, testPassword } from '../support/restic.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describe.skipIf(noRestic !== undefined)(`stock restic as the client (${noRestic ?? 'restic'})`, () => {
  async function restic(args: readonly string[], okCodes = [0]): Promise<string> {
    const limit = okCodes.includes(124) ? '2' : '60';
    const child = spawn('timeout', [limit, 'restic', '--no-cache', ...args], {
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', RESTIC_PASSWORD: testPassword },
    });
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += text));
    child.stderr.on('data', (text: Buffer) => (said += text));
    const [code] = (await once(child, 'close')) as [number];
    if (!okCodes.includes(code)) throw new Error(`restic ${args.join(' ')} ended with ${code}\n${said}`);
    return said;
  }

  test('backs up, checks, forgets, prunes and restores over TLS; the disk holds a repository as restic makes it', async () => {
    const { folder, root, server, caFile } = await serveTestUsers({}, true);
    const source = join(folder, 'source');
    await mkdir(source);
    await makeNastyTree(source);
    const address = `rest:https://anna:${encodeURIComponent(annaSecret)}@127.0.0.1:${server.port}/anna/laptop`;
    const on = (...args: string[]) => restic(['--cacert', caFile, '-r', address, ...args]);
    await on('init');
    await on('backup', source);
    await writeFile(join(source, 'more'), randomBytes(600_000));
    await on('backup', source);
    expect(await on('forget', '--keep-last', '1', '--prune')).toContain('removed');
    await on('check', '--read-data');
    await on('restore', 'latest', '--target', join(folder, 'out'));
    // restic 0.14 keeps no link target that is not UTF-8.
    const out = join(folder, 'out', source);
    expect(await compareTrees(source, out, { ignore: ['linkTarget'] })).toEqual([]);
    expect(resticOnDisk(join(root, 'anna', 'laptop'), ['snapshots', '--json'])).toContain('"short_id"');
  });

  test('an append-only user adds and cannot take away', async () => {
    const { folder, server, caFile } = await serveTestUsers({ appendOnly: true }, true);
    const address = `rest:https://anna:${encodeURIComponent(annaSecret)}@127.0.0.1:${server.port}/anna`;
    const on = (args: string[], codes?: number[]) =>
      restic(['--cacert', caFile, '-r', address, ...args], codes);
    await writeFile(join(folder, 'a.txt'), 'one\n');
    await on(['init']);
    await on(['backup', join(folder, 'a.txt')]);
    await on(['backup', join(folder, 'a.txt')]);
    // It tries again for a quarter of an hour; that it cannot is clear sooner.
    await on(['forget', '--keep-last', '1'], [124]);
    const snapshots = JSON.parse(await on(['snapshots', '--json', '--no-lock'])) as unknown[];
    expect(snapshots).toHaveLength(2);
  });
});

describe.skipIf(noRestic !== undefined)(`mirror (${noRestic ?? 'restic'})`, () => {
  test('makes a copy that restic finds sound, follows a prune, and copies nothing that is damaged', async () => {
    const folder = await temporaryFolder();
    const [repository, copy] = [join(folder, 'repository'), join(folder, 'copy')];
    const source = join(folder, 'source');
    await mkdir(source);
    await writeFile(join(source, 'a'), randomBytes(700_000));
    resticOnDisk(repository, ['init']);
    resticOnDisk(repository, ['backup', source]);
    const options = {
      from: new DirectoryBucket(repository, { clock: systemClock }),
      to: new DirectoryBucket(copy, { clock: systemClock }),
      temporaryFolder: folder,
      remove: true,
    };
    expect(await mirror(options)).toMatchObject({ filesRemoved: 0 });
    resticOnDisk(copy, ['check', '--read-data']);
    await writeFile(join(source, 'a'), randomBytes(700_000));
    resticOnDisk(repository, ['backup', source]);
    resticOnDisk(repository, ['forget', '--keep-last', '1', '--prune']);
    const plan = await planMirror(options);
    expect(plan.remove[0]).toMatch(/^snapshots\//);
    expect(plan.copy.at(-1)?.key).toMatch(/^snapshots\//);
    const { filesRemoved } = await mirror(options);
    expect(filesRemoved).toBe(plan.remove.length);
    resticOnDisk(copy, ['check', '--read-data']);
    expect(await planMirror(options)).toEqual({ copy: [], remove: [] });
    const damaged = `data/aa/${'a'.repeat(64)}`;
    await mkdir(join(repository, 'data', 'aa'), { recursive: true });
    await writeFile(join(repository, damaged), 'not what the name says');
    await expect(mirror(options)).rejects.toMatchObject({ code: 'MIRROR_DAMAGED' });
    await rm(join(repository, damaged));
    expect(await planMirror(options)).toEqual({ copy: [], remove: [] });
  });
});
