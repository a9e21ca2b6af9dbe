/** Workflows while the cloud is killed with `kill -9` again and again: no task is lost, repeats are marked. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runtimeFileName } from '../../cli/api-client.js';
import type { ExecutionView } from '../../core/wire/workflows.js';
import { until } from '../support/cloud-database.js';
import { gatehouse, type StartedGatehouse, startGatehouse } from '../support/gatehouse-cli.js';
import { seededRandom } from '../support/random.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const executions = 30;
const kills = 6;
const seed = Number(process.env['GATEHOUSE_TEST_SEED'] ?? 20_261_129);

const handler = (file: string) => `
import { appendFileSync } from 'node:fs';
export const handler = async ({ execution, step }, context) => {
  const note = (what) => appendFileSync(${JSON.stringify(file)}, JSON.stringify({ what, execution, step, id: context.awsRequestId, retry: context.gatehouse.retry }) + '\\n');
  note('start');
  await new Promise((done) => setTimeout(done, 30));
  note('end');
  return step;
};
`;

const task = (step: string, more: object) => ({
  Type: 'Task',
  Resource: 'work',
  Parameters: { 'execution.$': '$$.Execution.Id', step },
  ResultPath: null,
  ...more,
});
const steps = ['one', 'two', 'left', 'right', 'last'];
const definition = {
  StartAt: 'One',
  States: {
    One: task('one', { Next: 'Rest' }),
    Rest: { Type: 'Wait', Seconds: 1, Next: 'Two' },
    Two: task('two', { Next: 'Both' }),
    Both: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'Left', States: { Left: task('left', { End: true }) } },
        { StartAt: 'Right', States: { Right: task('right', { End: true }) } },
      ],
      ResultPath: null,
      Next: 'Last',
    },
    Last: task('last', { End: true }),
  },
};

interface Note {
  readonly what: 'start' | 'end';
  readonly execution: string;
  readonly step: string;
  readonly id: string;
  readonly retry: boolean;
}

test(`${executions} executions end with every task done, whatever is killed meanwhile (seed ${seed})`, async () => {
  const data = await temporaryFolder();
  const file = join(data, 'notes');
  const { config, definitionFile } = await prepare(data, file);
  const random = seededRandom(seed);
  const env = { GATEHOUSE_DATA: data };
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await gatehouse([...args, '--json'], { env });
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  };

  let cloud = await startCloudProcess(data, config);
  await run('workflow', 'create', 'visit', definitionFile);
  const { url, token } = await targetOf(data);
  for (let at = 0; at < executions; at++) {
    const body = JSON.stringify({ target: 'visit', event: { at }, id: `start-${at}` });
    const response = await fetch(`${url}/api/v1/actions/run`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body,
    });
    expect(response.status).toBe(200);
  }
  for (let kill = 0; kill < kills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, 200 + random() * 700));
    cloud.process.kill('SIGKILL');
    await cloud.ended;
    cloud = await startCloudProcess(data, config);
  }

  const list = (): Promise<ExecutionView[]> => run('workflow', 'history', 'visit', '--last', '100');
  await expect
    .poll(async () => (await list()).filter(({ state }) => state === 'SUCCEEDED').length, {
      timeout: 60_000,
      interval: 500,
    })
    .toBe(executions);
  expect(await list()).toHaveLength(executions);

  const notes = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Note);
  const byRun = new Map<string, Note[]>();
  for (const note of notes) {
    const name = `${note.execution} ${note.step}`;
    byRun.set(name, [...(byRun.get(name) ?? []), note]);
  }
  expect(byRun.size).toBe(executions * steps.length);
  let repeats = 0;
  for (const [name, all] of byRun) {
    expect(new Set(all.map(({ id }) => id)).size, name).toBe(1);
    expect(
      all.some(({ what }) => what === 'end'),
      name,
    ).toBe(true);
    const starts = all.filter(({ what }) => what === 'start');
    repeats += starts.length - 1;
    expect(
      starts.slice(1).every(({ retry }) => retry),
      name,
    ).toBe(true);
  }
  // The test has bite only if something was cut off.
  expect(repeats).toBeGreaterThan(0);
});

async function prepare(data: string, file: string) {
  const handlerFile = join(data, 'work.mjs');
  const config = join(data, 'cloud.json');
  const definitionFile = join(data, 'visit.json');
  await writeFile(handlerFile, handler(file));
  await writeFile(definitionFile, JSON.stringify(definition));
  await writeFile(
    config,
    JSON.stringify({
      dataDir: join(data, 'cloud'),
      http: { port: 0 },
      mqtt: { port: 0 },
      provisioning: { port: 0 },
      functions: { work: { kind: 'node', handler: handlerFile, concurrency: 3 } },
    }),
  );
  return { config, definitionFile };
}

async function startCloudProcess(data: string, config: string): Promise<StartedGatehouse> {
  const runtime = join(data, 'cloud', runtimeFileName);
  await rm(runtime, { force: true });
  const cloud = startGatehouse(['cloud', 'run', '--config', config], { env: { GATEHOUSE_DATA: data } });
  onTestFinished(() => void cloud.process.kill('SIGKILL'));
  await until(
    () =>
      readFile(runtime).then(
        () => true,
        () => false,
      ),
    'the cloud to serve',
  );
  return cloud;
}

async function targetOf(data: string) {
  const { httpUrl } = JSON.parse(await readFile(join(data, 'cloud', runtimeFileName), 'utf8')) as {
    httpUrl: string;
  };
  return { url: httpUrl, token: (await readFile(join(data, 'cloud', 'api-token'), 'utf8')).trim() };
}
