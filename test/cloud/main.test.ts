import { readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { expect, onTestFinished, test } from 'vitest';
import { functionArn } from '../../cloud/actions/arn.js';
import { cloudConfig } from '../../cloud/config.js';
import { parseConfig } from '../../core/config.js';
import type { ClickView, RunView, TelemetryView, ThingView } from '../../core/wire/api.js';
import { thingTopic } from '../../core/wire/topics.js';
import { clickPayload } from '../support/click-path.js';
import { until } from '../support/cloud-database.js';
import { connectDevice, nextMessage, type OpenedCloud, startCloud } from '../support/cloud-fixture.js';
import { temporaryFolder } from '../support/temporary-folder.js';

function projectWith(functionName: string, attributes: Record<string, string> = {}) {
  return [
    {
      projectName: 'house',
      placementTemplate: {
        defaultAttributes: { Building: 'Main' },
        deviceTemplates: {
          bell: {
            deviceType: 'button',
            callbackOverrides: { onClickCallback: functionArn(functionName) },
          },
        },
      },
      placements: [{ placementName: 'door', attributes, devices: { bell: 'button-1' } }],
    },
  ];
}

/** Appends its event and request id to a file, so that the test sees each effect. */
async function recordingHandler(more = '') {
  const folder = await temporaryFolder();
  const handler = join(folder, 'handler.mjs');
  const effects = join(folder, 'effects');
  await writeFile(
    handler,
    `import { appendFileSync } from 'node:fs';
     export const handler = async (event, context) => {
       appendFileSync(${JSON.stringify(effects)}, JSON.stringify({ event, id: context.awsRequestId,
         attempt: context.gatehouse.attempt, atMs: performance.timeOrigin + performance.now() }) + '\\n');
       console.log('handled');
       ${more}
     };`,
  );
  const read = async () =>
    (await readFile(effects, 'utf8').catch(() => ''))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { handler, read };
}

async function runsOf(opened: OpenedCloud): Promise<RunView[]> {
  return opened.get<RunView[]>('/runs');
}

test('a click over real TLS runs the handler once, answers, and shows up in the API', async () => {
  const { handler, read } = await recordingHandler();
  const opened = await startCloud({
    functions: { hello: { kind: 'node', handler } },
    projects: projectWith('hello', { Floor: '1' }),
  });
  const device = await connectDevice(opened.cloud, 'button-1');
  await device.subscribeAsync(thingTopic('button-1', 'feedback'), { qos: 1 });
  const feedback = nextMessage(device);
  const topic = thingTopic('button-1', 'click');
  for (let copy = 0; copy < 3; copy++)
    await device.publishAsync(topic, clickPayload('click-0001') as Buffer, { qos: 1 });
  expect(await feedback).toEqual({ v: 1, id: 'click-0001', outcome: 'delivered' });
  const effects = await read();
  expect(effects).toHaveLength(1);
  expect(effects[0].event).toEqual({
    deviceEvent: {
      buttonClicked: { clickType: 'SINGLE', reportedTime: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) },
    },
    deviceInfo: {
      attributes: {
        projectRegion: 'us-west-2',
        projectName: 'house',
        placementName: 'door',
        deviceTemplateName: 'bell',
      },
      type: 'button',
      deviceId: 'button-1',
      remainingLife: 99.95,
    },
    placementInfo: {
      projectName: 'house',
      placementName: 'door',
      attributes: { Building: 'Main', Floor: '1' },
      devices: { bell: 'button-1' },
    },
  });
  const [run] = await runsOf(opened);
  expect(run).toMatchObject({
    id: effects[0].id,
    source: { kind: 'click', id: 'click-0001' },
    state: 'SUCCEEDED',
    attempt: 1,
  });
  expect(await opened.get<RunView>(`/runs/${run!.id}`)).toMatchObject({ log: 'handled\n' });
  expect(await opened.get<ClickView[]>('/clicks')).toHaveLength(1);
});

test('from publish to handler a click takes some ten milliseconds', async () => {
  const { handler, read } = await recordingHandler();
  const opened = await startCloud({
    functions: { hello: { kind: 'node', handler } },
    projects: projectWith('hello'),
  });
  const device = await connectDevice(opened.cloud, 'button-1');
  const sentMs: number[] = [];
  for (let i = 0; i < 20; i++) {
    sentMs.push(performance.timeOrigin + performance.now());
    await device.publishAsync(thingTopic('button-1', 'click'), clickPayload(`click-${1000 + i}`) as Buffer, {
      qos: 1,
    });
    await until(async () => (await read()).length === i + 1);
  }
  const times = (await read()).map(({ atMs }, index) => atMs - sentMs[index]!).sort((a, b) => a - b);
  console.log(`click to handler: median ${times[10]!.toFixed(1)} ms, worst ${times[19]!.toFixed(1)} ms`);
  expect(times[10]).toBeLessThan(150);
});

test('telemetry and status arrive, and a press goes to the device', async () => {
  const opened = await startCloud();
  const device = await connectDevice(opened.cloud, 'button-1');
  const publish = (kind: 'status' | 'telemetry', message: object) =>
    device.publishAsync(thingTopic('button-1', kind), JSON.stringify({ v: 1, ...message }), { qos: 1 });
  const buttons = [
    { name: 'real', simulated: false },
    { name: 'sim', simulated: true },
  ];
  await publish('status', { online: true, gpioRoute: 'simulated', i2cRoute: 'i2c-bus', buttons });
  const deviceTime = '2026-01-02T03:04:05.000Z';
  const readings = [{ series: 'room.temperature', unit: 'Cel', value: 21.5, deviceTime }];
  await publish('telemetry', { id: 'message-1', seq: 1, readings });
  await publish('telemetry', { id: 'message-1', seq: 1, readings });
  expect(await opened.get('/series')).toEqual([
    {
      thing: 'button-1',
      series: 'room.temperature',
      unit: 'Cel',
      labels: {},
      last: { time: deviceTime, value: 21.5 },
    },
  ]);
  const range = 'from=2026-01-02T03:00:00Z&to=2026-01-02T04:00:00Z&maxPoints=60';
  const view = await opened.get<TelemetryView>(`/telemetry?thing=button-1&series=room.temperature&${range}`);
  expect(view).toMatchObject({ bucketMs: 60_000, points: [[Date.UTC(2026, 0, 2, 3, 4), 21.5, 21.5, 21.5]] });
  expect(await opened.get<ThingView>('/things/button-1')).toMatchObject({
    online: true,
    lastSeen: expect.any(String),
    buttons,
    gpioRoute: 'simulated',
    i2cRoute: 'i2c-bus',
    certificates: [{ status: 'ACTIVE' }],
  });

  await device.subscribeAsync(thingTopic('button-1', 'command'), { qos: 1 });
  const command = nextMessage(device);
  const pressed = await opened.call('POST', '/things/button-1/press', { pattern: 'DOUBLE' });
  const { id } = (await pressed.json()) as { id: string };
  expect(await command).toEqual({
    v: 1,
    id,
    command: 'press',
    button: 'sim',
    pattern: 'DOUBLE',
  });
  const real = await opened.call('POST', '/things/button-1/press', { button: 'real' });
  expect([real.status, await real.json()]).toMatchObject([409, { error: { code: 'BUTTON_REAL' } }]);

  const closed = new Promise<void>((resolve) => device.once('close', () => resolve()));
  await opened.call('POST', '/things/button-1/revoke');
  await closed;
  await until(async () => !(await opened.get<ThingView>('/things/button-1')).online);
});

test('a run that a stop cut off is run again at the next start, with its id, as a retry', async () => {
  const folder = await temporaryFolder();
  const { handler, read } = await recordingHandler(
    'if (context.gatehouse.attempt === 1) await new Promise((resolve) => setTimeout(resolve, 60_000));',
  );
  const settings = {
    functions: { hello: { kind: 'node' as const, handler, timeoutMs: 60_000 } },
    projects: projectWith('hello'),
  };
  const first = await startCloud(settings, folder);
  const device = await connectDevice(first.cloud, 'button-1');
  await device.publishAsync(thingTopic('button-1', 'click'), clickPayload('click-0001') as Buffer, {
    qos: 1,
  });
  await until(async () => (await read()).length === 1);
  await first.cloud.close();
  const second = await startCloud(settings, folder);
  await until(async () => (await runsOf(second))[0]?.state === 'SUCCEEDED');
  const effects = await read();
  expect(effects.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(effects[1].id).toBe(effects[0].id);
  expect(effects[1].event).toEqual(effects[0].event);
  expect(await runsOf(second)).toMatchObject([{ attempt: 2, error: null }]);
});

test('a click sends an e-mail with the attributes of its placement', async () => {
  const mails: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (part) => (text += String(part)));
      stream.on('end', () => {
        mails.push(text);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)));
  const { port } = server.server.address() as AddressInfo;
  const opened = await startCloud({
    smtp: { host: '127.0.0.1', port, from: 'door@example.org' },
    functions: {
      mail: { kind: 'email', to: 'care@example.org', subject: 'Help in {{Building}}', text: '{{*}}' },
    },
    projects: projectWith('mail', { Floor: '2' }),
  });
  const device = await connectDevice(opened.cloud, 'button-1');
  await device.publishAsync(thingTopic('button-1', 'click'), clickPayload('click-0001') as Buffer, {
    qos: 1,
  });
  await until(async () => (await runsOf(opened))[0]?.state === 'SUCCEEDED');
  const [run] = await runsOf(opened);
  expect(mails).toHaveLength(1);
  expect(mails[0]).toContain('Subject: Help in Main\r\n');
  expect(mails[0]).toContain('Building: Main\r\nFloor: 2');
  expect(mails[0]).toContain(`Message-ID: <${run!.id}@example.org>`);
});

test('a start that fails half-way leaves nothing behind', async () => {
  const folder = await temporaryFolder();
  const { cloud } = await startCloud();
  const { handler } = await recordingHandler();
  const taken = { port: Number(new URL(cloud.httpUrl).port) };
  const functions = { hello: { kind: 'node' as const, handler } };
  await expect(startCloud({ http: taken, functions }, folder)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  const again = await startCloud({ functions }, folder);
  expect(await again.get('/things')).toEqual([]);
});

test('a configuration is checked as a whole, with every fault and its path', () => {
  const bad = {
    dataDir: '/tmp/x',
    htttp: {},
    functions: { mail: { kind: 'email', to: 'a@b.example', subject: 's', text: 't' } },
  };
  expect(() => parseConfig(cloudConfig, bad, 'cloud.json')).toThrow(/htttp/);
  expect(() => parseConfig(cloudConfig, { ...bad, htttp: undefined }, 'cloud.json')).toThrow(
    /functions\.mail: needs "smtp"/,
  );
  expect(() =>
    parseConfig(cloudConfig, { dataDir: '/tmp/x', projects: projectWith('absent') }, 'cloud.json'),
  ).toThrow(/there is no function "absent"/);
  expect(parseConfig(cloudConfig, { dataDir: '/tmp/x' }, 'cloud.json')).toMatchObject({
    http: { host: '127.0.0.1', port: 8420, allowedHosts: [] },
    mqtt: { port: 8883 },
    provisioning: { port: 8443 },
    telemetry: { retentionDays: 30 },
    actions: { maxConcurrent: 16, retryDelaysMs: [60_000, 120_000] },
  });
});
