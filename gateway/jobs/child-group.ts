/**
 * A command with everything that it starts, as one process group: when its time is over, or the
 * gateway stops, the whole group is told to end, and killed if it does not.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock, Timer } from '../../core/clock.js';
import { commandMissing } from './errors.js';

export interface ChildGroupOptions {
  /** Program and arguments; no shell. */
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly timeLimitMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

export interface CommandEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly endSignal: NodeJS.Signals | null;
  /** Why we ended it; undefined when it ended by itself. */
  readonly stoppedFor: 'time' | 'interruption' | undefined;
}

/** From the request to end until the end by force. */
const graceMs = 2_000;
/** A daemon that a command leaves behind may hold its output open; nobody waits longer for that. */
const outputLimitMs = 1_000;

export class ChildGroup {
  readonly #child: ChildProcess;
  readonly #options: ChildGroupOptions;
  readonly #timers: Timer[] = [];
  #stoppedFor: CommandEnd['stoppedFor'];

  private constructor(child: ChildProcess, options: ChildGroupOptions) {
    this.#child = child;
    this.#options = options;
  }

  /** @throws COMMAND_MISSING when the program cannot be started. */
  static async start(options: ChildGroupOptions): Promise<ChildGroup> {
    const [program = '', ...args] = options.command;
    const child = spawn(program, args, {
      env: options.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(commandMissing(program, error)));
    });
    return new ChildGroup(child, options);
  }

  get stdout(): NodeJS.ReadableStream | null {
    return this.#child.stdout;
  }

  get stderr(): NodeJS.ReadableStream | null {
    return this.#child.stderr;
  }

  /** Call once. Resolves when the command has ended, by itself or at its limit. */
  async ended(): Promise<CommandEnd> {
    const { clock, signal, timeLimitMs } = this.#options;
    const onAbort = () => this.#stop('interruption');
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#timers.push(clock.after(timeLimitMs, () => this.#stop('time')));
    try {
      return await this.#exit();
    } finally {
      signal?.removeEventListener('abort', onAbort);
      for (const timer of this.#timers) timer.cancel();
      // What the command left behind in its group when it was told to end.
      if (this.#stoppedFor !== undefined) this.#send('SIGKILL');
    }
  }

  #exit(): Promise<CommandEnd> {
    const child = this.#child;
    return new Promise((resolve) => {
      const done = () =>
        resolve({ exitCode: child.exitCode, endSignal: child.signalCode, stoppedFor: this.#stoppedFor });
      const onExit = () => this.#timers.push(this.#options.clock.after(outputLimitMs, done));
      child.once('close', done);
      if (child.exitCode !== null || child.signalCode !== null) onExit();
      else child.once('exit', onExit);
    });
  }

  #stop(reason: 'time' | 'interruption'): void {
    if (this.#stoppedFor !== undefined) return;
    this.#stoppedFor = reason;
    this.#send('SIGTERM');
    this.#timers.push(this.#options.clock.after(graceMs, () => this.#send('SIGKILL')));
  }

  #send(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group has ended.
    }
  }
}
