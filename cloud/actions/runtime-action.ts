/** A function in any language as an action: warm processes that speak the Lambda Runtime API. */
import { resolve } from 'node:path';
import type { Clock } from '../../core/clock.js';
import type { Action, ActionOutcome, Invocation } from './action.js';
import { actionClosed } from './errors.js';
import type { RuntimeFunctionConfig } from './function-config.js';
import { lambdaEnvironment, logStreamName } from './lambda-environment.js';
import { RuntimeProcess } from './runtime-process.js';

export interface RuntimeActionOptions {
  readonly name: string;
  readonly config: RuntimeFunctionConfig;
  /** The cloud's own environment; only a few harmless variables of it reach the function. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

export class RuntimeAction implements Action {
  readonly concurrency: number;
  readonly retryDelaysMs: readonly number[] | undefined;
  readonly #options: RuntimeActionOptions;
  readonly #all = new Set<RuntimeProcess>();
  #idle: RuntimeProcess[] = [];
  #isClosed = false;

  constructor(options: RuntimeActionOptions) {
    this.concurrency = options.config.concurrency;
    this.retryDelaysMs = options.config.retryDelaysMs;
    this.#options = options;
  }

  async invoke(invocation: Invocation): Promise<ActionOutcome> {
    if (this.#isClosed) return { ok: false, log: '', error: actionClosed() };
    const chosen = this.#idle.pop() ?? (await this.#start());
    const outcome = await chosen.run(invocation);
    if (chosen.usable && !this.#isClosed) this.#idle.push(chosen);
    else chosen.kill();
    return outcome;
  }

  /** Kills every process; runs that are under way end with ACTION_CLOSED. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const each of this.#all) each.kill();
    this.#idle = [];
  }

  async #start(): Promise<RuntimeProcess> {
    const { name, config, environment, clock } = this.#options;
    const directory = resolve(config.directory);
    const one: RuntimeProcess = await RuntimeProcess.start({
      name,
      config: { ...config, directory },
      environment: lambdaEnvironment({
        functionName: name,
        memoryMb: config.memoryMb,
        logStreamName: logStreamName(clock.now(), this.#all.size),
        taskRoot: directory,
        handler: config.handler,
        environment,
        env: config.env,
      }),
      clock,
      onExit: () => {
        this.#all.delete(one);
        this.#idle = this.#idle.filter((other) => other !== one);
      },
    });
    this.#all.add(one);
    return one;
  }
}
