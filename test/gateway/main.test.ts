import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseConfig } from '../../core/config.js';
import { silentLogger } from '../../core/log.js';
import { type BackupReport, backupReport } from '../../core/wire/backups.js';
import { gatewayConfig } from '../../gateway/config.js';
import { type Gateway, openGateway } from '../../gateway/main.js';
import { eventually } from '../support/eventually.js';
import { hastyClock } from '../support/hasty-clock.js';
import { testPassword, withTestRepository } from '../support/restic.js';
import { freshBucketName, s3Endpoint, s3SkipReason, useS3Environment } from '../support/s3-server.js';
import { stubS3 } from '../support/stub-s3.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const run = promisify(execFile);
const hasRestic = await run('restic', ['version']).then(
  () => true,
  () => false,
);

/** Takes reports as the backend does. */
async function backend(): Promise<{ url: string; reports: BackupReport[] }> {
  const reports: BackupReport[] = [];
  const stub = await stubS3((request, response) => {
    let body = '';
    request.on('data', (data) => {
      body += data;
    });
    request.once('end', () => {
      reports.push(backupReport.parse(JSON.parse(body)));
      response.end('{}');
    });
  });
  return { url: stub.endpoint, reports };
}

/** The repository is there, with a key that takes no seconds, unless the job has one of its own or `isNew`. */
async function setUp(job: Record<string, unknown> = {}, isNew = 'repository' in job) {
  const root = await temporaryFolder();
  const source = join(root, 'source');
  await mkdir(join(source, 'photos'), { recursive: true });
  await writeFile(join(source, 'photos', 'one.jpg'), randomBytes(200_000));
  await writeFile(join(source, 'two.txt'), 'two\n');
  await writeFile(join(root, 'password'), `${testPassword}\n`);
  if (!isNew) await withTestRepository(join(root, 'repository'), 'init', async () => {});
  await writeFile(join(root, 'token'), 'sesame\n');
  const { url, reports } = await backend();
  const config = parseConfig(
    gatewayConfig,
    {
      dataDir: join(root, 'data'),
      jobs: [
        {
          name: 'nas',
          paths: [source],
          repository: join(root, 'repository'),
          passwordFile: join(root, 'password'),
          every: 'daily 02:30',
          ...job,
        },
      ],
      report: { url, tokenFile: join(root, 'token') },
    },
    'test',
  );
  const open = async (): Promise<Gateway> => {
    const gateway = await openGateway(config, {
      clock: hastyClock,
      log: silentLogger,
      version: '1.2.3',
      region: 'us-east-1',
    });
    onTestFinished(() => gateway.close());
    return gateway;
  };
  return { root, source, reports, open };
}

const arrived = (reports: BackupReport[], count: number) =>
  eventually(() => expect(reports).toHaveLength(count));

describe('the gateway', () => {
  test('makes the repository at the first run, backs up, and reports begin and end', async () => {
    const { open, reports, source, root } = await setUp({}, true);
    const gateway = await open();
    const first = await gateway.runNow('nas');
    expect(first).toMatchObject({
      job: 'nas',
      state: 'SUCCEEDED',
      snapshotId: expect.stringMatching(/^[0-9a-f]{64}$/),
      repository: join(root, 'repository'),
      paths: [source],
      filesNew: 2,
      filesUnmodified: 0,
      error: null,
      nextRunAt: gateway.nextRunAt('nas'),
    });
    expect(first.bytesProcessed).toBe(200_004);
    expect(first.bytesAdded).toBeGreaterThan(200_000);
    const second = await gateway.runNow('nas');
    expect(second).toMatchObject({ state: 'SUCCEEDED', filesNew: 0, filesUnmodified: 2 });
    expect(second.bytesAdded).toBeLessThan(10_000);
    await arrived(reports, 4);
    expect(reports.map(({ state }) => state)).toEqual(['RUNNING', 'SUCCEEDED', 'RUNNING', 'SUCCEEDED']);
    expect(reports[1]).toEqual(first);
    expect(new Set(reports.map(({ runId }) => runId)).size).toBe(2);
  });

  test('runs an interval job by itself as soon as it is opened', async () => {
    const { open, reports } = await setUp({ every: '15m' });
    await open();
    await arrived(reports, 2);
    expect(reports[1]?.state).toBe('SUCCEEDED');
  });

  test.skipIf(!hasRestic)(
    `writes what restic reads${hasRestic ? '' : ' (restic is not installed)'}`,
    async () => {
      const { open, root, source } = await setUp();
      const report = await (await open()).runNow('nas');
      const env = { ...process.env, RESTIC_PASSWORD: testPassword, RESTIC_CACHE_DIR: join(root, 'cache') };
      const restic = (...args: string[]) => run('restic', ['-r', join(root, 'repository'), ...args], { env });
      const snapshots = JSON.parse((await restic('snapshots', '--json')).stdout);
      expect(snapshots).toMatchObject([{ id: report.snapshotId, paths: [source] }]);
      await restic('check', '--read-data');
      await restic('restore', 'latest', '--target', join(root, 'restored'));
      const restored = await readFile(join(root, 'restored', source, 'photos', 'one.jpg'));
      expect(Buffer.compare(restored, await readFile(join(source, 'photos', 'one.jpg')))).toBe(0);
    },
  );

  test('makes no new repository where one has gone, also after a restart', async () => {
    const { open, root } = await setUp();
    let gateway = await open();
    await gateway.runNow('nas');
    await rename(join(root, 'repository'), join(root, 'unmounted'));
    await mkdir(join(root, 'repository'));
    for (let i = 0; i < 2; i++) {
      expect(await gateway.runNow('nas')).toMatchObject({
        state: 'FAILED',
        error: expect.stringContaining('no longer there'),
        snapshotId: null,
      });
      await gateway.close();
      gateway = await open();
    }
    await rm(join(root, 'repository'), { recursive: true });
    await rename(join(root, 'unmounted'), join(root, 'repository'));
    expect(await gateway.runNow('nas')).toMatchObject({ state: 'SUCCEEDED', filesUnmodified: 2 });
  });

  test('reports what is wrong with the password or its file', async () => {
    const { open, root } = await setUp();
    const gateway = await open();
    await gateway.runNow('nas');
    await writeFile(join(root, 'password'), 'wrong\n');
    expect((await gateway.runNow('nas')).error).toContain('The password opens none of the keys');
    await rm(join(root, 'password'));
    expect((await gateway.runNow('nas')).error).toContain('Cannot take the password');
  });

  test('leaves out what is excluded', async () => {
    const { open } = await setUp({ excludes: ['*.jpg'] });
    expect(await (await open()).runNow('nas')).toMatchObject({ filesNew: 1, bytesProcessed: 4 });
  });

  test('runs once per data directory', async () => {
    const { open } = await setUp();
    const gateway = await open();
    await expect(open()).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
    await gateway.close();
    await gateway.close();
    await open();
  });

  test('stops a run on close, reports it, and runs it again after the next start', async () => {
    const { open, reports } = await setUp({ limitUpload: '20' });
    const gateway = await open();
    const cutOff = gateway.runNow('nas');
    await arrived(reports, 1);
    const started = performance.now();
    await gateway.close();
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(await cutOff).toMatchObject({ state: 'FAILED', error: 'Interrupted.' });
    await arrived(reports, 2);
    await open();
    await arrived(reports, 3);
    expect(reports[2]?.state).toBe('RUNNING');
  });
});

const endpoint = s3Endpoint();
const noServer = endpoint === undefined ? ` (${s3SkipReason})` : '';

describe.skipIf(endpoint === undefined)(`the gateway with an S3 server${noServer}`, () => {
  useS3Environment();

  test('makes bucket and repository at the first run and goes on in them', async () => {
    const { open } = await setUp({ repository: `s3:${endpoint}/${freshBucketName()}/nas` });
    const gateway = await open();
    expect(await gateway.runNow('nas')).toMatchObject({ state: 'SUCCEEDED', filesNew: 2 });
    expect(await gateway.runNow('nas')).toMatchObject({ state: 'SUCCEEDED', filesUnmodified: 2 });
  });
});
