/** What every command gets: terminal, log, clock, environment, and a signal for Ctrl-C. */
import { setMaxListeners } from 'node:events';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type Clock, systemClock } from '../core/clock.js';
import { createLogger, type Logger, type LogLevel } from '../core/log.js';
import { createTerminal, type Terminal } from './terminal.js';

export interface Context {
  readonly terminal: Terminal;
  readonly log: Logger;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  /** See `--data`; need not exist. */
  readonly dataDir: string;
  /** Aborts on the first SIGINT or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Sets the exit code of a command that ended without an error, for instance 3. */
  setExitCode(code: number): void;
}

interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly logLevel?: LogLevel;
}

export function createContext(command: Command, defaultLevel: LogLevel = 'warn'): Context {
  const options = command.optsWithGlobals<GlobalOptions>();
  const terminal = createTerminal({
    json: options.json ?? false,
    quiet: options.quiet ?? false,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
  });
  const log = createLogger({
    level: options.logLevel ?? defaultLevel,
    format: process.stderr.isTTY ? 'text' : 'json',
    write: (line) => void process.stderr.write(`${line}\n`),
  });
  return {
    terminal,
    log,
    clock: systemClock,
    env: process.env,
    dataDir: dataDirectory(command, process.env),
    signal: stopSignal(),
    setExitCode: (code) => {
      process.exitCode = code;
    },
  };
}

let stop: AbortController | undefined;

function stopSignal(): AbortSignal {
  if (stop) return stop.signal;
  const controller = new AbortController();
  // Each of many reads at once waits for it; Node takes eleven for a leak, and tells the user.
  setMaxListeners(0, controller.signal);
  stop = controller;
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  // A child of `gatehouse up` gets its orders from there: Ctrl-C reaches the whole terminal group.
  if (process.send === undefined) process.on('SIGINT', onSignal);
  else process.on('SIGINT', () => {});
  process.on('SIGTERM', onSignal);
  process.on('disconnect', onSignal);
  return controller.signal;
}

/** Resolves when the process was asked to stop. */
export function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) return done();
    signal.addEventListener('abort', () => done(), { once: true });
    return undefined;
  });
}

/** Where data lives unless `--data` says otherwise: `$XDG_STATE_HOME/gatehouse`. */
export function defaultDataDirectory(env: NodeJS.ProcessEnv): string {
  const state = env['XDG_STATE_HOME'] || join(env['HOME'] || homedir(), '.local', 'state');
  return resolve(state, 'gatehouse');
}

export function dataDirectory(command: Command, env: NodeJS.ProcessEnv): string {
  const { data } = command.optsWithGlobals<{ data?: string }>();
  return data
    ? resolve(data)
    : (env['GATEHOUSE_DATA'] && resolve(env['GATEHOUSE_DATA'])) || defaultDataDirectory(env);
}
