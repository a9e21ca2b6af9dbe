/**
 * One supervised program: started as a process of its own, restarted with back-off when it dies,
 * stopped in order. It tells by an IPC message when it serves; when this process dies, even by
 * `kill -9`, the closed channel makes it stop by itself.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Clock, sleep, withTimeout } from '../../core/clock.js';
import { GatehouseError } from '../../core/errors.js';
import { frugalFlags } from '../../core/heap.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';

/** What a program sends once it serves; members differ by program. */
export type ReadyMessage = { readonly type: 'ready' } & Readonly<Record<string, string | number | null>>;

/** Sent instead of `ready` when the program cannot start; no restart follows. */
interface FailedMessage {
  readonly type: 'failed';
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

export interface ChildOptions {
  readonly name: string;
  /** Arguments of the `gatehouse` command, asked for at every start. */
  readonly args: () => readonly string[];
  readonly entryPoint: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes every line that the program writes. */
  readonly onLine: (line: string) => void;
  /** Called when the program ended by itself and is about to be started again. */
  readonly onEnd: (reason: string) => void;
}

const startLimitMs = 60_000;
const stopLimitMs = 12_000;
const shortestBackOffMs = 100;
const longestBackOffMs = 30_000;
/** One that served for so long is not in a crash loop: it is started again without delay. */
const steadyMs = 1000;

export class Child implements Closeable {
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;
  #stopping = false;
  readonly #stop = new AbortController();
  #crashes = 0;
  #readyAtMs = Number.NEGATIVE_INFINITY;

  private constructor(options: ChildOptions) {
    this.#options = options;
  }

  /** Starts it and waits until it serves. @throws the program's own error, or CHILD_FAILED. */
  static async open(options: ChildOptions): Promise<{ child: Child; ready: ReadyMessage }> {
    const child = new Child(options);
    try {
      return { child, ready: await child.#start() };
    } catch (error) {
      await child.close();
      throw error;
    }
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async close(): Promise<void> {
    this.#stopping = true;
    this.#stop.abort();
    const running = this.#process;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGTERM');
    await withTimeout(this.#options.clock, stopLimitMs, ended, () => {
      this.#options.log.warn('does not stop by itself, ending it', { program: this.#options.name });
      running.kill('SIGKILL');
      return [];
    });
  }

  async #start(): Promise<ReadyMessage> {
    const { entryPoint, args, name } = this.#options;
    const running = spawn(
      process.execPath,
      [...(name === 'agent' ? frugalFlags : []), entryPoint, ...args()],
      {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    this.#process = running;
    for (const stream of [running.stdout, running.stderr]) {
      if (stream) forEachLine(stream, (line) => this.#options.onLine(line));
    }
    running.once('exit', (code, signal) => void this.#onExit(running, code, signal));
    const first = Promise.race([firstMessage(running), exitBeforeReady(running, name)]);
    const ready = await withTimeout(this.#options.clock, startLimitMs, first, () => {
      running.kill('SIGKILL');
      throw new GatehouseError(
        'CHILD_FAILED',
        `The ${name} program did not start within ${startLimitMs / 1000} s.`,
      );
    });
    this.#readyAtMs = this.#options.clock.monotonicMs();
    return ready;
  }

  async #onExit(running: ChildProcess, code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    // One that never served is the starter's business: `open` throws, a restart tries again below.
    if (this.#stopping || !readyProcesses.has(running)) return;
    this.#options.onEnd(signal ?? `exit code ${code}`);
    await this.#restart({ code, signal });
  }

  async #restart(end: { code: number | null; signal: NodeJS.Signals | null }): Promise<void> {
    const { clock } = this.#options;
    if (clock.monotonicMs() - this.#readyAtMs >= steadyMs) this.#crashes = 0;
    const delayMs = Math.min(longestBackOffMs, shortestBackOffMs * 2 ** this.#crashes++);
    this.#options.log.warn('ended unexpectedly, starting it again', {
      program: this.#options.name,
      ...end,
      delayMs,
    });
    try {
      await sleep(clock, delayMs, this.#stop.signal);
      await this.#start();
    } catch (error) {
      if (this.#stopping) return;
      this.#options.log.error('cannot be started again', { program: this.#options.name, error });
      await this.#restart({ code: null, signal: null });
    }
  }
}

const readyProcesses = new WeakSet<ChildProcess>();

async function firstMessage(running: ChildProcess): Promise<ReadyMessage> {
  const [message] = (await once(running, 'message')) as [ReadyMessage | FailedMessage];
  if (message.type === 'ready') {
    readyProcesses.add(running);
    return message;
  }
  throw new GatehouseError(
    message.code,
    message.message,
    message.hint === null ? {} : { hint: message.hint },
  );
}

async function exitBeforeReady(running: ChildProcess, name: string): Promise<never> {
  const [code, signal] = (await once(running, 'exit')) as [number | null, string | null];
  throw new GatehouseError(
    'CHILD_FAILED',
    `The ${name} program ended while starting (${signal ?? `exit code ${code}`}).`,
  );
}

function forEachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  stream.on('end', () => {
    if (rest) take(rest);
  });
}
