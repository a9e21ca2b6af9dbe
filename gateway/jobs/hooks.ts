/** Runs the commands before and after a run, one after another, and keeps what they wrote. */
import type { Clock } from '../../core/clock.js';
import { messageOf } from '../../core/errors.js';
import { parseDuration } from '../schedule/duration.js';
import { ChildGroup, type CommandEnd } from './child-group.js';
import { commandFailed } from './errors.js';
import type { HookConfig } from './hook-config.js';
import { OutputTail } from './output-tail.js';
import type { HookRecord } from './run-record.js';

export interface HooksOptions {
  readonly when: 'before' | 'after';
  readonly hooks: readonly HookConfig[];
  /** GATEHOUSE_JOB and its like, besides the gateway's own environment. */
  readonly facts: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** No hook may take longer, whatever its own limit; unlimited unless told. */
  readonly mostMs?: number;
  /** Takes each hook's record as soon as it has ended. */
  readonly onEnd: (record: HookRecord) => void;
}

/**
 * A `before` hook that fails keeps the following ones from starting; `after` hooks all run.
 * @returns the first failure that counts, or undefined.
 */
export async function runHooks(options: HooksOptions): Promise<Error | undefined> {
  let failure: Error | undefined;
  for (const hook of options.hooks) {
    const error = await runHook(hook, options);
    if (error === undefined || hook.onFailure === 'continue') continue;
    failure ??= error;
    if (options.when === 'before') return failure;
  }
  return failure;
}

async function runHook(hook: HookConfig, options: HooksOptions): Promise<Error | undefined> {
  const { when, clock, signal, onEnd, mostMs = Number.POSITIVE_INFINITY } = options;
  const program = hook.command[0] ?? '';
  const startedMs = clock.monotonicMs();
  const record = (exitCode: number | null, output: string, error: string | null) =>
    onEnd({ when, program, exitCode, durationMs: clock.monotonicMs() - startedMs, output, error });
  const tail = new OutputTail();
  try {
    const group = await ChildGroup.start({
      command: hook.command,
      env: { ...process.env, ...options.facts, GATEHOUSE_HOOK: when, ...hook.env },
      timeLimitMs: Math.min(parseDuration(hook.timeLimit), mostMs),
      clock,
      signal,
    });
    for (const stream of [group.stdout, group.stderr]) stream?.on('data', (piece: Buffer) => tail.add(piece));
    const end = await group.ended();
    const output = tail.text();
    const how = failureOf(end, hook.timeLimit);
    const error =
      how === undefined ? undefined : commandFailed(`hook (${when} the run)`, program, how, output);
    record(end.exitCode, output, error?.message ?? null);
    return error;
  } catch (error) {
    record(null, tail.text(), messageOf(error));
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

/** `ended with exit code 2`; undefined for success. */
export function failureOf(end: CommandEnd, timeLimit: string): string | undefined {
  if (end.stoppedFor === 'time') return `was ended because it took longer than ${timeLimit}`;
  if (end.stoppedFor === 'interruption') return 'was interrupted';
  if (end.exitCode === 0) return undefined;
  return end.exitCode === null
    ? `was ended by ${end.endSignal ?? 'a signal'}`
    : `ended with exit code ${end.exitCode}`;
}
