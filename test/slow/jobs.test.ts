import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { JobRunView } from '../../gateway/control/control.js';
import { ControlClient } from '../../gateway/control/control-client.js';
import { entryPoint, gatehouse } from '../support/gatehouse-cli.js';
import { openTestRepository, restic, testPassword } from '../support/restic.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('a gateway killed in mid-run shows the run as interrupted, and its next start does it again', async () => {
  const root = await temporaryFolder();
  const repository = join(root, 'repository');
  await (await openTestRepository(repository, 'init')).close();
  await writeFile(join(root, 'big'), randomBytes(40_000_000));
  await writeFile(join(root, 'password'), testPassword);
  const configFile = join(root, 'gateway.json');
  const job = {
    name: 'nas',
    paths: [join(root, 'big')],
    repository,
    passwordFile: join(root, 'password'),
    schedule: '@yearly',
    limitUpload: '5M',
  };
  await writeFile(configFile, JSON.stringify({ dataDir: join(root, 'data'), jobs: [job] }));
  const start = async () => {
    const child = spawn(process.execPath, [entryPoint, 'gateway', 'run', '--config', configFile, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child;
  };
  const jobs = (...args: string[]) => gatehouse(['jobs', ...args, '--config', configFile, '--json']);

  const first = await start();
  const begun = await jobs('run', 'nas', '--no-wait');
  expect(JSON.parse(begun.stdout)).toMatchObject({ message_type: 'started' });
  const client = (await ControlClient.find(join(root, 'data')))!;
  const sentSoFar = async () => (await client.status('nas')).running?.progress?.bytesSent ?? 0;
  await expect.poll(sentSoFar, { timeout: 30_000, interval: 200 }).toBeGreaterThan(16_000_000);
  const ended = once(first, 'exit');
  first.kill('SIGKILL');
  await ended;
  const [cut] = JSON.parse((await jobs('history', 'nas')).stdout) as JobRunView[];
  expect(cut).toMatchObject({ state: 'INTERRUPTED', snapshotId: null });

  await start();
  const again = (await ControlClient.find(join(root, 'data')))!;
  await expect
    .poll(async () => (await again.history({ limit: 1 }))[0]?.state, { timeout: 60_000, interval: 200 })
    .toBe('SUCCEEDED');
  restic(repository, ['unlock']);
  restic(repository, ['check', '--read-data']);
  expect(JSON.parse(restic(repository, ['snapshots', '--json']))).toHaveLength(1);
}, 120_000);
