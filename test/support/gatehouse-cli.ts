/** Runs the real `gatehouse` command as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const entryPoint = fileURLToPath(new URL('../../bin/gatehouse.mjs', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly input?: string | Buffer;
}

function cleanEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG, TMPDIR } = process.env;
  // What a test leaves behind must not wait in the cache of whoever runs it.
  const cache = { XDG_CACHE_HOME: join(TMPDIR || tmpdir(), 'gatehouse-test-cache') };
  return { PATH, HOME, LANG, ...cache, ...(TMPDIR ? { TMPDIR } : {}), ...extra };
}

export interface StartedGatehouse {
  readonly process: ChildProcess;
  /** `code` is null when a signal ended it. */
  readonly ended: Promise<CliResult>;
}

export async function gatehouse(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startGatehouse(args, options).ended;
}

/** For tests that do something to the process meanwhile. */
export function startGatehouse(args: readonly string[], options: CliOptions = {}): StartedGatehouse {
  const child = spawn(process.execPath, [entryPoint, ...args], {
    env: cleanEnvironment(options.env),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { process: child, ended };
}

export interface UpReady {
  readonly url: string;
  readonly link: string;
  readonly data: string;
}

/** A `gatehouse up` in the background, on free ports; stopped when the test ends. */
export class RunningUp {
  readonly process: ChildProcess;
  readonly ready: UpReady;
  readonly #events: Record<string, unknown>[];
  readonly #waiters: Set<() => void>;

  private constructor(
    child: ChildProcess,
    ready: UpReady,
    events: Record<string, unknown>[],
    waiters: Set<() => void>,
  ) {
    this.process = child;
    this.ready = ready;
    this.#events = events;
    this.#waiters = waiters;
  }

  static async start(dataDirectory: string, extra: readonly string[] = []): Promise<RunningUp> {
    const ports = ['--http-port', '0', '--mqtt-port', '0', '--provisioning-port', '0'];
    const child = spawn(
      process.execPath,
      [entryPoint, 'up', '--json', '--data', dataDirectory, ...ports, ...extra],
      {
        env: cleanEnvironment(),
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    onTestFinished(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const events: Record<string, unknown>[] = [];
    const waiters = new Set<() => void>();
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) events.push(JSON.parse(line) as Record<string, unknown>);
      for (const wake of waiters) wake();
    });
    const ended = once(child, 'exit').then(() => {
      throw new Error(`gatehouse up ended early: ${stderr}${JSON.stringify(events)}`);
    });
    ended.catch(() => {});
    const ready = await Promise.race([waitFor(events, waiters, (e) => e['message_type'] === 'ready'), ended]);
    return new RunningUp(child, ready as unknown as UpReady, events, waiters);
  }

  get token(): string {
    return new URL(this.ready.link).searchParams.get('token') ?? '';
  }

  /** The first event, past or future, that fits. */
  event(fits: (event: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    return waitFor(this.#events, this.#waiters, fits);
  }

  api<T>(path: string, init: RequestInit = {}): Promise<T> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    return fetch(`${this.ready.url}/api/v1${path}`, { ...init, headers }).then((r) => r.json() as Promise<T>);
  }

  /** Stops it as Ctrl-C does; resolves with the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    const ended = once(this.process, 'exit');
    this.process.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }
}

function waitFor(
  events: readonly Record<string, unknown>[],
  waiters: Set<() => void>,
  fits: (event: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    const look = () => {
      const found = events.find(fits);
      if (found === undefined) return;
      waiters.delete(look);
      resolve(found);
    };
    waiters.add(look);
    look();
  });
}
