import { join } from 'node:path';
import { expect, test } from 'vitest';
import { functionArn } from '../../../cloud/actions/arn.js';
import { actionClosed, handlerThrew, missingAttribute } from '../../../cloud/actions/errors.js';
import { cloudMigrations } from '../../../cloud/db/migrations.js';
import { openDatabase } from '../../../core/db/open.js';
import { openClickPath, SteeredAction } from '../../support/click-path.js';
import { cloudDatabase, until } from '../../support/cloud-database.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const arn = functionArn('hello');
const threw = { ok: false as const, log: 'a stack\n', error: handlerThrew('Error', 'no') };

test('a run that succeeds is recorded with its log, and told once', async () => {
  const hello = new SteeredAction();
  const path = await openClickPath(await cloudDatabase(), { actions: { hello } });
  await path.states.setOnClickCallback('door', arn);
  await path.click('click-0001');
  hello.end({ ok: true, log: 'all well\n' });
  await until(() => path.settled.length === 1);
  const id = hello.started[0]!.runId;
  expect(await path.dispatcher.runs.get(id)).toMatchObject({
    state: 'SUCCEEDED',
    attempt: 1,
    error: null,
    log: 'all well\n',
  });
  expect(path.settled[0]).toMatchObject({
    outcome: 'delivered',
    run: { source: { kind: 'click', id: 'click-0001' } },
  });
  expect(path.runs.map((run) => run.state)).toEqual(['RUNNING', 'SUCCEEDED']);
});

test('runs beyond the concurrency of a function wait in order', async () => {
  const hello = new SteeredAction(2);
  const path = await openClickPath(await cloudDatabase(), { actions: { hello } });
  await path.states.setOnClickCallback('door', arn);
  for (const id of ['click-0001', 'click-0002', 'click-0003', 'click-0004']) await path.click(id);
  expect(hello.started).toHaveLength(2);
  const states = (await path.dispatcher.runs.list(undefined, 10)).map((run) => [run.source.id, run.state]);
  expect(states).toEqual([
    ['click-0004', 'PENDING'],
    ['click-0003', 'PENDING'],
    ['click-0002', 'RUNNING'],
    ['click-0001', 'RUNNING'],
  ]);
  hello.end();
  await until(() => hello.started.length === 3);
  hello.end();
  hello.end();
  await until(() => hello.started.length === 4);
  hello.end();
  await until(() => path.settled.length === 4);
  expect(path.settled.map(({ run }) => run.source.id)).toEqual([
    'click-0001',
    'click-0002',
    'click-0003',
    'click-0004',
  ]);
  expect(new Set(hello.started.map((one) => one.attempt))).toEqual(new Set([1]));
});

test('the limit over all functions holds, and a busy function does not block another', async () => {
  const hello = new SteeredAction(1);
  const other = new SteeredAction(5);
  const path = await openClickPath(await cloudDatabase(), { actions: { hello, other }, maxConcurrent: 3 });
  await path.registry.createThing('gate', 'button');
  await path.states.setOnClickCallback('door', arn);
  await path.states.setOnClickCallback('gate', functionArn('other'));
  await path.click('click-0001');
  await path.click('click-0002');
  for (const id of ['click-0003', 'click-0004', 'click-0005']) await path.click(id, {}, 'gate');
  expect([hello.started.length, other.started.length]).toEqual([1, 2]);
  other.end();
  await until(() => other.started.length === 3);
  expect(hello.started).toHaveLength(1);
});

test('a failed run is repeated twice, after a minute and then two, under the same id', async () => {
  const hello = new SteeredAction();
  hello.immediately = threw;
  const path = await openClickPath(await cloudDatabase(), { actions: { hello } });
  await path.states.setOnClickCallback('door', arn);
  await path.click('click-0001');
  const id = hello.started[0]!.runId;
  await until(() => path.runs.length === 2);
  expect(await path.dispatcher.runs.get(id)).toMatchObject({ state: 'PENDING', attempt: 1 });
  path.clock.advance(59_999);
  expect(hello.started).toHaveLength(1);
  path.clock.advance(1);
  await until(() => path.runs.length === 4);
  path.clock.advance(119_999);
  expect(hello.started).toHaveLength(2);
  path.clock.advance(1);
  await until(() => path.settled.length === 1);
  expect(hello.started.map(({ runId, attempt }) => [runId, attempt])).toEqual([
    [id, 1],
    [id, 2],
    [id, 3],
  ]);
  expect(path.settled[0]?.outcome).toBe('failed');
  expect(await path.dispatcher.runs.get(id)).toMatchObject({
    state: 'FAILED',
    attempt: 3,
    error: 'HANDLER_THREW: The handler threw Error: no',
    log: 'a stack\na stack\na stack\n',
  });
});

test('an error that no repetition mends ends the run at once', async () => {
  const hello = new SteeredAction();
  hello.immediately = { ok: false, log: '', error: missingAttribute('Building') };
  const path = await openClickPath(await cloudDatabase(), { actions: { hello } });
  await path.states.setOnClickCallback('door', arn);
  await path.click('click-0001');
  await until(() => path.settled.length === 1);
  expect(hello.started).toHaveLength(1);
  expect(path.runs.at(-1)).toMatchObject({
    state: 'FAILED',
    error: 'MISSING_ATTRIBUTE: The placement has no attribute "Building".',
  });
});

test('a function that is not configured fails the run with its name', async () => {
  const path = await openClickPath(await cloudDatabase(), { actions: {} });
  await path.states.setOnClickCallback('door', arn);
  await path.click('click-0001');
  await until(() => path.settled.length === 1);
  expect(path.runs.at(-1)).toMatchObject({
    state: 'FAILED',
    error: 'FUNCTION_UNKNOWN: There is no function "hello".',
  });
});

test('what was cut off by kill -9 is run again with the same id, marked as a retry', async () => {
  const folder = await temporaryFolder();
  // The first process: its database is copied as it lies on the disk, without any closing.
  const first = await cloudDatabase(folder);
  const cutOff = new SteeredAction(1);
  const before = await openClickPath(first, { actions: { hello: cutOff } });
  await before.states.setOnClickCallback('door', arn);
  await before.click('click-0001');
  await before.click('click-0002');
  const copy = join(await temporaryFolder(), 'copy.db');
  await first.run('VACUUM INTO ?', [copy]);

  const second = await openDatabase({ filePath: copy }, cloudMigrations);
  const again = new SteeredAction(1);
  const after = await openClickPath(second, { actions: { hello: again } });
  await until(() => again.started.length === 1);
  expect(again.started[0]).toMatchObject({ runId: cutOff.started[0]!.runId, attempt: 2 });
  expect(again.started[0]?.event).toBe(cutOff.started[0]?.event);
  again.end();
  await until(() => again.started.length === 2);
  // The second click never started in the first process: this is its first attempt.
  expect(again.started[1]?.attempt).toBe(1);
  again.end();
  await until(() => after.settled.length === 2);
  await after.dispatcher.close();
  await second.close();
});

test('closing waits five seconds for runs, and leaves the rest RUNNING for the next start', async () => {
  const database = await cloudDatabase();
  const hello = new SteeredAction(2);
  hello.closedWith = { ok: false, log: '', error: actionClosed() };
  const path = await openClickPath(database, { actions: { hello } });
  await path.states.setOnClickCallback('door', arn);
  for (const id of ['click-0001', 'click-0002', 'click-0003']) await path.click(id);
  const closing = path.dispatcher.close();
  hello.end();
  await until(() => path.settled.length === 1);
  path.clock.advance(5_000);
  await closing;
  const states = (await path.dispatcher.runs.list(undefined, 10)).map((run) => [run.source.id, run.state]);
  expect(states).toEqual([
    ['click-0003', 'PENDING'],
    ['click-0002', 'RUNNING'],
    ['click-0001', 'SUCCEEDED'],
  ]);
});

test('any cause asks for a run: once per cause and target, in one transaction with what it stores', async () => {
  const hello = new SteeredAction(8);
  const path = await openClickPath(await cloudDatabase(), { actions: { hello } });
  const request = { source: { kind: 'alarm' as const, id: 'hot/1' }, thing: null, target: arn, event: '{}' };
  const { runId } = await path.dispatcher.submit(request);
  expect(await path.dispatcher.submit({ ...request, target: 'hello' })).toEqual({ runId, isNew: false });
  const failing = path.dispatcher.transact(async (_tx, submit) => {
    await submit([{ ...request, source: { kind: 'health', id: 'life' }, thing: 'door' }]);
    throw new Error('the cause cannot be stored');
  });
  await expect(failing).rejects.toThrow('the cause cannot be stored');
  expect(hello.started.map((one) => one.runId)).toEqual([runId]);
  expect(await path.dispatcher.runs.list(undefined, 10)).toMatchObject([
    { id: runId, source: request.source, thing: null, functionName: 'hello', state: 'RUNNING' },
  ]);
  // The slot that was held for the run that came to nothing is free again.
  await Promise.all(
    Array.from({ length: 7 }, (_, at) =>
      path.dispatcher.submit({ ...request, source: { kind: 'manual', id: String(at) } }),
    ),
  );
  expect(hello.started).toHaveLength(8);
});

test('runs of an older database keep their cause', async () => {
  const filePath = join(await temporaryFolder(), 'cloud.db');
  const old = await openDatabase({ filePath }, cloudMigrations.slice(0, 1));
  await old.run(
    `INSERT INTO runs (id, thing, click_id, function_name, state, attempt, event, created_ms)
     VALUES ('r', 'door', 'click-0001', 'hello', 'PENDING', 0, '{}', 5)`,
  );
  await old.close();
  const database = await openDatabase({ filePath }, cloudMigrations);
  const hello = new SteeredAction();
  const path = await openClickPath(database, { actions: { hello } });
  await until(() => hello.started.length === 1);
  expect(await path.dispatcher.runs.get('r')).toMatchObject({
    source: { kind: 'click', id: 'click-0001' },
    thing: 'door',
  });
  hello.end();
  await until(() => path.settled.length === 1);
  await path.dispatcher.close();
  await database.close();
});
