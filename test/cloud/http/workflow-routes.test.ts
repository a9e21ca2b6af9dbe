import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunView } from '../../../core/wire/api.js';
import { thingTopic } from '../../../core/wire/topics.js';
import type { ExecutionView, WorkflowView } from '../../../core/wire/workflows.js';
import { clickPayload } from '../../support/click-path.js';
import { until } from '../../support/cloud-database.js';
import { connectDevice, nextMessage, startCloud } from '../../support/cloud-fixture.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const definition = {
  Comment: 'Ask, then act',
  StartAt: 'Ask',
  States: {
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:lambda:local:000000000000:function:ask',
      Parameters: { 'thing.$': '$.deviceInfo.deviceId', fail: false },
      ResultPath: '$.answer',
      Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 1 }],
      Next: 'Both',
    },
    Both: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'Ring', States: { Ring: { Type: 'Pass', Result: 'rung', End: true } } },
        {
          StartAt: 'Rest',
          States: { Rest: { Type: 'Wait', Seconds: 1, OutputPath: '$.answer', End: true } },
        },
      ],
      End: true,
    },
  },
};

async function openHouse() {
  const handler = join(await temporaryFolder(), 'ask.mjs');
  await writeFile(
    handler,
    `let calls = 0;
     export const handler = async (event) => {
       if (++calls === 1) { const busy = new Error('later'); busy.name = 'Busy'; throw busy; }
       if (event.fail) throw new TypeError('as asked');
       return { heard: event.thing };
     };`,
  );
  return startCloud({
    functions: { ask: { kind: 'node', handler } },
    projects: [
      {
        projectName: 'house',
        placementTemplate: {
          deviceTemplates: {
            bell: {
              deviceType: 'button',
              callbackOverrides: { onClickCallback: 'arn:aws:states:local:000000000000:stateMachine:visit' },
            },
          },
        },
        placements: [{ placementName: 'door', devices: { bell: 'button-1' } }],
      },
    ],
  });
}

test('a press begins a workflow, and is delivered when the workflow has ended', async () => {
  const { call, get, cloud } = await openHouse();
  const broken = structuredClone(definition) as { States: { Both: { Type: string } } };
  broken.States.Both.Type = 'Map';
  const refused = await call('POST', '/workflows', { name: 'visit', definition: broken });
  expect([refused.status, await refused.json()]).toMatchObject([
    400,
    {
      error: { code: 'WORKFLOW_INVALID', message: expect.stringContaining('States.Both.Type: must be Task') },
    },
  ]);
  const saved = (await (
    await call('POST', '/workflows', { name: 'visit', definition })
  ).json()) as WorkflowView;
  expect(saved).toMatchObject({
    name: 'visit',
    version: 1,
    comment: 'Ask, then act',
    running: 0,
    definition,
  });
  expect((await call('POST', '/workflows', { name: 'visit', definition })).status).toBe(409);
  expect((await call('GET', '/workflows/none')).status).toBe(404);

  const device = await connectDevice(cloud, 'button-1');
  await device.subscribeAsync(thingTopic('button-1', 'feedback'), { qos: 1 });
  const feedback = nextMessage(device);
  await device.publishAsync(thingTopic('button-1', 'click'), clickPayload('click-0001') as Buffer, {
    qos: 1,
  });
  await until(async () => (await get<ExecutionView[]>('/workflows/visit/executions'))[0]?.at.length === 2);
  const [running] = await get<ExecutionView[]>('/workflows/visit/executions');
  expect(running).toMatchObject({ state: 'RUNNING', thing: 'button-1', version: 1 });
  expect(running?.at.map(({ state, waitsFor }) => [state, waitsFor])).toEqual([
    ['Both', 'branches'],
    ['Both/1/Rest', 'time'],
  ]);
  expect(await get<RunView>(`/runs/${running?.id}`)).toMatchObject({ state: 'RUNNING' });
  expect(await feedback).toEqual({ v: 1, id: 'click-0001', outcome: 'delivered' });
  const ended = await get<ExecutionView>(`/executions/${running?.id}`);
  expect(ended).toMatchObject({ state: 'SUCCEEDED', output: ['rung', { heard: 'button-1' }], at: [] });
  expect(ended.history?.map(({ type, state }) => `${type} ${state}`.trim())).toEqual([
    'ExecutionStarted',
    'StateEntered Ask',
    'TaskScheduled Ask',
    'TaskFailed Ask',
    'RetryScheduled Ask',
    'TaskScheduled Ask',
    'TaskSucceeded Ask',
    'StateExited Ask',
    'StateEntered Both',
    'StateEntered Both/0/Ring',
    'StateExited Both/0/Ring',
    'StateEntered Both/1/Rest',
    'StateExited Both/1/Rest',
    'StateExited Both',
    'ExecutionSucceeded',
  ]);
  // The attempt that failed was repeated by the workflow, not by the dispatcher beneath it.
  const steps = (await get<RunView[]>('/runs')).filter((run) => run.source.kind === 'workflow');
  expect(steps.map((run) => [run.source.id.split('/')[1], run.state, run.attempt])).toEqual([
    ['1', 'SUCCEEDED', 1],
    ['0', 'FAILED', 1],
  ]);
  expect(await get('/dead-letters')).toEqual([]);
});

test('a workflow that fails is in the dead-letter list; replayed, it begins again; one can be stopped', async () => {
  const { call, get } = await openHouse();
  const Ask = {
    Type: 'Task',
    Resource: 'ask',
    Parameters: { fail: true },
    Retry: [{ ErrorEquals: ['Busy'] }],
    End: true,
  };
  const Hold = { Type: 'Wait', Seconds: 1_000, End: true };
  await call('POST', '/workflows', { name: 'fails', definition: { StartAt: 'Ask', States: { Ask } } });
  await call('POST', '/workflows', { name: 'holds', definition: { StartAt: 'Hold', States: { Hold } } });
  const run = async (target: string) =>
    (await (await call('POST', '/actions/run', { target })).json()) as { runId: string };
  const { runId } = await run('fails');
  await until(async () => (await get<RunView[]>('/dead-letters')).length === 1);
  expect((await get<RunView[]>('/dead-letters'))[0]).toMatchObject({
    id: runId,
    error: 'WORKFLOW_FAILED: The workflow failed: TypeError: as asked',
  });
  await call('POST', '/dead-letters/replay', { runIds: [runId] });
  await until(async () => (await get<ExecutionView[]>('/workflows/fails/executions')).length === 2);
  expect((await get<ExecutionView[]>('/workflows/fails/executions'))[0]?.id).toBe(`${runId}.1`);

  const held = await run('holds');
  await until(async () => (await get<WorkflowView[]>('/workflows'))[1]?.running === 1);
  const stopped = await call('POST', `/executions/${held.runId}/stop`);
  expect([stopped.status, await stopped.json()]).toMatchObject([200, { state: 'STOPPED', at: [] }]);
  expect((await call('POST', `/executions/${held.runId}/stop`)).status).toBe(409);
  await until(async () => (await get<RunView>(`/runs/${held.runId}`)).state === 'FAILED');
});
