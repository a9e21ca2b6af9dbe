/**
 * Structured logging: one line per event, as text for people or as JSON for machines.
 * A logger never throws and never prints a `Secret`.
 */
import { systemClock } from './clock.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
  /** Takes one finished line without its newline. */
  readonly write: (line: string) => void;
  readonly now?: () => number;
}

const rank: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

export function createLogger(options: LogOptions, fields: LogFields = {}): Logger {
  const now = options.now ?? systemClock.now;
  const emit = (level: LogLevel, message: string, extra: LogFields = {}) => {
    if (rank[level] < rank[options.level]) return;
    const all = { ...fields, ...extra };
    const time = new Date(now()).toISOString();
    options.write(
      options.format === 'json' ? asJson(time, level, message, all) : asText(time, level, message, all),
    );
  };
  return {
    debug: (message, extra) => emit('debug', message, extra),
    info: (message, extra) => emit('info', message, extra),
    warn: (message, extra) => emit('warn', message, extra),
    error: (message, extra) => emit('error', message, extra),
    with: (more) => createLogger(options, { ...fields, ...more }),
  };
}

/** Says nothing; for tests and for libraries used without a log. */
export const silentLogger: Logger = createLogger({ level: 'error', format: 'text', write: () => {} });

function plain(value: unknown): unknown {
  if (value instanceof Error) {
    const code = 'code' in value ? value.code : undefined;
    return code === undefined ? value.message : `${String(code)}: ${value.message}`;
  }
  return value;
}

function asJson(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const entries = Object.entries(fields).map(([key, value]) => [key, plain(value)]);
  return JSON.stringify({ time, level, message, ...Object.fromEntries(entries) });
}

function asText(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${textValue(plain(value))}`);
  return `${time.slice(11, 23)} ${level.padEnd(5)} ${message}${rest.join('')}`;
}

function textValue(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? 'undefined';
}
