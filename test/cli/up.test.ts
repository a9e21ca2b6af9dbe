import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import type { RunView, SeriesView } from '../../core/wire/api.js';
import type { BackupJobView } from '../../core/wire/backups.js';
import { gatehouse, RunningUp } from '../support/gatehouse-cli.js';
import { processesWith } from '../support/processes.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('one command brings up the three paths: each kind of press to action, sensor to plot, folder to bucket', {
  timeout: 60_000,
}, async () => {
  const data = await temporaryFolder();
  const up = await RunningUp.start(data);

  const pressed = await gatehouse(['device', 'press', 'button-1', '--data', data]);
  expect(pressed).toMatchObject({ code: 0, stderr: '' });
  const click = await up.event((event) => event['message_type'] === 'click');
  expect(click).toMatchObject({ thing: 'button-1', clickType: 'SINGLE' });
  const run = await up.event((event) => event['message_type'] === 'run' && event['state'] === 'SUCCEEDED');
  expect(run).toMatchObject({
    functionName: 'hello',
    attempt: 1,
    source: { kind: 'click', id: click['id'] },
  });
  const { log } = await up.api<RunView>(`/runs/${String(run['id'])}`);
  expect(log).toContain('SINGLE click in Main building');
  for (const pattern of ['double', 'long']) {
    await gatehouse(['device', 'press', 'button-1', '--pattern', pattern, '--data', data]);
    const clickType = pattern.toUpperCase();
    await up.event((event) => event['message_type'] === 'click' && event['clickType'] === clickType);
  }

  const backup = await up.event(
    (event) => event['message_type'] === 'backup' && event['state'] === 'SUCCEEDED',
  );
  expect(backup).toMatchObject({ job: 'sample-folder', filesNew: 1 });
  const [job] = await up.api<BackupJobView[]>('/backups');
  expect(job?.last.snapshotId).toMatch(/^[0-9a-f]{64}$/);

  const series = await up.api<SeriesView[]>('/series');
  expect(series.map((s) => s.series).sort()).toEqual(['room.humidity', 'room.pressure', 'room.temperature']);

  expect(await up.stop()).toBe(0);
  expect(processesWith(data)).toEqual([]);
});

test.each(['http', 'mqtt', 'provisioning'])('a taken %s port is named', async (which) => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as { port: number };
  try {
    const data = await temporaryFolder();
    const others = ['http', 'mqtt', 'provisioning'].filter((name) => name !== which);
    const result = await gatehouse([
      'up',
      '--data',
      data,
      `--${which}-port`,
      String(port),
      ...others.flatMap((name) => [`--${name}-port`, '0']),
    ]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(`${port}`);
    expect(result.stderr).toContain(`--${which}-port`);
    expect(processesWith(data)).toEqual([]);
  } finally {
    blocker.close();
  }
});
