/**
 * A Node handler as an action: a pool of warm processes, at least one of them started ahead, more up
 * to the function's concurrency. A changed handler file is noticed and loaded anew.
 */
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { Action, ActionOutcome, Invocation } from './action.js';
import { functionArn } from './arn.js';
import { actionClosed } from './errors.js';
import type { NodeFunctionConfig } from './function-config.js';
import { lambdaEnvironment, logStreamName } from './lambda-environment.js';
import { NodeProcess } from './node-process.js';
import type { RunnerSettings } from './runner-protocol.js';

export interface NodeActionOptions {
  readonly name: string;
  readonly config: NodeFunctionConfig;
  /** The cloud's own environment; only a few harmless variables of it reach the handler. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Processes beyond the first one are given up after that long without work. */
const idleLimitMs = 60_000;

export class NodeAction implements Action {
  readonly concurrency: number;
  readonly retryDelaysMs: readonly number[] | undefined;
  readonly #options: NodeActionOptions;
  readonly #handlerPath: string;
  readonly #all = new Set<NodeProcess>();
  #idle: NodeProcess[] = [];
  #version: string;
  #closed = false;

  private constructor(options: NodeActionOptions, handlerPath: string) {
    this.#options = options;
    this.#handlerPath = handlerPath;
    this.#version = versionOf(handlerPath);
    this.concurrency = options.config.concurrency;
    this.retryDelaysMs = options.config.retryDelaysMs;
  }

  /** Starts one process ahead and waits until its handler is loaded; a broken handler is only logged. */
  static async open(options: NodeActionOptions): Promise<NodeAction> {
    const self = new NodeAction(options, resolve(options.config.handler));
    await self.#warmUp();
    return self;
  }

  async invoke(invocation: Invocation): Promise<ActionOutcome> {
    if (this.#closed) return { ok: false, log: '', error: actionClosed() };
    const chosen = this.#takeIdle() ?? this.#start();
    const unloadable = await chosen.ready;
    if (unloadable !== undefined) return { ok: false, log: chosen.log, error: unloadable };
    const outcome = await chosen.run(invocation);
    if (chosen.usable && !this.#closed) this.#giveBack(chosen);
    else if (!this.#closed && this.#idle.length === 0) void this.#warmUp();
    return outcome;
  }

  /** Kills every process; runs that are under way end with ACTION_CLOSED. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const each of this.#all) each.kill();
    this.#idle = [];
  }

  async #warmUp(): Promise<void> {
    const first = this.#start();
    const unloadable = await first.ready;
    if (this.#closed) return;
    if (unloadable === undefined) this.#giveBack(first);
    else
      this.#options.log.error('handler cannot be used', { function: this.#options.name, error: unloadable });
  }

  #takeIdle(): NodeProcess | undefined {
    const version = versionOf(this.#handlerPath);
    if (version !== this.#version) {
      this.#version = version;
      for (const stale of this.#idle.splice(0)) stale.kill();
    }
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      if (last.usable) return last;
    }
    return undefined;
  }

  #giveBack(one: NodeProcess): void {
    this.#idle.push(one);
    if (this.#idle.length <= 1) return;
    this.#options.clock.after(idleLimitMs, () => this.#giveUpOne(), { background: true });
  }

  /** The oldest of the stack has been without work for longest. */
  #giveUpOne(): void {
    if (this.#idle.length > 1) this.#idle.shift()?.kill();
  }

  #start(): NodeProcess {
    const settings = this.#settings();
    const one: NodeProcess = NodeProcess.start({
      runnerPath: runnerPath(),
      settings,
      environment: this.#environment(settings),
      timeoutMs: this.#options.config.timeoutMs,
      clock: this.#options.clock,
      onExit: () => {
        this.#all.delete(one);
        this.#idle = this.#idle.filter((other) => other !== one);
      },
    });
    this.#all.add(one);
    return one;
  }

  #settings(): RunnerSettings {
    const { name, config, clock } = this.#options;
    return {
      handlerPath: this.#handlerPath,
      parentPid: process.pid,
      functionName: name,
      functionArn: functionArn(name),
      memoryMb: config.memoryMb,
      logGroupName: `/aws/lambda/${name}`,
      logStreamName: logStreamName(clock.now(), this.#all.size),
    };
  }

  #environment(settings: RunnerSettings): Record<string, string> {
    const { environment, config } = this.#options;
    return lambdaEnvironment({
      ...settings,
      taskRoot: dirname(settings.handlerPath),
      handler: 'handler',
      environment,
      env: config.env,
    });
  }
}

/** Run from its sources, as tests do, the compiled program of the handler's process is in `dist`. */
function runnerPath(): string {
  const beside = new URL('./lambda-runner.js', import.meta.url);
  const built = new URL('../../dist/cloud/actions/lambda-runner.js', import.meta.url);
  return fileURLToPath(existsSync(beside) ? beside : built);
}

/** Tells a changed file from the one that is loaded. Read at every run: some microseconds. */
function versionOf(filePath: string): string {
  const stat = statSync(filePath, { throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.mtimeMs}/${stat.size}/${stat.ino}`;
}
