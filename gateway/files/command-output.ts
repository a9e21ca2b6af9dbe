/**
 * What a command prints, as a stream that ends well only if the command does: a dump that broke off
 * must not become a snapshot. Its standard error goes to ours; it gets no standard input.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { messageOf } from '../../core/errors.js';
import { commandFailed } from './errors.js';

/** The stream fails with COMMAND_FAILED; the command is stopped when the signal aborts or nobody reads on. */
export function commandOutput(command: readonly string[], signal: AbortSignal): Readable {
  return Readable.from(outputOf(command, signal), { objectMode: false });
}

async function* outputOf(
  [program = '', ...words]: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'], signal });
  const ended = once(child, 'close').then(
    ([code, killedBy]) => (code === 0 ? undefined : `it ended with ${killedBy ?? `exit code ${code}`}`),
    (error: unknown) => messageOf(error),
  );
  try {
    for await (const piece of child.stdout) yield piece as Uint8Array;
    const problem = await ended;
    if (problem !== undefined) throw commandFailed(program, problem);
  } finally {
    child.kill();
  }
}
