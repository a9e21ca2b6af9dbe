import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ControlClient } from '../../../gateway/control/control-client.js';
import { eventually } from '../../support/eventually.js';
import { openJobs } from '../../support/gateway-jobs.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

test('another process sees the jobs of a running gateway and gives orders', async () => {
  const { root, gateway } = await openJobs({ schedule: '@yearly' });
  const dataDir = join(root, 'data');
  expect((await stat(join(dataDir, 'control.json'))).mode & 0o777).toBe(0o600);
  const client = (await ControlClient.find(dataDir))!;
  expect(await client.list()).toMatchObject([
    { job: 'nas', state: 'idle', when: '@yearly', last: null, nextRunAt: gateway.nextRunAt('nas') },
  ]);
  const { runId } = await client.start('nas', 'backup');
  await eventually(async () => expect(await client.run(runId)).toMatchObject({ state: 'SUCCEEDED' }));
  await eventually(async () => expect((await client.status('nas')).state).toBe('idle'));
  expect((await client.status('nas')).last).toMatchObject({ id: runId, filesNew: 1 });
  expect(await client.history({ job: 'nas', limit: 5 })).toMatchObject([{ id: runId }]);
  expect(await client.pause('nas', undefined)).toMatchObject({ state: 'paused', pausedUntil: 'forever' });
  const untilMs = Date.UTC(2100, 0);
  expect(await client.pause('nas', untilMs)).toMatchObject({ pausedUntil: '2100-01-01T00:00:00.000Z' });
  expect(await client.resume('nas')).toMatchObject({ state: 'idle', pausedUntil: null });
  await expect(client.status('other')).rejects.toMatchObject({ code: 'JOB_UNKNOWN', hint: 'Jobs: nas.' });
  await expect(client.start('nas', 'verify')).rejects.toMatchObject({ code: 'KIND_NOT_CONFIGURED' });
});

test('who does not know the token learns nothing', async () => {
  const { root } = await openJobs();
  const file = join(root, 'data', 'control.json');
  const client = (await ControlClient.find(join(root, 'data')))!;
  const { url } = JSON.parse(await readFile(file, 'utf8')) as { url: string };
  const response = await fetch(`${url}/jobs`, { headers: { authorization: 'Bearer guess' } });
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ error: { code: 'UNAUTHORISED' } });
  expect(await client.list()).toHaveLength(1);
});

test('a gateway that is gone, or was killed, is not found', async () => {
  const { root, gateway } = await openJobs();
  await gateway.close();
  expect(await ControlClient.find(join(root, 'data'))).toBeUndefined();
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'control.json'), '{"url":"http://127.0.0.1:9","token":"x"}');
  expect(await ControlClient.find(folder)).toBeUndefined();
});

test('a pause holds over a restart', async () => {
  const first = await openJobs({ every: '15m' });
  await first.gateway.jobs.pause('nas', undefined);
  await eventually(async () => expect((await first.gateway.jobs.status('nas')).state).toBe('paused'));
  const before = (await first.runs()).length;
  await first.gateway.close();
  const second = await openJobs({ every: '15m' }, [], { root: first.root });
  expect(await second.gateway.jobs.status('nas')).toMatchObject({ state: 'paused', nextRunAt: null });
  expect(await second.runs()).toHaveLength(before);
});
