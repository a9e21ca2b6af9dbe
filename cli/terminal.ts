/**
 * What a command may do with the terminal: print results to standard output, everything else to
 * standard error, colours only where somebody looks.
 */
import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export interface Terminal {
  /** True when results are wanted as JSON. */
  readonly json: boolean;
  /** True when standard error is a terminal, so that progress may be redrawn. */
  readonly interactive: boolean;
  /** One line of result. */
  print(line: string): void;
  /** One JSON value per line. */
  printJson(value: unknown): void;
  /** One line about what is going on; never mixed into the results. */
  note(line: string): void;
  /** Redraws the progress line; nothing when nobody looks. */
  progress(line: string): void;
  /** Takes the progress line away. */
  endProgress(): void;
  style(style: Style | readonly Style[], text: string): string;
}

export interface TerminalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
}

const eraseLine = '\r\u001b[2K';

export function createTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr, env } = options;
  const dumb = env['TERM'] === 'dumb' || env['CI'] === 'true';
  const interactive = stderr.isTTY === true && !dumb && !options.quiet && !options.json;
  const colours = stdout.isTTY === true && !dumb && !env['NO_COLOR'];
  let drawn = false;
  const clear = () => {
    if (drawn) stderr.write(eraseLine);
    drawn = false;
  };
  return {
    json: options.json,
    interactive,
    print: (line) => {
      clear();
      stdout.write(`${line}\n`);
    },
    printJson: (value) => {
      clear();
      stdout.write(`${JSON.stringify(value)}\n`);
    },
    note: (line) => {
      if (options.quiet) return;
      clear();
      stderr.write(`${line}\n`);
    },
    progress: (line) => {
      if (!interactive) return;
      stderr.write(eraseLine + line.slice(0, Math.max(20, (stderr.columns ?? 80) - 1)));
      drawn = true;
    },
    endProgress: clear,
    style: (style, text) => (colours ? styleText(style as Style, text, { validateStream: false }) : text),
  };
}

const sizeUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** A size for people: `3.1 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < sizeUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${sizeUnits[unit]}`;
}

/** A duration for people: `850 ms`, `12.3 s`, `4:05`, `1:02:03`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const pad = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/** A progress bar of `width` cells: `████░░░░`. */
export function progressBar(fraction: number, width = 24): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

/** Columns padded to their widest cell; the first row is the heading. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(...rows.map((row) => row[i]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
