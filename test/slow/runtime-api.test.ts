/**
 * Functions in other languages, by stock means: the bootstrap of AWS's tutorial for custom runtimes
 * (bash and curl), and Python with its own HTTP client; and what a hostile one can do.
 */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runtimeFunctionConfig } from '../../cloud/actions/function-config.js';
import { RuntimeAction } from '../../cloud/actions/runtime-action.js';
import { systemClock } from '../../core/clock.js';
import { invocationOf } from '../support/click-events.js';
import { until } from '../support/cloud-database.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** As in https://docs.aws.amazon.com/lambda/latest/dg/runtimes-walkthrough.html */
const bootstrap = `#!/bin/sh
set -euo pipefail
source $LAMBDA_TASK_ROOT/"$(echo $_HANDLER | cut -d. -f1).sh"
while true
do
  HEADERS="$(mktemp)"
  EVENT_DATA=$(curl -sS -LD "$HEADERS" "http://\${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/next")
  REQUEST_ID=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$HEADERS" | tr -d '[:space:]' | cut -d: -f2)
  RESPONSE=$($(echo "$_HANDLER" | cut -d. -f2) "$EVENT_DATA")
  curl -sS "http://\${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/$REQUEST_ID/response" -d "$RESPONSE"
done
`;

const python = `
import http.client, json, os, sys
api = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])
def call(method, path, body=None):
    api.request(method, '/2018-06-01/runtime/' + path, body)
    answer = api.getresponse()
    return answer, answer.read()
while True:
    answer, event = call('GET', 'invocation/next')
    run = answer.getheader('Lambda-Runtime-Aws-Request-Id')
    for name in ('Lambda-Runtime-Deadline-Ms', 'Lambda-Runtime-Invoked-Function-Arn', 'Lambda-Runtime-Trace-Id'):
        print(name, answer.getheader(name))
    sys.stdout.flush()
    try:
        event = json.loads(event)
        exec(event.get('code', ''))
        call('POST', 'invocation/%s/response' % run, json.dumps({'saw': sorted(event)}))
    except Exception as error:
        body = json.dumps({'errorType': type(error).__name__, 'errorMessage': str(error)})
        call('POST', 'invocation/%s/error' % run, body)
`;

async function make(files: Record<string, string>, more: object) {
  const directory = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(directory, name), text);
    await chmod(join(directory, name), 0o755);
  }
  const config = runtimeFunctionConfig.parse({ kind: 'runtime', directory, timeoutMs: 10_000, ...more });
  const action = new RuntimeAction({ name: 'other', config, environment: process.env, clock: systemClock });
  onTestFinished(() => action.close());
  const invoke = (event: object) => action.invoke({ ...invocationOf(), event: JSON.stringify(event) });
  return { action, invoke, directory };
}

const pythonFunction = (more: object = {}) =>
  make({ 'runtime.py': python }, { command: ['python3', 'runtime.py'], ...more });

test('the bootstrap of the tutorial, in bash with curl, answers one event after the other', async () => {
  const handler = `function handler () { echo "got $1" 1>&2; echo "{\\"echo\\": $1}"; }\n`;
  const more = { command: ['bash', 'bootstrap'], handler: 'function.handler' };
  const { invoke } = await make({ bootstrap, 'function.sh': handler }, more);
  for (const n of [1, 2]) {
    const outcome = await invoke({ n });
    expect(outcome).toMatchObject({ ok: true, log: expect.stringContaining(`got {"n":${n}}`) });
    expect(JSON.parse(outcome.ok ? (outcome.result ?? '') : '')).toEqual({ echo: { n } });
  }
});

test('Python gets the headers that its clients read, and its errors by name', async () => {
  const { invoke } = await pythonFunction();
  const beganMs = Date.now();
  const outcome = await invoke({ b: 1, a: 2 });
  expect(outcome).toMatchObject({ ok: true, result: '{"saw": ["a", "b"]}' });
  const deadlineMs = Number(/Deadline-Ms (\d+)/.exec(outcome.log)?.[1]);
  expect(deadlineMs - beganMs).toBeGreaterThan(9_000);
  expect(outcome.log).toContain('Function-Arn arn:aws:lambda:local:000000000000:function:other');
  expect(outcome.log).toMatch(/Trace-Id Root=1-[0-9a-f]{8}-[0-9a-f]{24};Sampled=0/);
  expect(await invoke({ code: 'raise ValueError("no such lamp")' })).toMatchObject({
    ok: false,
    error: { code: 'HANDLER_THREW', message: 'The handler threw ValueError: no such lamp', retryable: true },
  });
  expect(await invoke({})).toMatchObject({ ok: true });
});

test('an endless loop, an exit and too much memory end one run each, and the next is served', async () => {
  const { invoke } = await pythonFunction({ timeoutMs: 1_500, memoryMb: 128 });
  const code = (outcome: Awaited<ReturnType<typeof invoke>>) => (outcome.ok ? 'ok' : outcome.error.code);
  expect(code(await invoke({ code: 'while True: pass' }))).toBe('HANDLER_TIMED_OUT');
  expect(code(await invoke({}))).toBe('ok');
  expect(code(await invoke({ code: 'os._exit(3)' }))).toBe('HANDLER_EXITED');
  expect(code(await invoke({}))).toBe('ok');
  const greedy = await invoke({ code: 'hoard = bytearray(400 * 1024 * 1024)' });
  expect(greedy).toMatchObject({ ok: false, error: { message: 'The handler threw MemoryError: ' } });
  expect(code(await invoke({}))).toBe('ok');
});

test('100 MB of log are read, and the first part of them is kept', async () => {
  const { invoke } = await pythonFunction({ timeoutMs: 60_000 });
  const before = process.memoryUsage.rss();
  const outcome = await invoke({
    code: 'for i in range(1600): sys.stdout.write("x" * 65536)\nsys.stdout.flush()',
  });
  expect(outcome.ok).toBe(true);
  expect(outcome.log.length).toBeLessThan(70_000);
  expect(outcome.log).toMatch(/\[1047\d{5} more bytes were not kept\]/);
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1024 * 1024);
});

test('whatever a function has started dies with it', async () => {
  const { invoke, directory } = await pythonFunction({ timeoutMs: 1_500 });
  const fork =
    'import time\nfor i in range(5): os.fork()\nopen("pids", "a").write("%d\\n" % os.getpid())\ntime.sleep(600)';
  expect(await invoke({ code: fork })).toMatchObject({ ok: false, error: { code: 'HANDLER_TIMED_OUT' } });
  const pids = (await readFile(join(directory, 'pids'), 'utf8')).trim().split('\n').map(Number);
  expect(pids.length).toBeGreaterThan(8);
  await until(() => pids.every((pid) => !isAlive(pid)), 'the end of its children');
});

/** A process that has ended and that nobody has asked about yet counts as gone. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a program that is not there, or ends before it asks, is told as such', async () => {
  const missing = await make({}, { command: ['./none'] });
  const outcome = await missing.invoke({});
  expect(outcome).toMatchObject({ ok: false, error: { retryable: true } });
  const brief = await make({}, { command: ['bash', '-c', 'echo sorry; exit 4'] });
  expect(await brief.invoke({})).toMatchObject({
    ok: false,
    error: { code: 'HANDLER_EXITED' },
    log: 'sorry\n',
  });
});
