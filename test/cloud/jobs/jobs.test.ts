import { expect, it, onTestFinished } from 'vitest';
import { ExecutionStore } from '../../../cloud/jobs/execution-store.js';
import { JobDocuments } from '../../../cloud/jobs/job-documents.js';
import { JobEngine } from '../../../cloud/jobs/job-engine.js';
import { JobStore } from '../../../cloud/jobs/job-store.js';
import { JobTopics } from '../../../cloud/jobs/job-topics.js';
import { reachable, releasable, type Tally } from '../../../cloud/jobs/rollout.js';
import { Registry } from '../../../cloud/registry/registry.js';
import { createLogger } from '../../../core/log.js';
import { type CreateJob, createJob } from '../../../core/wire/jobs.js';
import { cloudDatabase, until } from '../../support/cloud-database.js';
import { FakeClock } from '../../support/fake-clock.js';

const log = createLogger({ level: 'error', format: 'text', write: () => {} });
const start = 1_700_000_000;
type Body = Record<string, unknown>;

async function fleet(...things: string[]) {
  const clock = new FakeClock(start * 1_000);
  const database = await cloudDatabase();
  const registry = await Registry.open(database, clock);
  for (const thing of things) await registry.createThing(thing, 'button');
  const jobs = new JobStore(database, clock);
  const executions = new ExecutionStore(database, clock);
  const told: [string, Body][] = [];
  const publish = (_thing: string, topic: string, payload: string) => {
    told.push([topic.replace('$aws/things/', ''), JSON.parse(payload)]);
  };
  const heard: string[] = [];
  const onJob = (id: string) => {
    jobs.summary(id).then(
      ({ status }) => heard.push(status),
      () => heard.push('closed'),
    );
  };
  const documents = new JobDocuments(async () => {
    throw new Error('no job here has a placeholder');
  });
  const engine = JobEngine.start({ jobs, executions, documents, clock, log, publish, onJob });
  onTestFinished(() => engine.close());
  const topics = new JobTopics({ executions, engine, documents, clock, log });
  /** The one answer to a device's request. */
  const ask = async (thing: string, operation: string, body: unknown = {}): Promise<[string, Body]> => {
    const replies: [string, Body][] = [];
    const payload = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
    await topics.handle(thing, `jobs/${operation}`, payload, (topic, text) => {
      replies.push([topic.replace(`$aws/things/${thing}/jobs/`, ''), JSON.parse(text)]);
    });
    expect(replies).toHaveLength(1);
    return replies[0] as [string, Body];
  };
  const create = (job: Partial<CreateJob> & { id: string }) =>
    engine.create(createJob.parse({ targets: 'all', document: { operation: 'x' }, ...job }));
  const end = (thing: string, job: string, status = 'SUCCEEDED') => ask(thing, `${job}/update`, { status });
  const counts = async (job: string) => (await jobs.get(job)).counts;
  return { clock, jobs, engine, told, heard, ask, create, end, counts };
}

it('a job goes the way of an execution: told, started, reported on, ended', async () => {
  const { told, ask, create, jobs, clock } = await fleet('door');
  await create({ id: 'first', document: { operation: 'say', text: 'hi' } });
  const execution = {
    jobId: 'first',
    thingName: 'door',
    jobDocument: { operation: 'say', text: 'hi' },
    status: 'QUEUED',
    queuedAt: start,
    lastUpdatedAt: start,
    versionNumber: 1,
    executionNumber: 1,
  };
  const { thingName, jobDocument, status, ...summary } = execution;
  expect(told).toEqual([
    ['door/jobs/notify', { jobs: { QUEUED: [summary] }, timestamp: start }],
    ['door/jobs/notify-next', { execution, timestamp: start }],
  ]);
  await create({ id: 'second' });
  expect(told.slice(2).map(([topic]) => topic)).toEqual(['door/jobs/notify']);
  expect(await ask('door', 'get', { clientToken: 'ü' })).toMatchObject([
    'get/accepted',
    { inProgressJobs: [], queuedJobs: [{ jobId: 'first' }, { jobId: 'second' }], clientToken: 'ü' },
  ]);
  expect(await ask('door', '$next/get')).toMatchObject(['$next/get/accepted', { execution }]);
  clock.advance(3_000);
  const started = await ask('door', 'start-next', { statusDetails: { step: 'begun' } });
  expect(started).toMatchObject([
    'start-next/accepted',
    {
      execution: {
        status: 'IN_PROGRESS',
        startedAt: start + 3,
        versionNumber: 2,
        statusDetails: { step: 'begun' },
      },
    },
  ]);
  // Again: it runs already, and its details stay.
  expect(await ask('door', 'start-next', { statusDetails: { step: 'x' } })).toEqual(started);
  const details = { status: 'IN_PROGRESS', statusDetails: { step: 'half' }, expectedVersion: 2 };
  expect(await ask('door', 'first/update', { ...details, includeJobExecutionState: true })).toMatchObject([
    'first/update/accepted',
    { executionState: { status: 'IN_PROGRESS', statusDetails: { step: 'half' }, versionNumber: 3 } },
  ]);
  expect(await ask('door', 'first/update', details)).toMatchObject([
    'first/update/rejected',
    { code: 'VersionMismatch', executionState: { versionNumber: 3 } },
  ]);
  const before = told.length;
  expect((await ask('door', 'first/update', { status: 'SUCCEEDED' }))[0]).toBe('first/update/accepted');
  await until(() => told.length === before + 2);
  expect(told.slice(before)).toMatchObject([
    ['door/jobs/notify', { jobs: { QUEUED: [{ jobId: 'second' }] } }],
    ['door/jobs/notify-next', { execution: { jobId: 'second' } }],
  ]);
  await until(async () => (await jobs.get('first')).status === 'COMPLETED');
  await ask('door', 'second/update', { status: 'REJECTED' });
  await until(() => told.length === before + 4);
  expect(told.slice(-2).map(([, body]) => body)).toEqual([
    { jobs: {}, timestamp: start + 3 },
    { timestamp: start + 3 },
  ]);
  expect(await ask('door', 'start-next')).toEqual(['start-next/accepted', { timestamp: start + 3 }]);
});

it('requests at fault are rejected with the code of their fault, and their token', async () => {
  const { ask, create, end } = await fleet('door', 'shed');
  await create({ id: 'mine', targets: ['door'] });
  const code = async (operation: string, body?: unknown) => (await ask('door', operation, body))[1]['code'];
  expect(await code('get', Buffer.from('['))).toBe('InvalidJson');
  expect(await code('mine/update', { status: 'QUEUED' })).toBe('InvalidRequest');
  expect(await code('mine/update', {})).toBe('InvalidRequest');
  expect(await code('mine/update', { status: 'FAILED', statusDetails: { a: 1 } })).toBe('InvalidRequest');
  expect(await code('start-next', { stepTimeoutInMinutes: 0 })).toBe('InvalidRequest');
  expect(await code('other/get')).toBe('ResourceNotFound');
  expect(await code('mine/get', { executionNumber: 2 })).toBe('ResourceNotFound');
  expect(await code('$next/update', { status: 'FAILED' })).toBe('InvalidTopic');
  expect((await ask('shed', 'mine/update', { status: 'FAILED' }))[1]['code']).toBe('ResourceNotFound');
  await end('door', 'mine');
  expect(await code('mine/get')).toBe('TerminalStateReached');
  expect(await ask('door', 'mine/update', { status: 'FAILED', clientToken: 't' })).toMatchObject([
    'mine/update/rejected',
    { code: 'InvalidStateTransition', clientToken: 't', executionState: { status: 'SUCCEEDED' } },
  ]);
});

it('what runs longer than its step or its job allows is timed out', async () => {
  const { clock, ask, create, counts, told } = await fleet('door');
  await create({ id: 'steps' });
  await ask('door', 'start-next', { stepTimeoutInMinutes: 2 });
  clock.advance(110_000);
  await ask('door', 'steps/update', { status: 'IN_PROGRESS', stepTimeoutInMinutes: 2 });
  clock.advance(110_000);
  expect(await counts('steps')).toEqual({ IN_PROGRESS: 1 });
  const before = told.length;
  await until(async () => {
    clock.advance(5_000);
    return (await counts('steps'))['TIMED_OUT'] === 1;
  });
  await until(() => told.length > before);
  await create({ id: 'whole', timeoutMinutes: 1 });
  await ask('door', 'start-next', { stepTimeoutInMinutes: 10 });
  await ask('door', 'whole/update', { status: 'IN_PROGRESS', stepTimeoutInMinutes: -1 });
  await until(async () => {
    clock.advance(5_000);
    return (await counts('whole'))['TIMED_OUT'] === 1;
  });
});

it('a roll-out keeps to its rate per minute', async () => {
  const things = ['a', 'b', 'c', 'd', 'e'];
  const { clock, create, counts } = await fleet(...things);
  await create({ id: 'slow', rollout: { maximumPerMinute: 2 } });
  expect(await counts('slow')).toEqual({ QUEUED: 2, WAITING: 3 });
  clock.advance(55_000);
  expect(await counts('slow')).toEqual({ QUEUED: 2, WAITING: 3 });
  await until(async () => {
    clock.advance(5_000);
    return (await counts('slow'))['QUEUED'] === 4;
  });
});

it('waves wait for one another, and too many failures stop what has not begun', async () => {
  const things = Array.from({ length: 10 }, (_, index) => `t${index}`);
  const { create, end, counts, jobs, told } = await fleet(...things);
  await create({
    id: 'waves',
    rollout: { maximumPerMinute: 1_000, waves: [1, '30%', '100%'] },
    abort: { failedPercent: 50, minFinished: 3 },
  });
  expect(await counts('waves')).toEqual({ QUEUED: 1, WAITING: 9 });
  await end('t0', 'waves', 'FAILED');
  await until(async () => (await counts('waves'))['QUEUED'] === 2);
  await end('t1', 'waves');
  expect((await counts('waves'))['WAITING']).toBe(7);
  await end('t2', 'waves', 'FAILED');
  await until(async () => (await jobs.get('waves')).status === 'CANCELED');
  const job = await jobs.get('waves');
  expect(job.reason).toBe('2 of 3 failed (limit 50 %)');
  expect(job.counts).toEqual({ CANCELED: 7, FAILED: 2, SUCCEEDED: 1 });
  expect(told.filter(([topic]) => /^t[3-9]/.test(topic))).toEqual([]);
});

it('whoever watches a job hears of its end too, whether it was done or stopped by its rule', async () => {
  const { create, end, heard } = await fleet('a', 'b');
  await create({ id: 'well', targets: ['a'] });
  await end('a', 'well');
  await until(() => heard.at(-1) === 'COMPLETED');
  const rule = { abort: { failedPercent: 50, minFinished: 1 } };
  await create({ id: 'badly', targets: ['b'], ...rule });
  await end('b', 'badly', 'FAILED');
  await until(() => heard.at(-1) === 'CANCELED');
});

it('a cancelled job leaves what runs alone, unless it is forced', async () => {
  const { engine, ask, create, counts } = await fleet('a', 'b');
  await create({ id: 'stop' });
  await ask('a', 'start-next');
  expect((await engine.cancel('stop', 'a mistake', false)).reason).toBe('a mistake');
  expect(await counts('stop')).toEqual({ CANCELED: 1, IN_PROGRESS: 1 });
  await engine.cancel('stop', 'a mistake', true);
  expect(await counts('stop')).toEqual({ CANCELED: 2 });
  await expect(engine.cancel('stop', 'again', true)).rejects.toMatchObject({ code: 'JOB_ENDED' });
  await expect(create({ id: 'stop' })).rejects.toMatchObject({ code: 'JOB_EXISTS' });
  await expect(create({ id: 'x', targets: ['nobody'] })).rejects.toMatchObject({ code: 'JOB_INVALID' });
});

it('the sizes of waves are at least one and at most all, in any mixture', () => {
  const tally = (total: number, released: number, ended: number): Tally => ({
    total,
    released,
    ended,
    failed: 0,
    succeeded: ended,
  });
  const waves = { maximumPerMinute: 1_000, waves: [1, '10%', '100%'] };
  expect(releasable(waves, tally(5, 0, 0))).toBe(1);
  expect(releasable(waves, tally(5, 1, 0))).toBe(0);
  expect(releasable(waves, tally(5, 1, 1))).toBe(4);
  // In the middle of a wave, held up by the limit per minute.
  expect(releasable(waves, tally(5, 3, 1))).toBe(2);
  expect(releasable({ maximumPerMinute: 9 }, tally(5, 2, 0))).toBe(3);
  expect(releasable({ maximumPerMinute: 9, waves: [2] }, tally(5, 2, 2))).toBe(0);
  expect(reachable({ maximumPerMinute: 9, waves: [2] }, 5)).toBe(2);
});
