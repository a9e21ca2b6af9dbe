/**
 * The program of a handler's own process: loads one handler, then runs one event at a time as AWS
 * Lambda's Node runtime does. Talks to the cloud over the IPC channel only; the outputs belong to
 * the handler. Not a sandbox: the handler is the owner's code and may do what this user may.
 */
import { access } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../core/clock.js';
import type { ErrorReport, InvokeMessage, RunnerMessage, RunnerSettings } from './runner-protocol.js';

type Handler = (event: unknown, context: object, callback: Callback) => unknown;
type Callback = (error?: unknown, result?: unknown) => void;

interface Current {
  readonly invocation: InvokeMessage;
  /** True once the handler returned a promise: then only that promise ends the run. */
  awaited: boolean;
}

const reportLimit = 8_000;
/** As much as a workflow may hand from state to state. */
const resultLimit = 262_144;
const settings = JSON.parse(process.argv[2] ?? '{}') as RunnerSettings;
// Kept aside: a handler may replace the methods of its own process object.
const exit: (code: number) => never = process.exit.bind(process);
const send = process.send?.bind(process);
const writeOut = process.stdout.write.bind(process.stdout);
const writeErr = process.stderr.write.bind(process.stderr);
let current: Current | undefined;

process.on('disconnect', () => exit(0));
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);
process.on('beforeExit', onNothingLeft);

const handler = await load();
if (handler) {
  process.on('message', (message) => invoke(handler, message as InvokeMessage));
  tell({ type: 'ready' });
  const guard = new Worker(new URL('./orphan-guard.js', import.meta.url), {
    workerData: settings.parentPid,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 },
  });
  guard.unref();
  guard.on('error', () => {});
}

async function load(): Promise<Handler | undefined> {
  const { handlerPath } = settings;
  try {
    await access(handlerPath);
  } catch (error) {
    return refuse('missing', error);
  }
  try {
    const module = (await import(pathToFileURL(handlerPath).href)) as Record<string, unknown>;
    const fallback = module['default'] as Record<string, unknown> | undefined;
    const found = module['handler'] ?? fallback?.['handler'];
    return typeof found === 'function' ? (found as Handler) : refuse('export', new Error('no handler'));
  } catch (error) {
    return refuse('broken', error);
  }
}

function refuse(reason: 'missing' | 'export' | 'broken', error: unknown): undefined {
  tell({ type: 'unloadable', reason, error: report(error) }, () => exit(1));
  return undefined;
}

function invoke(run: Handler, invocation: InvokeMessage): void {
  const mine: Current = { invocation, awaited: false };
  current = mine;
  const end: Callback = (error, result) => {
    // A late callback of an earlier run must not end this one.
    if (current !== mine) return;
    if (error === undefined || error === null) succeed(mine, result);
    else fail(mine, error);
  };
  // While a handler runs, the channel alone must not keep the loop busy: see `onNothingLeft`.
  process.channel?.unref();
  try {
    const returned = run(JSON.parse(invocation.event), contextOf(invocation, end), end);
    if (!isPromise(returned)) return;
    mine.awaited = true;
    returned.then(
      (result) => end(undefined, result),
      (error: unknown) => end(error ?? new Error('rejected without a reason')),
    );
  } catch (error) {
    end(error ?? new Error('thrown without a reason'));
  }
}

/** Nothing can call back any more: Lambda then ends a run without a result, or a promise hangs for good. */
function onNothingLeft(): void {
  if (!current) return;
  if (current.awaited) fail(current, new Error('The promise of the handler can never settle.'));
  else succeed(current);
}

function succeed({ invocation }: Current, returned?: unknown): void {
  const result = asJson(returned);
  finish(invocation);
  tell({ type: 'succeeded', runId: invocation.runId, ...(result !== undefined && { result }) });
}

function asJson(value: unknown): string | undefined {
  try {
    const text = JSON.stringify(value) ?? 'null';
    return text.length <= resultLimit ? text : undefined;
  } catch {
    return undefined;
  }
}

function fail({ invocation }: Current, error: unknown): void {
  const described = report(error);
  writeErr(`${described.stack}\n`);
  finish(invocation);
  tell({ type: 'failed', runId: invocation.runId, crashed: false, error: described });
}

function crash(error: unknown): void {
  const described = report(error);
  writeErr(`${described.stack}\n`);
  if (!current) exit(1);
  const { invocation } = current;
  finish(invocation);
  tell({ type: 'failed', runId: invocation.runId, crashed: true, error: described }, () => exit(1));
}

function finish(invocation: InvokeMessage): void {
  current = undefined;
  process.channel?.ref();
  writeOut(invocation.endMark);
  writeErr(invocation.endMark);
}

function tell(message: RunnerMessage, after?: () => void): void {
  if (!send || !process.connected) exit(0);
  send(message, undefined, undefined, () => after?.());
}

function contextOf(invocation: InvokeMessage, end: Callback): object {
  const deadlineMs = systemClock.monotonicMs() + invocation.timeoutMs;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: settings.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: settings.functionArn,
    memoryLimitInMB: String(settings.memoryMb),
    awsRequestId: invocation.runId,
    logGroupName: settings.logGroupName,
    logStreamName: settings.logStreamName,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadlineMs - systemClock.monotonicMs())),
    done: end,
    succeed: (result: unknown) => end(undefined, result),
    fail: (error: unknown) => end(error ?? new Error('failed without a reason')),
    gatehouse: { attempt: invocation.attempt, retry: invocation.attempt > 1 },
  };
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function report(error: unknown): ErrorReport {
  if (error instanceof Error) {
    return {
      name: clip(error.name),
      message: clip(error.message),
      stack: clip(error.stack ?? error.message),
    };
  }
  const text = clip(safeText(error));
  return { name: 'a value that is no Error', message: text, stack: text };
}

function safeText(value: unknown): string {
  try {
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  } catch {
    return String(value);
  }
}

function clip(text: string): string {
  return String(text).slice(0, reportLimit);
}
