/**
 * Runs one of the three programs until it is told to stop: opens it, reports that it serves, waits,
 * closes it. Under `gatehouse up` reports go to the parent; alone, to the terminal.
 */

import { GatehouseError, messageOf } from '../core/errors.js';
import type { Closeable } from '../core/lifecycle.js';
import { type Context, stopped } from './context.js';

export interface OpenedProgram {
  readonly program: Closeable;
  /** What `gatehouse up` needs to know; also printed with `--json`. */
  readonly facts: Readonly<Record<string, string | number | null>>;
  /** One line for a person. */
  readonly greeting: string;
}

export async function runProgram(context: Context, open: () => Promise<OpenedProgram>): Promise<void> {
  let opened: OpenedProgram;
  try {
    opened = await open();
  } catch (error) {
    await tellParent(failure(error));
    leaveParent();
    throw error;
  }
  const { program, facts, greeting } = opened;
  await tellParent({ type: 'ready', ...facts });
  if (context.terminal.json) context.terminal.printJson({ message_type: 'ready', ...facts });
  else if (process.send === undefined) context.terminal.note(greeting);
  await stopped(context.signal);
  context.log.info('stopping');
  await program.close();
  leaveParent();
}

/** An open IPC channel would keep this process alive. */
function leaveParent(): void {
  if (process.connected) process.disconnect();
}

function failure(error: unknown) {
  const known = error instanceof GatehouseError;
  return {
    type: 'failed',
    code: known ? error.code : 'INTERNAL',
    message: messageOf(error),
    hint: known ? (error.hint ?? null) : null,
  };
}

function tellParent(message: object): Promise<void> {
  return new Promise((done) => {
    if (process.send === undefined || !process.connected) return done();
    // A parent that is gone is noticed by `disconnect`; here it is no error.
    process.send(message, undefined, {}, () => done());
    return undefined;
  });
}
