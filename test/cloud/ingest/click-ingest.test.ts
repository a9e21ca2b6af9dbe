import { expect, test } from 'vitest';
import { functionArn } from '../../../cloud/actions/arn.js';
import { listClicks } from '../../../cloud/ingest/click-store.js';
import { readFacts } from '../../../cloud/things/thing-facts.js';
import type { Database } from '../../../core/db/database.js';
import { clickPayload, openClickPath, SteeredAction } from '../../support/click-path.js';
import { cloudDatabase } from '../../support/cloud-database.js';

const arn = functionArn('hello');

test('a click is stored with its run, and the run is under way when the click is acknowledged', async () => {
  const database = await cloudDatabase();
  const hello = new SteeredAction();
  const path = await openClickPath(database, { actions: { hello } });
  await path.states.setOnClickCallback('door', arn);
  await path.click('click-0001', { clickType: 'LONG' });
  expect(hello.started).toHaveLength(1);
  expect(JSON.parse(hello.started[0]!.event)).toEqual({
    deviceEvent: { buttonClicked: { clickType: 'LONG', reportedTime: '2026-01-02T03:04:05.678Z' } },
    deviceInfo: { attributes: {}, type: 'button', deviceId: 'door', remainingLife: 99.95 },
  });
  const [run] = await path.dispatcher.runs.list(undefined, 10);
  expect(run).toMatchObject({
    source: { kind: 'click', id: 'click-0001' },
    thing: 'door',
    functionName: 'hello',
    state: 'RUNNING',
    attempt: 1,
  });
  expect(run?.id).toBe(hello.started[0]?.runId);
  expect(await listClicks(database, 'door', 10)).toEqual([
    {
      id: 'click-0001',
      thing: 'door',
      button: 'front',
      clickType: 'LONG',
      deviceTime: '2026-01-02T03:04:05.000Z',
      receivedAt: '2026-01-02T03:04:05.678Z',
    },
  ]);
});

test('a click that comes again is acknowledged and starts nothing', async () => {
  const database = await cloudDatabase();
  const hello = new SteeredAction(10);
  const path = await openClickPath(database, { actions: { hello } });
  await path.states.setOnClickCallback('door', arn);
  await Promise.all([path.click('click-0001'), path.click('click-0001')]);
  await path.click('click-0001');
  expect(hello.started).toHaveLength(1);
  expect(path.clicks).toHaveLength(1);
  expect(await readFacts(database, 'door')).toMatchObject({ clicks: 1 });
});

test('the same id from another thing is another click', async () => {
  const hello = new SteeredAction(10);
  const path = await openClickPath(await cloudDatabase(), { actions: { hello } });
  await path.registry.createThing('gate', 'button');
  for (const thing of ['door', 'gate']) await path.states.setOnClickCallback(thing, arn);
  await path.click('click-0001');
  await path.click('click-0001', {}, 'gate');
  expect(new Set(hello.started.map((one) => one.runId)).size).toBe(2);
});

test.each([
  ['no JSON', Buffer.from('{"v":1')],
  ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
  ['an unknown click type', clickPayload('click-0001', { clickType: 'TRIPLE' })],
  ['no id', clickPayload('', {})],
  ['a huge number', clickPayload('click-0001', { seq: 1e300 })],
  ['an array', Buffer.from('[]')],
])('a payload that can never be stored is acknowledged and dropped: %s', async (_what, payload) => {
  const path = await openClickPath(await cloudDatabase(), { actions: {} });
  await path.ingest.accept('door', payload);
  expect(path.clicks).toEqual([]);
});

test('a click of a disabled thing is stored and runs nothing, also when it comes again later', async () => {
  const database = await cloudDatabase();
  const hello = new SteeredAction();
  const path = await openClickPath(database, { actions: { hello } });
  await path.states.setOnClickCallback('door', arn);
  await path.registry.setEnabled('door', false);
  await path.click('click-0001');
  await path.registry.setEnabled('door', true);
  await path.click('click-0001');
  expect(path.clicks).toHaveLength(1);
  expect(hello.started).toEqual([]);
});

test('the placement decides the function; without one in its template nothing runs', async () => {
  const hello = new SteeredAction();
  const other = new SteeredAction();
  const place = {
    projectName: 'P',
    placementName: 'Q',
    deviceTemplateName: 'T',
    attributes: { Building: 'Main' },
    devices: { T: 'door' },
  };
  const placements = {
    door: { ...place, onClickCallback: functionArn('other') },
    gate: { ...place, onClickCallback: undefined },
  };
  const path = await openClickPath(await cloudDatabase(), { actions: { hello, other }, placements });
  await path.registry.createThing('gate', 'button');
  for (const thing of ['door', 'gate']) await path.states.setOnClickCallback(thing, arn);
  await path.click('click-0001');
  await path.click('click-0002', {}, 'gate');
  expect(hello.started).toEqual([]);
  expect(JSON.parse(other.started[0]!.event)).toMatchObject({
    placementInfo: { attributes: { Building: 'Main' }, devices: { T: 'door' } },
    deviceInfo: { attributes: { placementName: 'Q' } },
  });
});

test('two hundred clicks at once are each stored and run once, in order, with few flushes', async () => {
  const database = await cloudDatabase();
  const hello = new SteeredAction(1_000);
  hello.immediately = { ok: true, log: '' };
  let commits = 0;
  const counted: Database = {
    driver: database.driver,
    get: (sql, params) => database.get(sql, params),
    all: (sql, params) => database.all(sql, params),
    run: (sql, params) => database.run(sql, params),
    batch: (statements) => database.batch(statements),
    exec: (script) => database.exec(script),
    close: () => database.close(),
    transaction: (work) => {
      commits++;
      return database.transaction(work);
    },
  };
  const path = await openClickPath(counted, { actions: { hello }, maxConcurrent: 256 });
  await path.states.setOnClickCallback('door', arn);
  commits = 0;
  const ids = Array.from({ length: 200 }, (_, index) => `click-${String(index).padStart(4, '0')}`);
  await Promise.all(ids.map((id) => path.click(id)));
  expect(path.clicks.map((click) => click.id)).toEqual(ids);
  expect(hello.started).toHaveLength(200);
  expect(commits).toBeLessThan(10);
});

test('a group of clicks counts the battery down click by click, whatever came twice, and warns once', async () => {
  const database = await cloudDatabase();
  const hello = new SteeredAction(100);
  const path = await openClickPath(database, { actions: { hello }, maxConcurrent: 100 });
  await path.registry.createThing('gate', 'button');
  await path.states.setOnClickCallback('door', arn);
  await path.methods.invoke(
    'door',
    { deviceType: 'device', methodName: 'setDeviceHealthMonitorCallback' },
    JSON.stringify({ callback: { awsLambdaArn: arn }, condition: { remainingLifeLowerThan: 99.83 } }),
  );
  await path.click('click-0000');
  const ids = ['click-0001', 'click-0002', 'click-0002', 'click-0000', 'click-0003', 'click-0004'];
  await Promise.all([...ids.map((id) => path.click(id)), path.click('click-0001', {}, 'gate')]);
  const lives = (kind: string) =>
    hello.started
      .map(({ event }) => JSON.parse(event))
      .filter(({ deviceEvent }) => kind in deviceEvent)
      .map(({ deviceInfo }) => deviceInfo.remainingLife.toFixed(2));
  expect(lives('buttonClicked')).toEqual(['99.95', '99.90', '99.85', '99.80', '99.75']);
  expect(lives('deviceHealthMonitor')).toEqual(['99.80']);
  expect(await readFacts(database, 'door')).toMatchObject({ clicks: 5 });
  expect(await readFacts(database, 'gate')).toMatchObject({ clicks: 1 });
  expect((await listClicks(database, 'door', 10)).map(({ id }) => id)).toEqual([
    'click-0004',
    'click-0003',
    'click-0002',
    'click-0001',
    'click-0000',
  ]);
});

test('when the database refuses, the click is refused too, and its slot is free again', async () => {
  const database = await cloudDatabase();
  const hello = new SteeredAction(1);
  const path = await openClickPath(database, { actions: { hello } });
  await path.states.setOnClickCallback('door', arn);
  await database.exec(`CREATE TRIGGER refuse BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'no'); END`);
  await expect(path.click('click-0001')).rejects.toThrow();
  expect(await listClicks(database, undefined, 10)).toEqual([]);
  await database.exec('DROP TRIGGER refuse');
  await path.click('click-0001');
  expect(hello.started).toHaveLength(1);
});

test('after closing, clicks are refused so that devices keep them', async () => {
  const path = await openClickPath(await cloudDatabase(), { actions: {} });
  await path.ingest.close();
  await expect(path.click('click-0001')).rejects.toMatchObject({ code: 'DATABASE_CLOSED' });
});
