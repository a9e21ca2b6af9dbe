/**
 * One process of a Node handler: started ahead, kept warm, one event at a time, killed with its
 * children at the time limit. Invariant: every `run` settles, whatever the handler does.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, parse } from 'node:path';
import type { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.js';
import { type GatehouseError, systemCode } from '../../core/errors.js';
import type { ActionOutcome, Invocation } from './action.js';
import {
  actionClosed,
  handlerCrashed,
  handlerExited,
  handlerExportMissing,
  handlerMissing,
  handlerOutOfMemory,
  handlerThrew,
  handlerTimedOut,
  handlerUnloadable,
} from './errors.js';
import { OutputReader } from './output-reader.js';
import { RunLog } from './run-log.js';
import type { InvokeMessage, RunnerMessage, RunnerSettings } from './runner-protocol.js';

export interface NodeProcessOptions {
  readonly runnerPath: string;
  readonly settings: RunnerSettings;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Called once when the process is gone. */
  readonly onExit: () => void;
}

/** As Lambda: what a handler's module may take to load, before the time limit of a run counts. */
const loadLimitMs = 10_000;
/** For the rest of the log to arrive after the outcome; only reached when the handler closed its outputs. */
const logLimitMs = 500;

type State = 'loading' | 'idle' | 'busy' | 'dead';
type Settle = (error: GatehouseError | undefined) => void;

export class NodeProcess {
  readonly #options: NodeProcessOptions;
  readonly #child: ChildProcess;
  readonly #outputs: readonly OutputReader[];
  #state: State = 'loading';
  #log = new RunLog();
  #result: string | undefined;
  #settle: Settle | undefined;
  #closing = false;
  #exitTold = false;
  #killed = false;
  #ready: Promise<GatehouseError | undefined> = Promise.resolve(undefined);

  private constructor(options: NodeProcessOptions, child: ChildProcess) {
    this.#options = options;
    this.#child = child;
    this.#outputs = [child.stdout, child.stderr]
      .filter((stream): stream is Readable => stream !== null)
      .map((stream) => OutputReader.on(stream, (chunk) => this.#log.add(chunk)));
  }

  static start(options: NodeProcessOptions): NodeProcess {
    const child = fork(options.runnerPath, [JSON.stringify(options.settings)], {
      cwd: existingFolder(options.settings.handlerPath),
      env: options.environment,
      execArgv: [`--max-old-space-size=${options.settings.memoryMb}`],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'json',
      // Its own group, so that what the handler started dies with it.
      detached: true,
    });
    const self = new NodeProcess(options, child);
    child.on('message', (message) => self.#onMessage(message as RunnerMessage));
    child.on('error', (error) => void self.#onGone(systemCode(error) ?? error.message));
    child.on('exit', (code, signal) => void self.#onGone(signal ?? `exit code ${code}`));
    self.#ready = self.#waitFor(loadLimitMs, () => {});
    return self;
  }

  /** Resolves with undefined when the handler is loaded, else with the reason why it is not. */
  get ready(): Promise<GatehouseError | undefined> {
    return this.#ready;
  }

  get usable(): boolean {
    return this.#state === 'idle' && this.#child.connected;
  }

  get alive(): boolean {
    return this.#state !== 'dead';
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Runs one event; the caller sees to it that the process is `usable`. */
  async run(invocation: Invocation): Promise<ActionOutcome> {
    // Begins with a byte that text does not hold, so that whole lines are never held back.
    const endMark = `\0${randomUUID()}`;
    this.#log = new RunLog();
    this.#result = undefined;
    this.#state = 'busy';
    const logEnded = Promise.all(this.#outputs.map((output) => output.until(endMark)));
    const error = await this.#waitFor(this.#options.timeoutMs, () => {
      const { timeoutMs } = this.#options;
      const message: InvokeMessage = { type: 'invoke', ...invocation, timeoutMs, endMark };
      this.#child.send(message, (failure) => {
        if (failure) void this.#onGone(failure.message);
      });
    });
    await this.#within(logLimitMs, logEnded);
    const log = this.#log.toString();
    if (error !== undefined) return { ok: false, log, error };
    return this.#result === undefined ? { ok: true, log } : { ok: true, log, result: this.#result };
  }

  /** What it wrote while loading. */
  get log(): string {
    return this.#log.toString();
  }

  /** Ends the process at once; a run that is under way ends with ACTION_CLOSED. */
  kill(): void {
    this.#closing = true;
    this.#giveUp();
  }

  #onMessage(message: RunnerMessage): void {
    if (message.type === 'unloadable') this.#end(this.#loadError(message));
    else if (message.type === 'failed') this.#end(this.#runError(message));
    else {
      if (message.type === 'succeeded') this.#result = message.result;
      this.#end(undefined);
    }
  }

  #runError({ crashed, error }: Extract<RunnerMessage, { type: 'failed' }>): GatehouseError {
    if (!crashed) return handlerThrew(error.name, error.message);
    this.#giveUp();
    return handlerCrashed(error.name, error.message);
  }

  #loadError(message: Extract<RunnerMessage, { type: 'unloadable' }>): GatehouseError {
    const { handlerPath } = this.#options.settings;
    this.#giveUp();
    if (message.reason === 'missing') return handlerMissing(handlerPath);
    if (message.reason === 'export') return handlerExportMissing(handlerPath);
    this.#log.add(`${message.error.stack}\n`);
    return handlerUnloadable(handlerPath, `${message.error.name}: ${message.error.message}`);
  }

  async #onGone(how: string): Promise<void> {
    this.#giveUp();
    // What it wrote last tells why it died, and is part of the log.
    await this.#within(logLimitMs, Promise.all(this.#outputs.map((output) => output.ended)));
    if (!this.#exitTold) this.#options.onExit();
    this.#exitTold = true;
    if (this.#closing) return this.#end(actionClosed());
    const outOfMemory = /heap out of memory/.test(this.#log.toString());
    this.#end(outOfMemory ? handlerOutOfMemory(this.#options.settings.memoryMb) : handlerExited(how));
  }

  #end(error: GatehouseError | undefined): void {
    if (this.#state !== 'dead') this.#state = 'idle';
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(error);
  }

  #waitFor(limitMs: number, begin: () => void): Promise<GatehouseError | undefined> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(limitMs, () => {
        this.#giveUp();
        this.#end(handlerTimedOut(limitMs));
      });
      this.#settle = (error) => {
        timer.cancel();
        resolve(error);
      };
      begin();
    });
  }

  async #within(limitMs: number, work: Promise<unknown>): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.after(limitMs, resolve);
      void work.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** No further run in this process, nor in anything that it started. */
  #giveUp(): void {
    this.#state = 'dead';
    const { pid } = this.#child;
    if (pid === undefined || this.#killed) return;
    this.#killed = true;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // ESRCH: it died by itself and left nobody behind.
    }
  }
}

/** A missing folder would make the start itself fail without telling which path is wrong. */
function existingFolder(handlerPath: string): string {
  const folder = dirname(handlerPath);
  return existsSync(folder) ? folder : parse(folder).root;
}
