/** `gatehouse throttle` on a running backup: real processes, a repository in a folder. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ProcessStatus } from '../../gateway/throttle/control.js';
import { entryPoint, gatehouse } from '../support/gatehouse-cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';

interface Answer {
  readonly set: ProcessStatus;
  readonly processes: readonly ProcessStatus[];
}

test('the throttle slows, pauses and frees a running backup, and is kept for the next', async () => {
  const folder = await temporaryFolder();
  const data = join(folder, 'data');
  const repository = join(folder, 'repository');
  await mkdir(join(folder, 'source'));
  await writeFile(join(folder, 'source', 'file'), randomBytes(2_000_000));
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, GATEHOUSE_PASSWORD: 'x', GATEHOUSE_REPOSITORY: repository };
  const throttle = async (...args: string[]) => {
    const result = await gatehouse(['throttle', '--json', '--data', data, ...args]);
    expect(result.code, result.stderr).toBe(0);
    return JSON.parse(result.stdout) as Answer;
  };
  expect((await gatehouse(['init', '--data', data], { env })).code).toBe(0);

  const before = await throttle('08:00,1k 08:01,1k', '--download', '1G');
  expect(before.set).toMatchObject({ source: 'setting', upload_limit: 1024, paused: false });
  expect(before.processes).toEqual([]);

  const backup = spawn(process.execPath, [entryPoint, 'backup', '--data', data, join(folder, 'source')], {
    env,
    stdio: 'ignore',
  });
  onTestFinished(() => void backup.kill('SIGKILL'));
  const ended = once(backup, 'exit');
  let seen = await throttle('status');
  while (seen.processes.length === 0) seen = await throttle('status');
  expect(seen.processes[0]).toMatchObject({ pid: backup.pid, upload_limit: 1024, source: 'setting' });

  const paused = await throttle('pause', '--for', '2h');
  expect(paused.processes[0]).toMatchObject({ pid: backup.pid, paused: true, until: expect.any(String) });
  await throttle('off');
  expect(backup.exitCode).toBeNull();
  const freed = await throttle('resume');
  expect(freed.processes[0]).toMatchObject({ paused: false, upload_limit: null, download_limit: null });
  expect(await ended).toEqual([0, null]);
  expect(JSON.parse(await readFile(join(data, 'throttle.json'), 'utf8'))).toEqual({
    setting: { upload: 'off', download: 'off' },
  });
  const yielding = await throttle('--yield', 'on');
  expect(yielding.set).toMatchObject({ upload_limit: null, yielding: { base_delay_ms: null } });
  expect((await throttle('default')).set.yielding).toBeNull();

  const wrong = await gatehouse(['throttle', '--data', data, '08:00,fast']);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('300k');
});
