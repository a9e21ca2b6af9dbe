import { join } from 'node:path';
import { expect, test } from 'vitest';
import { functionArn } from '../../../cloud/actions/arn.js';
import { cloudMigrations } from '../../../cloud/db/migrations.js';
import { Counters } from '../../../cloud/devices/counters.js';
import { readFacts } from '../../../cloud/things/thing-facts.js';
import { openDatabase } from '../../../core/db/open.js';
import { openClickPath, SteeredAction } from '../../support/click-path.js';
import { cloudDatabase } from '../../support/cloud-database.js';
import { startCloud } from '../../support/cloud-fixture.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function openPath() {
  const database = await cloudDatabase();
  const hello = new SteeredAction(10);
  hello.immediately = { ok: true, log: '' };
  const path = await openClickPath(database, { actions: { hello } });
  let clicks = 0;
  return {
    ...path,
    database,
    hello,
    press: (thing: string) => path.click(`click-${String(clicks++).padStart(5, '0')}`, {}, thing),
    health: () =>
      hello.started
        .map(
          ({ event }) => JSON.parse(event) as { deviceEvent: object; deviceInfo: { remainingLife: number } },
        )
        .filter(({ deviceEvent }) => 'deviceHealthMonitor' in deviceEvent),
  };
}

test('a device is claimed by its id with one press between, and its clicks run nothing until it is enabled', async () => {
  const { life, press, database, hello, states } = await openPath();
  await life.manufacture(['S1'], 'button', false);
  await expect(life.setEnabled('S1', true)).rejects.toMatchObject({ code: 'DEVICE_NOT_CLAIMED' });
  // A press before the claim began does not confirm it.
  await press('S1');
  await life.initiateClaim('S1');
  await expect(life.finalizeClaim('S1', {})).rejects.toMatchObject({ code: 'CLAIM_NOT_CONFIRMED' });
  await press('S1');
  expect(await life.finalizeClaim('S1', { a: 'b' })).toMatchObject({ claim: 'CLAIMED', enabled: false });
  await states.setOnClickCallback('S1', functionArn('hello'));
  await press('S1');
  expect(hello.started).toEqual([]);
  await life.setEnabled('S1', true);
  await press('S1');
  expect(hello.started).toHaveLength(1);
  expect(await readFacts(database, 'S1')).toMatchObject({ clicks: 4 });
  await life.unclaim('S1');
  const after = await readFacts(database, 'S1');
  expect(after).toMatchObject({ claim: 'UNCLAIMED', enabled: false, tags: {}, onClickCallback: null });
  await life.initiateClaim('S1');
  await expect(life.finalizeClaim('S1', {})).rejects.toMatchObject({ code: 'CLAIM_NOT_CONFIRMED' });
});

test('a claim code claims its whole box once, and says the same when asked again', async () => {
  const { life, database } = await openPath();
  const { devices, claimCode = '' } = await life.manufacture(['S1', 'S2', 'S3'], 'lte-m-button', true);
  expect(claimCode).toMatch(/^C-.{10,38}$/);
  await expect(life.manufacture(['S4', 'S1'], 'button', true)).rejects.toMatchObject({
    code: 'THING_EXISTS',
  });
  expect(await readFacts(database, 'S4')).toBeUndefined();
  expect(await Promise.all([life.claimByCode(claimCode), life.claimByCode(claimCode)])).toEqual([3, 3]);
  for (const name of devices) {
    expect(await readFacts(database, name)).toMatchObject({ claim: 'CLAIMED', enabled: false });
  }
  await life.unclaim('S1');
  // The code is spent: it takes nothing back that was given up.
  expect(await life.claimByCode(claimCode)).toBe(3);
  expect(await readFacts(database, 'S1')).toMatchObject({ claim: 'UNCLAIMED' });
  await expect(life.claimByCode('C-NOBODYS-CODE')).rejects.toMatchObject({ code: 'CLAIM_CODE_UNKNOWN' });
  const rows = await database.all('SELECT * FROM device_box');
  expect(JSON.stringify(rows)).not.toContain(claimCode);
});

test('the health event comes once per crossing, and again after a new battery', async () => {
  const { life, methods, press, database, health } = await openPath();
  const set = (threshold: number) =>
    methods.invoke(
      'door',
      { deviceType: 'device', methodName: 'setDeviceHealthMonitorCallback' },
      JSON.stringify({
        callback: { awsLambdaArn: functionArn('hello') },
        condition: { remainingLifeLowerThan: threshold },
      }),
    );
  await set(99.9);
  for (let i = 0; i < 6; i++) await press('door');
  // The published events of 1-Click show the same noise in the last place.
  expect(health()).toEqual([
    {
      deviceEvent: { deviceHealthMonitor: { condition: { remainingLifeLowerThan: 99.9 } } },
      deviceInfo: { attributes: {}, type: 'button', deviceId: 'door', remainingLife: 99.85000000000001 },
    },
  ]);
  await life.batteryReplaced('door');
  expect(await readFacts(database, 'door')).toMatchObject({ clicks: 6, clicksBeforeBattery: 6 });
  for (let i = 0; i < 4; i++) await press('door');
  expect(health()).toHaveLength(2);
  // A threshold far above the life left: another crossing. While disabled it waits.
  await life.setEnabled('door', false);
  await set(100);
  await press('door');
  expect(health()).toHaveLength(2);
  await life.setEnabled('door', true);
  await press('door');
  await press('door');
  expect(health()).toHaveLength(3);
});

test('methods take what 1-Click took, and a stale writer loses nothing of the other', async () => {
  const { methods } = await openPath();
  const call = (methodName: string, deviceType: string, parameters?: string) =>
    methods.invoke('door', { deviceType, methodName }, parameters);
  expect(await call('getDeviceHealthParameters', 'device')).toBe('{"remainingLife": 100}');
  expect(await call('getOnClickCallback', 'button')).toBe('{"deviceId":"door"}');
  for (const parameters of ['', '{}']) {
    await expect(call('getOnClickCallback', 'button', parameters)).rejects.toMatchObject({
      code: 'METHOD_INVALID',
    });
  }
  await expect(call('getOnClickCallback', 'device')).rejects.toMatchObject({ code: 'METHOD_UNKNOWN' });
  for (const parameters of [undefined, 'x', '{}', '{"callback":{"awsLambdaArn":"hello"}}']) {
    await expect(call('setOnClickCallback', 'button', parameters)).rejects.toMatchObject({
      code: 'METHOD_INVALID',
    });
  }
  const other = '{"deviceId":"gate","callback":{"awsLambdaArn":"arn:aws:lambda:x"}}';
  await expect(call('setOnClickCallback', 'button', other)).rejects.toMatchObject({ code: 'METHOD_INVALID' });
  const arns = ['arn:aws:lambda:a', 'arn:aws:lambda:b'];
  const race = await Promise.allSettled(
    arns.map((arn) =>
      call('setOnClickCallback', 'button', JSON.stringify({ callback: { awsLambdaArn: arn } })),
    ),
  );
  expect(race.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('callbacks go over to the device that replaces another, and its own stay where there is none', async () => {
  const { life, projects, states, database } = await openPath();
  await life.manufacture(['S1'], 'button', false);
  await life.adopt('S1');
  const deviceTemplates = { bell: { deviceType: 'button', callbackOverrides: {} } };
  await projects.createProject('P', { placementTemplate: { deviceTemplates } });
  await projects.createPlacement('P', 'Q');
  const slot = { projectName: 'P', placementName: 'Q', deviceTemplateName: 'bell' };
  await projects.associate(slot, 'door');
  const facts = async (name: string) => (await readFacts(database, name))?.onClickCallback;
  await states.setOnClickCallback('S1', functionArn('own'));
  await life.replace('door', 'S1');
  expect(await facts('S1')).toBe(functionArn('own'));
  await states.setOnClickCallback('door', functionArn('kept'));
  await expect(life.replace('door', 'S1')).rejects.toMatchObject({ code: 'DEVICE_NOT_PLACED' });
  await life.replace('S1', 'door');
  expect(await facts('door')).toBe(functionArn('own'));
});

test('counters lose nothing, with several writers on several connections', async () => {
  const filePath = join(await temporaryFolder(), 'cloud.db');
  const databases = [
    await openDatabase({ filePath, durability: 'normal' }, cloudMigrations),
    await openDatabase({ filePath, durability: 'normal' }, cloudMigrations),
  ];
  await databases[0]!.run(
    `INSERT INTO thing (name, type, enabled, created_ms, version) VALUES ('meter', 'sensor', 1, 0, 1)`,
  );
  const writers = databases.map((database) => new Counters(database));
  await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      writers[i % 2]!.add('meter', i % 4 < 2 ? 'up' : 'down', i % 4 < 2 ? 2 : -1),
    ),
  );
  expect(await writers[0]!.list('meter')).toEqual({ down: -100, up: 200 });
  await expect(writers[0]!.add('nobody', 'up', 1)).rejects.toMatchObject({ code: 'THING_UNKNOWN' });
  for (const database of databases) await database.close();
});

test('over HTTP a change names its version: a stale writer is told, and a placement outlives its devices', async () => {
  const { call, get } = await startCloud();
  const json = async (method: string, path: string, body?: unknown, ifMatch?: string) => {
    const answer = await call(method, path, body, ifMatch === undefined ? {} : { 'if-match': ifMatch });
    return {
      status: answer.status,
      etag: answer.headers.get('etag') ?? '',
      body: (await answer.json()) as never,
    };
  };
  for (const name of ['old', 'new']) await json('POST', '/things', { name });
  expect((await json('PATCH', '/things/new', { enabled: false })).status).toBe(428);
  const { etag } = await json('GET', '/things/new');
  const both = await Promise.all([
    json('PATCH', '/things/new', { enabled: false }, etag),
    json('PATCH', '/things/new', { enabled: false }, etag),
  ]);
  expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
  const placementTemplate = { deviceTemplates: { bell: { deviceType: 'button', callbackOverrides: {} } } };
  await json('POST', '/projects', { projectName: 'P', placementTemplate });
  const place = await json('POST', '/projects/P/placements', {
    placementName: 'Q',
    attributes: { Room: '7' },
  });
  const renamed = await json('PATCH', '/projects/P/placements/Q', { attributes: { Room: '8' } }, place.etag);
  expect(renamed).toMatchObject({ status: 200, etag: '"2"' });
  const stale = await json('PATCH', '/projects/P/placements/Q', { attributes: { Room: '9' } }, place.etag);
  expect(stale).toMatchObject({ status: 412, body: { error: { code: 'PROJECT_CHANGED' } } });
  await json('PUT', '/projects/P/placements/Q/devices/bell', { deviceId: 'old' });
  expect(await json('POST', '/things/old/replace', { by: 'new' })).toMatchObject({
    status: 200,
    body: { name: 'new', enabled: true, placement: { placementName: 'Q' } },
  });
  expect(await get('/things/old')).toMatchObject({ enabled: false, placement: null, claim: 'CLAIMED' });
  const kept = { placementName: 'Q', attributes: { Room: '8' }, devices: { bell: 'new' }, version: 2 };
  expect(await get('/projects/P/placements/Q')).toEqual(kept);
  expect(await get('/projects/P/placements/Q/history')).toMatchObject([
    { deviceId: 'new', to: null },
    { deviceId: 'old', to: expect.any(String), clicks: 0 },
  ]);
  expect((await json('POST', '/things/old/replace', { by: 'new' })).status).toBe(409);
  expect((await json('POST', '/things/new/unclaim')).status).toBe(200);
  expect(await get('/projects/P/placements/Q')).toEqual({ ...kept, devices: {} });
});
