import { expect, test } from 'vitest';
import type { ActionView } from '../../../core/wire/actions.js';
import type { RunView } from '../../../core/wire/api.js';
import { until } from '../../support/cloud-database.js';
import { connectDevice, nextMessage, startCloud } from '../../support/cloud-fixture.js';
import { openReceiver } from '../../support/http-receiver.js';

test('what failed for good waits in a list, and runs again under its id when it is replayed', async () => {
  const receiver = await openReceiver();
  receiver.answer = [503, 'busy'];
  const hook = { kind: 'webhook' as const, url: receiver.url, retryDelaysMs: [0] };
  const { get, call } = await startCloud({ functions: { hook, other: hook } });
  const dead = () => get<RunView[]>('/dead-letters');
  const run = async (body: object) =>
    ((await (await call('POST', '/actions/run', body)).json()) as { runId: string }).runId;

  const runId = await run({ target: 'hook', thing: 'door', event: { n: 1 }, id: 'one' });
  expect(await run({ target: 'hook', thing: 'door', event: { n: 2 }, id: 'one' })).toBe(runId);
  await until(async () => (await dead()).length === 1);
  expect(await dead()).toMatchObject([
    { id: runId, source: { kind: 'manual', id: 'one' }, thing: 'door', attempt: 2, state: 'FAILED' },
  ]);
  expect(await get<ActionView[]>('/actions')).toEqual([
    { name: 'hook', kind: 'webhook', concurrency: 8, running: 0, waiting: 0, failed: 1 },
    { name: 'other', kind: 'webhook', concurrency: 8, running: 0, waiting: 0, failed: 0 },
  ]);

  // While the other side is still away it comes back, with as many attempts as before.
  const replay = async (body: object) => (await call('POST', '/dead-letters/replay', body)).json();
  expect(await replay({ functionName: 'other' })).toEqual({ runIds: [] });
  expect(await replay({ runIds: [runId, 'none'] })).toEqual({ runIds: [runId] });
  await until(async () => (await dead())[0]?.attempt === 4);
  receiver.answer = [200, 'taken'];
  expect(await replay({ all: true })).toEqual({ runIds: [runId] });
  await until(async () => (await get<RunView>(`/runs/${runId}`)).state === 'SUCCEEDED');
  expect(await get<RunView>(`/runs/${runId}`)).toMatchObject({ attempt: 5, error: null });
  expect(receiver.received.map(({ body, headers }) => [body, headers['x-gatehouse-run']])).toEqual(
    Array.from({ length: 5 }, () => ['{"n":1}', runId]),
  );
  expect(await replay({ all: true })).toEqual({ runIds: [] });

  receiver.answer = [400, 'no'];
  const refused = await run({ target: 'other' });
  await until(async () => (await dead()).length === 1);
  const discarded = await call('POST', '/dead-letters/discard', { runIds: [refused] });
  expect(await discarded.json()).toEqual({ runIds: [refused] });
  expect(await dead()).toEqual([]);
  expect(await get<RunView>(`/runs/${refused}`)).toMatchObject({ state: 'FAILED' });

  const unknown = await call('POST', '/actions/run', {
    target: 'arn:aws:lambda:us-east-1:123456789012:function:x',
  });
  expect([unknown.status, await unknown.json()]).toMatchObject([
    404,
    { error: { code: 'FUNCTION_UNKNOWN' } },
  ]);
  expect((await call('POST', '/dead-letters/replay', {})).status).toBe(400);
});

test('an action publishes on a topic that devices hear', async () => {
  const say = {
    kind: 'mqtt',
    topic: 'gatehouse/v1/{{deviceId}}/notice',
    payload: 'from {{deviceId}}',
  } as const;
  const { cloud, call, get } = await startCloud({
    functions: {
      say: { ...say, payload: '{"from":"{{deviceId}}"}' },
      wild: { ...say, topic: 'gatehouse/v1/+/notice' },
    },
  });
  const device = await connectDevice(cloud, 'lamp');
  await device.subscribeAsync('gatehouse/v1/lamp/notice', { qos: 1 });
  const heard = nextMessage(device);
  await call('POST', '/actions/run', { target: 'say', thing: 'lamp' });
  expect(await heard).toEqual({ from: 'lamp' });
  await call('POST', '/actions/run', { target: 'wild', thing: 'lamp' });
  await until(async () => (await get<RunView[]>('/dead-letters')).length === 1);
  expect((await get<RunView[]>('/dead-letters'))[0]?.error).toContain('TOPIC_INVALID');
});
