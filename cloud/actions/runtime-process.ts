/**
 * One process of a function in any language: asks our Runtime API for one event at a time, and is
 * killed with its children at the time limit. Where Linux has the tools, it dies with the cloud, and
 * its memory is bounded. Invariant: every `run` settles, whatever the program does.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Clock } from '../../core/clock.js';
import { type GatehouseError, systemCode } from '../../core/errors.js';
import type { ActionOutcome, Invocation } from './action.js';
import { functionArn } from './arn.js';
import { actionClosed, handlerExited, handlerThrew, handlerTimedOut, runtimeUnusable } from './errors.js';
import type { RuntimeFunctionConfig } from './function-config.js';
import { RunLog } from './run-log.js';
import { RuntimeApi } from './runtime-api.js';

export interface RuntimeProcessOptions {
  readonly name: string;
  readonly config: RuntimeFunctionConfig;
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Called once when the process is gone. */
  readonly onExit: () => void;
}

type Settled = { readonly result: string } | { readonly error: GatehouseError };

/** As AWS Lambda: what a program may take to come up, before the time limit of a run counts. */
const startLimitMs = 10_000;
/** For the rest of the log: a runtime asks for the next event right after it has answered. */
const logLimitMs = 100;

export class RuntimeProcess {
  readonly #options: RuntimeProcessOptions;
  readonly #api: RuntimeApi;
  readonly #child: ChildProcess;
  #log = new RunLog();
  #isAsking = false;
  #onAsking: (() => void) | undefined;
  #settle: ((settled: Settled) => void) | undefined;
  #isGone = false;
  #isClosing = false;
  #trouble: GatehouseError | undefined;

  private constructor(options: RuntimeProcessOptions, api: RuntimeApi, child: ChildProcess) {
    this.#options = options;
    this.#api = api;
    this.#child = child;
  }

  static async start(options: RuntimeProcessOptions): Promise<RuntimeProcess> {
    const { config, environment } = options;
    const api = await RuntimeApi.open({
      onNext: () => created.#asks(),
      onResponse: (_runId, result) => created.#end({ result }),
      onError: (runId, type, message) => created.#fails(runId, type, message),
    });
    const [program = '', ...parameters] = [...guards(config.memoryMb), ...config.command];
    const child = spawn(program, parameters, {
      cwd: config.directory,
      env: { ...environment, AWS_LAMBDA_RUNTIME_API: api.address },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own group, so that what it started dies with it.
      detached: true,
    });
    const created: RuntimeProcess = new RuntimeProcess(options, api, child);
    for (const output of [child.stdout, child.stderr]) {
      output?.on('data', (chunk: Buffer) => created.#log.add(chunk));
      output?.on('error', () => {});
    }
    child.on('error', (error) => created.#gone(systemCode(error) ?? error.message));
    child.on('exit', (code, signal) => created.#gone(signal ?? `exit code ${code}`));
    return created;
  }

  get usable(): boolean {
    return !this.#isGone;
  }

  /** Runs one event; the caller gives one at a time. */
  async run(invocation: Invocation): Promise<ActionOutcome> {
    const { clock, config, name } = this.#options;
    const settled = await this.#limited(
      startLimitMs,
      () => this.#isAsking,
      () => {},
    );
    if (settled !== undefined) return this.#outcome(settled);
    this.#log = new RunLog();
    this.#isAsking = false;
    const { runId, attempt, event } = invocation;
    const deadlineMs = clock.now() + config.timeoutMs;
    const ended = await this.#limited(
      config.timeoutMs,
      () => false,
      () => this.#api.hand({ runId, attempt, event, deadlineMs, functionArn: functionArn(name) }),
    );
    await this.#logEnds();
    return this.#outcome(ended ?? { error: actionClosed() });
  }

  /** Ends the process at once; a run that is under way ends with ACTION_CLOSED. */
  kill(): void {
    this.#isClosing = true;
    this.#kill();
    this.#gone('closed');
  }

  #outcome(settled: Settled): ActionOutcome {
    const log = this.#log.toString();
    return 'error' in settled
      ? { ok: false, log, error: settled.error }
      : { ok: true, log, result: settled.result };
  }

  /** Undefined when `isReached` came to hold; else how the run ended. */
  #limited(limitMs: number, isReached: () => boolean, begin: () => void): Promise<Settled | undefined> {
    if (this.#trouble !== undefined) return Promise.resolve({ error: this.#trouble });
    if (isReached()) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(limitMs, () => {
        this.#kill();
        this.#end({ error: handlerTimedOut(limitMs) });
      });
      const finish = (settled: Settled | undefined) => {
        timer.cancel();
        this.#settle = undefined;
        this.#onAsking = undefined;
        resolve(settled);
      };
      this.#settle = finish;
      this.#onAsking = () => {
        if (isReached()) finish(undefined);
      };
      begin();
    });
  }

  #asks(): void {
    this.#isAsking = true;
    this.#onAsking?.();
  }

  #fails(runId: string | undefined, errorType: string, errorMessage: string): void {
    if (runId === undefined) {
      this.#trouble = runtimeUnusable(`${errorType}: ${errorMessage}`);
      this.#kill();
    }
    this.#end({ error: this.#trouble ?? handlerThrew(errorType, errorMessage) });
  }

  #end(settled: Settled): void {
    this.#settle?.(settled);
  }

  async #logEnds(): Promise<void> {
    if (!this.#isAsking && !this.#isGone) {
      await new Promise<void>((resolve) => {
        const timer = this.#options.clock.after(logLimitMs, resolve);
        this.#onAsking = () => {
          timer.cancel();
          resolve();
        };
      });
      this.#onAsking = undefined;
    }
    // What it wrote before it asked again is in the pipe: one turn of the loop reads it.
    await new Promise((resolve) => setImmediate(resolve));
  }

  #gone(how: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#kill();
    void this.#api.close();
    this.#options.onExit();
    this.#trouble ??= this.#isClosing ? actionClosed() : this.#whyGone(how);
    this.#end({ error: this.#trouble });
  }

  #whyGone(how: string): GatehouseError {
    if (how === 'ENOENT') return runtimeUnusable('the program or its folder does not exist');
    return handlerExited(how);
  }

  /** The whole group, also when its first process has ended by itself. */
  #kill(): void {
    this.#isGone ||= this.#child.exitCode !== null;
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // ESRCH: nobody is left.
    }
  }
}

/**
 * `setpriv` has the kernel kill the process when the cloud is gone, else a runtime would ask a port
 * where nobody listens for ever; `prlimit` bounds the memory that each of its processes makes its own.
 */
function guards(memoryMb: number): string[] {
  return [
    ...(existsSync('/usr/bin/prlimit') ? ['/usr/bin/prlimit', `--data=${memoryMb * 1024 * 1024}`, '--'] : []),
    ...(existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'] : []),
  ];
}
