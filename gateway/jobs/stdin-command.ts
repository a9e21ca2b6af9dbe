/**
 * A command's standard output as a stream to back up. The stream ends only after the command has
 * ended well; otherwise it fails, so that half a database dump never becomes a snapshot.
 */
import { PassThrough, type Readable } from 'node:stream';
import type { Clock } from '../../core/clock.js';
import { parseDuration } from '../schedule/duration.js';
import { ChildGroup } from './child-group.js';
import { commandFailed } from './errors.js';
import type { StdinCommandConfig } from './hook-config.js';
import { failureOf } from './hooks.js';
import { OutputTail } from './output-tail.js';

export interface CommandStream {
  readonly stream: Readable;
  /** What it wrote to standard error so far. */
  stderrText(): string;
  /** Resolves when the command has ended; stops it first if it runs. */
  close(): Promise<void>;
}

/** @throws COMMAND_MISSING; the stream fails with COMMAND_FAILED. */
export async function openCommandStream(
  config: StdinCommandConfig,
  how: {
    readonly facts: Readonly<Record<string, string>>;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<CommandStream> {
  const stop = new AbortController();
  const group = await ChildGroup.start({
    command: config.command,
    env: { ...process.env, ...how.facts, ...config.env },
    timeLimitMs: parseDuration(config.timeLimit),
    clock: how.clock,
    signal: AbortSignal.any([how.signal, stop.signal]),
  });
  const tail = new OutputTail();
  const stream = new PassThrough();
  // Its consumer may be gone when it fails.
  stream.on('error', () => {});
  group.stderr?.on('data', (piece: Buffer) => tail.add(piece));
  group.stdout?.pipe(stream, { end: false });
  const ended = group.ended().then((end) => {
    const failure = failureOf(end, config.timeLimit);
    if (failure === undefined) stream.end();
    else stream.destroy(commandFailed('command', config.command[0] ?? '', failure, tail.text()));
  });
  return {
    stream,
    stderrText: () => tail.text(),
    async close() {
      stop.abort();
      stream.destroy();
      await ended;
    },
  };
}
