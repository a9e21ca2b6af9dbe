import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { parseConfig } from '../../../core/config.js';
import type { JsonValue } from '../../../core/json.js';
import { createLogger } from '../../../core/log.js';
import { Secret } from '../../../core/secret.js';
import { agentConfig } from '../../../device/config.js';
import { openAgent } from '../../../device/main.js';
import { ShadowClient } from '../../../device/shadow/shadow-client.js';
import type { Transport, TransportMessage } from '../../../device/transport/transport.js';
import { until } from '../../support/cloud-database.js';
import { startCloud } from '../../support/cloud-fixture.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const log = createLogger({ level: 'error', format: 'text', write: () => {} });

it('the agent reports what it is, and hears what is desired while it was away and while it is here', async () => {
  const { cloud, call, get } = await startCloud();
  const { claimToken } = await cloud.createClaimToken('door');
  const update = (desired: unknown) => call('POST', '/things/door/shadow', { state: { desired } });
  expect((await update({ outputs: { lamp: true } })).status).toBe(200);
  const dataDir = await temporaryFolder();
  const settings = { dataDir, gpio: { route: 'simulated' }, buttons: [{ name: 'top', pin: 'GPIO17' }] };
  const base = parseConfig(agentConfig, settings, 'the test');
  const config = { ...base, identity: { claimToken: new Secret(claimToken) } };
  const agent = await openAgent(config, { clock: systemClock, log, version: '9.8.7' });
  onTestFinished(() => agent.close());
  const heard: (JsonValue | undefined)[] = [];
  agent.desiredState.onDesired('outputs', (value) => heard.push(value));
  agent.desiredState.onDesired('never', (value) => heard.push(value ?? 'nothing'));
  await until(() => heard.length === 2, 'the first desire');
  await update({ outputs: { lamp: false, horn: 1 } });
  await until(() => heard.length === 3, 'the second desire');
  await update({ outputs: null });
  await until(() => heard.length === 4, 'the third desire');
  expect(heard).toEqual([{ lamp: true }, 'nothing', { lamp: false, horn: 1 }, undefined]);
  agent.desiredState.report('outputs', { lamp: true, gone: 1 });
  agent.desiredState.report('outputs', { lamp: false });
  const reported = async () =>
    (await get<{ state: { reported?: Record<string, unknown> } }>('/things/door/shadow')).state.reported;
  await until(async () => (await reported())?.['outputs'] !== undefined, 'the report');
  await until(async () => JSON.stringify(await reported()).includes('"lamp":false'), 'the replacement');
  expect(await reported()).toMatchObject({
    agent: { version: '9.8.7' },
    lines: { route: 'simulated', buttons: { top: { pin: 'GPIO17' } } },
  });
  expect((await reported())?.['outputs']).toEqual({ lamp: false });
  expect((await call('DELETE', '/things/door/shadow')).status).toBe(200);
  expect((await call('DELETE', '/things/door/shadow')).status).toBe(404);
});

it('says again after a reconnect only what the shadow does not hold', async () => {
  const sent: { topic: string; body: Record<string, unknown> }[] = [];
  const handlers = new Map<string, (message: TransportMessage) => void>();
  const listeners: { up: () => void; down: () => void } = { up: () => {}, down: () => {} };
  const transport = {
    connected: true,
    publish: async (topic: string, payload: string) => {
      sent.push({ topic: topic.replace('$aws/things/door/shadow/', ''), body: JSON.parse(payload) });
    },
    subscribe: async (topic: string, handler: (message: TransportMessage) => void) => {
      handlers.set(topic.replace('$aws/things/door/shadow/', ''), handler);
    },
    onConnect: (up: () => void) => {
      listeners.up = up;
      return () => {};
    },
    onDisconnect: (down: () => void) => {
      listeners.down = down;
      return () => {};
    },
  } as unknown as Transport;
  const answer = (topic: string, body: object) => {
    const { clientToken } = sent.at(-1)?.body ?? {};
    const payload = Buffer.from(JSON.stringify({ ...body, clientToken }));
    handlers.get(topic)?.({ topic, payload });
  };
  const client = new ShadowClient({ clock: systemClock, log });
  onTestFinished(() => client.close());
  client.attach(transport, 'door');
  client.report('a', 1);
  client.report('b', { x: 1, y: 2 });
  listeners.up();
  answer('get/rejected', { code: 404 });
  expect(sent.at(-1)).toMatchObject({
    topic: 'update',
    body: { state: { reported: { a: 1, b: { x: 1, y: 2 } } } },
  });
  answer('update/accepted', { version: 1 });
  expect(sent).toHaveLength(2);
  client.report('b', { x: 1 });
  expect(sent.at(-1)?.body).toMatchObject({ state: { reported: { b: { x: 1, y: null } } } });
  listeners.down();
  client.report('a', null);
  expect(sent).toHaveLength(3);
  listeners.up();
  answer('get/accepted', { version: 2, state: { reported: { a: 1, b: { x: 1 } } } });
  expect(sent.at(-1)).toMatchObject({ topic: 'update', body: { state: { reported: { a: null } } } });
  expect(sent).toHaveLength(5);
});
