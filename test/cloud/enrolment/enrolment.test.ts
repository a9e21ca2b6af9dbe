import mqtt, { type MqttClient } from 'mqtt';
import { expect, it, onTestFinished } from 'vitest';
import type { Cloud } from '../../../cloud/main.js';
import type { ClaimView } from '../../../core/wire/enrolment.js';
import { connectDevice, startCloud } from '../../support/cloud-fixture.js';
import { makeDeviceRequest } from '../../support/device-request.js';

type Body = Record<string, string>;
const register = '$aws/provisioning-templates/boxes/provision/json';
const createKeys = '$aws/certificates/create/json';

/** Rejects when the broker ends the connection first. */
async function connect(cloud: Cloud, ca: string, identity: Body, clientId: string): Promise<MqttClient> {
  const { privateKey: key, certificatePem: cert } = identity as {
    privateKey: string;
    certificatePem: string;
  };
  const options = {
    protocol: 'mqtts',
    host: 'localhost',
    port: cloud.mqttPort,
    family: 4,
    ca,
    key,
    cert,
  } as const;
  const client = mqtt.connect({ ...options, clientId, reconnectPeriod: 0 });
  client.on('error', () => {});
  onTestFinished(() => void client.end(true));
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('close', () => reject(new Error('closed')));
  });
  return client;
}

async function ask(client: MqttClient, topic: string, body: object): Promise<[string, Body]> {
  const answer = new Promise<[string, Body]>((resolve) => {
    client.once('message', (from, payload) =>
      resolve([from.replace(`${topic}/`, ''), JSON.parse(payload.toString())]),
    );
  });
  await client.publishAsync(topic, JSON.stringify(body), { qos: 1 });
  return answer;
}

async function boxes(more: object = {}) {
  const opened = await startCloud({ mqtt: { host: '127.0.0.1', port: 0, presenceWatchers: ['watcher'] } });
  const { cloud, call } = opened;
  const template = {
    name: 'boxes',
    thingName: 'box-{Serial}',
    deviceConfiguration: { zone: 'north' },
    ...more,
  };
  expect((await call('POST', '/provisioning-templates', template)).status).toBe(201);
  const claim = (await (await call('POST', '/provisioning-templates/boxes/claims')).json()) as ClaimView;
  const device = (clientId: string) => connect(cloud, claim.caPem, claim as unknown as Body, clientId);
  return {
    ...opened,
    claim,
    device,
    as: (identity: Body, id: string) => connect(cloud, claim.caPem, identity, id),
  };
}

it('a claim becomes a thing, its answers reach nobody else, and the claim is good for nothing else', async () => {
  const { call, get, device, as } = await boxes();
  const [one, two] = [await device('one'), await device('two')];
  const overheard: string[] = [];
  await two.subscribeAsync([`${createKeys}/accepted`, `${createKeys}/rejected`, `${register}/+`], { qos: 1 });
  two.on('message', (topic) => overheard.push(topic));
  // Answered without a subscription, too.
  const [, keys] = await ask(one, createKeys, {});
  expect(Object.keys(keys).sort()).toEqual([
    'certificateId',
    'certificateOwnershipToken',
    'certificatePem',
    'privateKey',
  ]);
  // Not a thing's yet.
  await expect(as(keys, 'box-7')).rejects.toThrow('closed');
  const token = { certificateOwnershipToken: keys['certificateOwnershipToken'] };
  expect(await ask(one, register, { ...token, parameters: {} })).toMatchObject([
    'rejected',
    { statusCode: 400, errorCode: 'InvalidParameters' },
  ]);
  expect(
    await ask(one, register, { certificateOwnershipToken: 'x', parameters: { Serial: '7' } }),
  ).toMatchObject(['rejected', { errorCode: 'InvalidCertificateOwnershipToken' }]);
  const request = { ...token, parameters: { Serial: '7' } };
  const thing = { thingName: 'box-7', deviceConfiguration: { zone: 'north' } };
  expect(await ask(one, register, request)).toEqual(['accepted', thing]);
  // The answer was lost: asking again is no conflict. Another certificate for the same thing is one.
  expect(await ask(one, register, request)).toEqual(['accepted', thing]);
  const [, csr] = await ask(one, '$aws/certificates/create-from-csr/json', {
    certificateSigningRequest: (await makeDeviceRequest()).csrPem,
  });
  expect(csr).not.toHaveProperty('privateKey');
  const again = { certificateOwnershipToken: csr['certificateOwnershipToken'], parameters: { Serial: '7' } };
  expect(await ask(one, register, again)).toMatchObject(['rejected', { errorCode: 'ResourceConflict' }]);
  expect(overheard).toEqual([]);
  await (await as(keys, 'box-7')).publishAsync('gatehouse/v1/box-7/status', '{"v":1,"online":true}', {
    qos: 1,
  });
  expect(await get('/things/box-7')).toMatchObject({ online: true });

  // A claim may not take a thing's name, nor speak or listen elsewhere; a void one not even connect.
  await expect(device('box-7')).rejects.toThrow('closed');
  const closed = new Promise<void>((resolve) => two.once('close', () => resolve()));
  two.publish('gatehouse/v1/box-7/click', '{}', { qos: 1 });
  await closed;
  const three = await device('three');
  const ended = new Promise<void>((resolve) => three.once('close', () => resolve()));
  three.subscribe('$aws/things/box-7/#', () => {});
  await ended;
  expect((await call('POST', '/provisioning-templates/boxes/disable')).status).toBe(200);
  await expect(device('four')).rejects.toThrow('closed');
});

it('where replacement is allowed, the old device of a thing is cut off', async () => {
  const { device, as } = await boxes({ allowReplacement: true });
  const client = await device('one');
  const enrol = async () => {
    const [, keys] = await ask(client, createKeys, {});
    const token = { certificateOwnershipToken: keys['certificateOwnershipToken'] };
    expect((await ask(client, register, { ...token, parameters: { Serial: '7' } }))[0]).toBe('accepted');
    return keys;
  };
  const old = await as(await enrol(), 'box-7');
  const closed = new Promise<void>((resolve) => old.once('close', () => resolve()));
  const fresh = await enrol();
  await closed;
  await as(fresh, 'box-7');
});

it('whoever watches hears who comes, who is gone and why; a thing hears of itself only', async () => {
  const { cloud, call } = await boxes();
  const watcher = await connectDevice(cloud, 'watcher');
  await watcher.subscribeAsync('$aws/events/presence/#', { qos: 1 });
  const heard: Record<string, unknown>[] = [];
  let tell = () => {};
  watcher.on('message', (_topic, payload) => {
    const event = JSON.parse(payload.toString());
    // Its own coming, if it was quick.
    if (event.clientId !== 'watcher') heard.push(event);
    tell();
  });
  const events = async (count: number) => {
    while (heard.length < count) await new Promise<void>((resolve) => (tell = resolve));
    return heard;
  };
  await (await connectDevice(cloud, 'door')).endAsync();
  expect(await events(2)).toMatchObject([
    { clientId: 'door', eventType: 'connected', versionNumber: 0, ipAddress: '127.0.0.1' },
    {
      eventType: 'disconnected',
      versionNumber: 0,
      clientInitiatedDisconnect: true,
      disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
    },
  ]);
  expect(heard[0]?.['sessionIdentifier']).toBe(heard[1]?.['sessionIdentifier']);
  (await connectDevice(cloud, 'door')).stream.destroy();
  expect((await events(4))[3]).toMatchObject({ disconnectReason: 'CONNECTION_LOST', versionNumber: 1 });
  const nosy = await connectDevice(cloud, 'door');
  await nosy.subscribeAsync('$aws/events/presence/connected/door', { qos: 1 });
  const closed = new Promise<void>((resolve) => nosy.once('close', () => resolve()));
  nosy.subscribe('$aws/events/presence/connected/watcher', () => {});
  await closed;
  expect((await events(6))[5]).toMatchObject({ disconnectReason: 'FORBIDDEN_ACCESS', versionNumber: 2 });
  await connectDevice(cloud, 'shed');
  await call('POST', '/things/shed/revoke');
  expect((await events(8))[7]).toMatchObject({ disconnectReason: 'SERVER_INITIATED_DISCONNECT' });
});
