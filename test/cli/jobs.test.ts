import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { JobRunView, JobStatus } from '../../gateway/control/control.js';
import { gatehouse } from '../support/gatehouse-cli.js';
import { openJobs } from '../support/gateway-jobs.js';

test('the jobs of a configuration are run, watched and paused, with a gateway and without one', async () => {
  const { root, config, gateway } = await openJobs({
    schedule: 'Mon..Fri 02:30',
    after: [{ command: ['sh', '-c', 'echo careful; exit 4'] }],
  });
  await writeFile(join(root, 'gateway.json'), JSON.stringify(config));
  const jobs = (...args: string[]) =>
    gatehouse(['jobs', ...args], { env: { GATEHOUSE_GATEWAY_CONFIG: join(root, 'gateway.json') } });

  const run = await jobs('run', 'nas');
  expect(run.code).toBe(3);
  expect(run.stdout).toMatch(
    /^PARTIAL .*1 new, 0 changed, 0 unmodified files; .* added; snapshot [0-9a-f]{8}\./,
  );
  expect(run.stderr).toMatch(/hook after sh: .*exit code 4[\s\S]*careful/);
  expect(await jobs('pause', 'nas', '--for', '2h')).toMatchObject({ code: 0 });
  expect((await gateway.jobs.status('nas')).state).toBe('paused');
  await gateway.close();

  const [status] = JSON.parse((await jobs('list', '--json')).stdout) as JobStatus[];
  expect(status).toMatchObject({
    job: 'nas',
    state: 'paused',
    when: 'Mon..Fri 02:30',
    last: { state: 'PARTIAL' },
  });
  const again = await jobs('run', 'nas', '--json');
  expect(again.code).toBe(3);
  const lines = again.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.at(-1)).toMatchObject({ message_type: 'run', state: 'PARTIAL', filesUnmodified: 1 });
  const history = JSON.parse((await jobs('history', 'nas', '--last', '5', '--json')).stdout) as JobRunView[];
  expect(history.map(({ hooks }) => hooks[0]?.output)).toEqual(['careful\n', 'careful\n']);
});

test('a job or configuration that is not there is named', async () => {
  const none = await gatehouse(['jobs', 'list', '--data', '/no/such/place']);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('--config FILE') });
});
