import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ActionOutcome } from '../../../cloud/actions/action.js';
import { nodeFunctionConfig } from '../../../cloud/actions/function-config.js';
import { NodeAction } from '../../../cloud/actions/node-action.js';
import { systemClock } from '../../../core/clock.js';
import { silentLogger } from '../../../core/log.js';
import { until } from '../../support/cloud-database.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

interface Made {
  readonly action: NodeAction;
  readonly folder: string;
  readonly handler: string;
  invoke(event?: unknown, attempt?: number): Promise<ActionOutcome>;
}

async function make(source: string, settings: object = {}, fileName = 'handler.mjs'): Promise<Made> {
  const folder = await temporaryFolder();
  const handler = join(folder, fileName);
  if (source !== '') await writeFile(handler, source);
  const action = await NodeAction.open({
    name: 'hello',
    config: nodeFunctionConfig.parse({ kind: 'node', handler, ...settings }),
    environment: { PATH: process.env['PATH'], GATEHOUSE_SECRET: 'not for handlers', HOME: '/tmp' },
    clock: systemClock,
    log: silentLogger,
  });
  onTestFinished(() => action.close());
  const invoke = (event: unknown = {}, attempt = 1) =>
    action.invoke({ runId: 'run-1', attempt, event: JSON.stringify(event) });
  return { action, folder, handler, invoke };
}

function errorOf(outcome: ActionOutcome) {
  if (outcome.ok) throw new Error('the run succeeded');
  return outcome.error;
}

function pidIn(outcome: ActionOutcome): number {
  return Number(/pid (\d+)/.exec(outcome.log)?.[1]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a handler gets the event and the context of Lambda, and its output is the log', async () => {
  const { invoke } = await make(`export const handler = async (event, context) => {
    const { getRemainingTimeInMillis, done, succeed, fail, ...plain } = context;
    console.log(JSON.stringify({ event, plain, left: context.getRemainingTimeInMillis() }));
    console.error('to the error output');
  };`);
  const outcome = await invoke({ a: [1, 'ä'] }, 2);
  expect(outcome.ok).toBe(true);
  const [first = '', second] = outcome.log.split('\n').sort((a, b) => b.length - a.length);
  const seen = JSON.parse(first);
  expect(second).toBe('to the error output');
  expect(seen.event).toEqual({ a: [1, 'ä'] });
  expect(seen.plain).toMatchObject({
    functionName: 'hello',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:local:000000000000:function:hello',
    memoryLimitInMB: '128',
    awsRequestId: 'run-1',
    logGroupName: '/aws/lambda/hello',
    gatehouse: { attempt: 2, retry: true },
  });
  expect(seen.plain.logStreamName).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\]/);
  expect(seen.left).toBeGreaterThan(2_000);
  expect(seen.left).toBeLessThanOrEqual(3_000);
});

test('the environment is scrubbed, and holds what was configured and what Lambda sets', async () => {
  const { invoke } = await make(
    'export const handler = async () => { console.log(JSON.stringify(process.env)); };',
    { env: { ROOM: '12' }, memoryMb: 64 },
  );
  const environment = JSON.parse((await invoke()).log);
  expect(environment).toMatchObject({
    ROOM: '12',
    HOME: '/tmp',
    AWS_LAMBDA_FUNCTION_NAME: 'hello',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '64',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/hello',
  });
  expect(environment).not.toHaveProperty('GATEHOUSE_SECRET');
});

test('a process is warm at the start and used again', async () => {
  const { invoke } = await make(`let n = 0;
    export const handler = async () => { console.log('pid ' + process.pid + ' n ' + ++n); };`);
  const first = await invoke();
  const second = await invoke();
  expect(first.log).toMatch(/n 1\n/);
  expect(second.log).toMatch(/n 2\n/);
  expect(pidIn(second)).toBe(pidIn(first));
});

test('events at the same time run in processes of their own', async () => {
  const { invoke } = await make(`export const handler = async () => {
    console.log('pid ' + process.pid);
    await new Promise((resolve) => setTimeout(resolve, 300));
  };`);
  const outcomes = await Promise.all([invoke(), invoke(), invoke()]);
  expect(outcomes.every((one) => one.ok)).toBe(true);
  expect(new Set(outcomes.map(pidIn)).size).toBe(3);
});

test('an event reaches a warm handler within a few milliseconds', async () => {
  const { invoke } = await make(
    `export const handler = async (event) => { console.log('took ' + (Date.now() - event.sentMs)); };`,
  );
  await invoke({ sentMs: Date.now() });
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    const outcome = await invoke({ sentMs: performance.timeOrigin + performance.now() });
    times.push(Number(/took ([\d.-]+)/.exec(outcome.log)?.[1]));
  }
  times.sort((a, b) => a - b);
  expect(times[10]).toBeLessThan(20);
});

test('CommonJS with exports.handler and a callback works', async () => {
  const { invoke } = await make(
    `exports.handler = (event, context, callback) => setTimeout(() => { console.log('later'); callback(null, 1); }, 20);`,
    {},
    'handler.cjs',
  );
  expect(await invoke()).toEqual({ ok: true, log: 'later\n', result: '1' });
});

test('a callback may carry an error', async () => {
  const { invoke } = await make(
    `exports.handler = (event, context, callback) => { callback(new TypeError('no room')); };`,
    {},
    'handler.cjs',
  );
  expect(errorOf(await invoke())).toMatchObject({
    code: 'HANDLER_THREW',
    message: 'The handler threw TypeError: no room',
    retryable: true,
  });
});

test('a plain function that never calls back ends when nothing is left to do', async () => {
  const { invoke } = await make(`export function handler() { setTimeout(() => console.log('done'), 30); }`);
  expect(await invoke()).toEqual({ ok: true, log: 'done\n', result: 'null' });
  expect((await invoke()).ok).toBe(true);
});

test('a promise that can never settle is an error, not a wait for the time limit', async () => {
  const { invoke } = await make('export const handler = () => new Promise(() => {});', { timeoutMs: 15_000 });
  expect(errorOf(await invoke()).message).toMatch(/can never settle/);
});

test('a handler that throws fails with its message, and its stack is in the log', async () => {
  const { invoke } = await make(
    `export const handler = async () => { console.log('before'); throw new RangeError('too far'); };`,
  );
  const outcome = await invoke();
  expect(errorOf(outcome)).toMatchObject({ code: 'HANDLER_THREW' });
  expect(errorOf(outcome).message).toBe('The handler threw RangeError: too far');
  expect(outcome.log).toMatch(/before/);
  expect(outcome.log).toMatch(/at .*handler\.mjs:1/);
});

test('an endless loop is killed at the time limit and the next event is served', async () => {
  const { invoke } = await make(
    `export const handler = async (event) => { console.log('pid ' + process.pid); while (event.loop); };`,
    { timeoutMs: 400 },
  );
  const began = performance.now();
  const outcome = await invoke({ loop: true });
  expect(performance.now() - began).toBeLessThan(8_000);
  expect(errorOf(outcome)).toMatchObject({ code: 'HANDLER_TIMED_OUT', retryable: true });
  expect(errorOf(outcome).message).toBe('The handler was stopped: it took longer than 400 ms.');
  await until(() => !isAlive(pidIn(outcome)), 'the looping process to be gone');
  expect((await invoke({ loop: false })).ok).toBe(true);
});

test('what a handler started is killed with it', async () => {
  const { invoke } = await make(
    `import { spawn } from 'node:child_process';
     export const handler = async () => {
       const child = spawn('sleep', ['60'], { stdio: 'ignore' });
       console.log('pid ' + child.pid);
       await new Promise((resolve) => setTimeout(resolve, 60_000));
     };`,
    { timeoutMs: 500 },
  );
  const outcome = await invoke();
  expect(errorOf(outcome).code).toBe('HANDLER_TIMED_OUT');
  await until(() => !isAlive(pidIn(outcome)), 'the grandchild to be gone');
});

test('process.exit in a handler is an error of that run only', async () => {
  const { invoke } = await make(
    `export const handler = async (event) => { if (event.exit) { console.log('leaving'); process.exit(7); } };`,
  );
  const outcome = await invoke({ exit: true });
  expect(errorOf(outcome).code).toBe('HANDLER_EXITED');
  expect(errorOf(outcome).message).toMatch(/exit code 7/);
  expect(outcome.log).toBe('leaving\n');
  expect((await invoke()).ok).toBe(true);
});

test('an unhandled rejection is an error of that run only', async () => {
  const { invoke } = await make(
    `export const handler = async (event) => {
       if (event.reject) { Promise.reject(new Error('nobody waits')); await new Promise((r) => setTimeout(r, 5000)); }
     };`,
  );
  const outcome = await invoke({ reject: true });
  expect(errorOf(outcome).code).toBe('HANDLER_CRASHED');
  expect(errorOf(outcome).message).toMatch(/nobody waits/);
  expect((await invoke()).ok).toBe(true);
});

test.each([
  ['a syntax error', 'export const handler = async ( => {};', 'HANDLER_UNLOADABLE', /SyntaxError/],
  ['an error at the top level', 'throw new Error("at load");', 'HANDLER_UNLOADABLE', /at load/],
  ['a missing import', 'import "./absent.mjs"; export const handler = 1;', 'HANDLER_UNLOADABLE', /absent/],
  ['no export', 'export const other = 1;', 'HANDLER_EXPORT_MISSING', /does not export a function "handler"/],
  ['no file', '', 'HANDLER_MISSING', /handler\.mjs does not exist/],
  ['an exit at the top level', 'process.exit(3);', 'HANDLER_EXITED', /exit code 3/],
])('%s gives a clear error', async (_what, source, code, message) => {
  const { invoke } = await make(source);
  const error = errorOf(await invoke());
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
});

test('a missing folder is told like a missing file', async () => {
  const folder = await temporaryFolder();
  const action = await NodeAction.open({
    name: 'hello',
    config: nodeFunctionConfig.parse({ kind: 'node', handler: join(folder, 'no', 'where.mjs') }),
    environment: {},
    clock: systemClock,
    log: silentLogger,
  });
  onTestFinished(() => action.close());
  expect(errorOf(await action.invoke({ runId: 'r', attempt: 1, event: '{}' })).code).toBe('HANDLER_MISSING');
});

test('memory beyond the limit is told as such', async () => {
  const { invoke } = await make(
    'export const handler = async () => { const all = []; for (;;) all.push(new Array(100_000).fill(all.length)); };',
    { memoryMb: 32, timeoutMs: 15_000 },
  );
  expect(errorOf(await invoke())).toMatchObject({ code: 'HANDLER_OUT_OF_MEMORY' });
});

test('a log is cut at 64 KiB and tells how much is missing', async () => {
  const { invoke } = await make(
    `export const handler = async () => { for (let i = 0; i < 200; i++) console.log('x'.repeat(999)); };`,
  );
  const { log, ok } = await invoke();
  expect(ok).toBe(true);
  expect(log.length).toBeLessThan(66_000);
  expect(log).toMatch(/\[134464 more bytes were not kept\]/);
});

test('an edited handler is used from the next event on', async () => {
  const { invoke, handler } = await make(`export const handler = async () => { console.log('old'); };`);
  expect((await invoke()).log).toBe('old\n');
  await writeFile(handler, `export const handler = async () => { console.log('new'); };`);
  await utimes(handler, new Date(), new Date(Date.now() + 5_000));
  expect((await invoke()).log).toBe('new\n');
});

test('closing kills the processes and ends runs that are under way', async () => {
  const { invoke, action, folder } = await make(
    `import { writeFileSync } from 'node:fs';
     export const handler = async (event) => {
       writeFileSync(event.file, String(process.pid));
       await new Promise((resolve) => setTimeout(resolve, 60_000));
     };`,
    { timeoutMs: 60_000 },
  );
  const file = join(folder, 'pid');
  const running = invoke({ file });
  let pid = 0;
  await until(async () => {
    pid = Number(await readFile(file, 'utf8').catch(() => ''));
    return pid > 0;
  });
  await action.close();
  expect(errorOf(await running).code).toBe('ACTION_CLOSED');
  await until(() => !isAlive(pid), 'the process to be gone');
});
