/** What befalls `gatehouse up` and its programs: a second start, kills of the one and of the others. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ClickView, ThingView } from '../../core/wire/api.js';
import { gatehouse, RunningUp } from '../support/gatehouse-cli.js';
import { processesWith } from '../support/processes.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('a second start is refused while the first runs, and then goes on with its data without a new claim', async () => {
  const data = await temporaryFolder();
  const first = await RunningUp.start(data);
  expect(await gatehouse(['device', 'press', 'button-1', '--data', data])).toMatchObject({
    code: 0,
    stderr: '',
  });
  const click = await first.event((event) => event['message_type'] === 'click');
  const refused = await gatehouse(['up', '--data', data]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`Gatehouse already runs in ${data}`);
  expect(refused.stderr).toContain('--data');
  expect(refused.stderr).not.toMatch(/\n\s+at /);
  await first.stop();

  const second = await RunningUp.start(data);
  const clicks = await second.api<ClickView[]>('/clicks');
  expect(clicks.map((c) => c.id)).toContain(click['id']);
  expect(await gatehouse(['device', 'press', 'button-1', '--data', data])).toMatchObject({
    code: 0,
    stderr: '',
  });
  await second.event((event) => event['message_type'] === 'click');
  const [thing] = await second.api<ThingView[]>('/things');
  expect(thing?.certificates).toHaveLength(1);
});

test('when `gatehouse up` itself is killed, its programs stop by themselves', async () => {
  const data = await temporaryFolder();
  const up = await RunningUp.start(data);
  expect(processesWith(data).length).toBeGreaterThanOrEqual(4);
  await up.stop('SIGKILL');
  await expect.poll(() => processesWith(data), { timeout: 15_000 }).toEqual([]);
  const again = await RunningUp.start(data);
  expect(await again.stop()).toBe(0);
});

test('a program that dies is started again, and presses go on', async () => {
  const data = await temporaryFolder();
  const up = await RunningUp.start(data);
  const runtime = JSON.parse(await readFile(join(data, 'cloud', 'runtime.json'), 'utf8')) as { pid: number };
  const [agentPid] = processesWith(join(data, 'config', 'agent.json'));
  process.kill(agentPid!, 'SIGKILL');
  expect(runtime.pid).toBeGreaterThan(0);
  await expect
    .poll(() => processesWith(join(data, 'config', 'agent.json')).filter((pid) => pid !== agentPid), {
      timeout: 15_000,
    })
    .toHaveLength(1);
  await expect
    .poll(async () => (await up.api<ThingView[]>('/things'))[0]?.online, { timeout: 15_000 })
    .toBe(true);
  await expect
    .poll(async () => (await gatehouse(['device', 'press', 'button-1', '--data', data])).code, {
      timeout: 15_000,
    })
    .toBe(0);
  await up.event((event) => event['message_type'] === 'click');
});
