/**
 * Starts the agent that `current` points to, again and again, and watches over a version on trial: one
 * that keeps ending or does not prove its health in time goes back. It is not part of a release, so that
 * no update can break it, and keeps nothing in memory that `update.json` does not hold.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Clock, sleep } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import { backoffMs } from '../backoff.js';
import type { InstallFolder, UpdateState } from './install-folder.js';
import { releaseEntry } from './unpack.js';

export interface LauncherOptions {
  readonly folder: InstallFolder;
  /** Entry point of the version that came with the machine. */
  readonly builtIn: string;
  /** For the entry point, whichever version. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

interface Ending {
  readonly how: string;
  /** The predecessor still holds the data directory: after a killed launcher, for a moment. */
  readonly isBlocked: boolean;
  readonly ranMs: number;
}

/** So often a version on trial may be started; a power cut counts, too. */
const maxStarts = 3;
const stopLimitMs = 8_000;
/** One that ran for so long is not in a crash loop. */
const steadyMs = 60_000;

/** Resolves when `signal` has aborted and the agent has stopped. */
export async function supervise(options: LauncherOptions): Promise<void> {
  const { folder, clock, log, signal } = options;
  for (let crashes = 0; !signal.aborted; ) {
    const state = await settle(options);
    const release = await folder.current();
    const ending = await runAgent(options, release, state);
    if (signal.aborted) return;
    const switched = (await folder.current()) !== release || isNewTrial(state, await folder.readState());
    if (switched) continue;
    log.warn('the agent ended, starting it again', { release, how: ending.how });
    if (state?.phase === 'trial') await noteFailure(folder, ending);
    crashes = ending.ranMs > steadyMs ? 0 : crashes + 1;
    await sleep(clock, backoffMs(crashes, 250, 30_000), signal).catch(() => {});
  }
}

/** Finishes what a power cut interrupted, and takes back a version that has had its chances. */
async function settle({ folder, log }: LauncherOptions): Promise<UpdateState | undefined> {
  const state = await folder.readState();
  if (state === undefined) return undefined;
  if (state.phase === 'trial' && state.starts >= maxStarts) {
    return goBack(folder, log, state, `It ended ${state.starts} times. ${state.reason ?? ''}`.trim());
  }
  const wanted = state.phase === 'rolled-back' ? state.previous : state.version;
  if ((await folder.current()) !== wanted) await folder.point(wanted);
  if (state.phase !== 'trial') return state;
  const started = { ...state, starts: state.starts + 1 };
  await folder.writeState(started);
  return started;
}

async function goBack(
  folder: InstallFolder,
  log: Logger,
  state: UpdateState,
  reason: string,
): Promise<UpdateState> {
  log.error('the new version goes back', { version: state.version, to: state.previous, reason });
  const back: UpdateState = { ...state, phase: 'rolled-back', reason };
  // Written first: if the power goes now, `settle` finishes the switch.
  await folder.writeState(back);
  await folder.point(state.previous);
  return back;
}

/** A start that was blocked is not the new version's fault. */
async function noteFailure(folder: InstallFolder, { how, isBlocked }: Ending): Promise<void> {
  const state = await folder.readState();
  if (state?.phase !== 'trial') return;
  await folder.writeState({ ...state, reason: how, starts: state.starts - (isBlocked ? 1 : 0) });
}

function isNewTrial(before: UpdateState | undefined, after: UpdateState | undefined): boolean {
  return after?.phase === 'trial' && after.jobId !== before?.jobId;
}

async function runAgent(
  options: LauncherOptions,
  release: string | null,
  state: UpdateState | undefined,
): Promise<Ending> {
  const { folder, builtIn, args, env, clock, log, signal } = options;
  const entry = release === null ? builtIn : join(folder.releasePath(release), releaseEntry);
  const startedMs = clock.monotonicMs();
  // The channel tells a child that this process died, even by kill -9: two agents must never run.
  const child = spawn(process.execPath, [...process.execArgv, entry, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...env, GATEHOUSE_RELEASE: release ?? '' },
  });
  const ended = endOf(child);
  const stop = () => void stopChild(child, clock);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  let expiring: Promise<void> | undefined;
  const watch = (trial: UpdateState) =>
    clock.after((trial.healthSeconds + trial.graceSeconds) * 1_000, () => {
      expiring = expire(options, trial, child).catch((error: unknown) => {
        log.error('the trial cannot be ended', { error });
      });
    });
  const deadline = state?.phase === 'trial' ? watch(state) : undefined;
  const ending = await ended;
  deadline?.cancel();
  // It is being taken back: nothing may be started until that is done.
  await expiring;
  signal.removeEventListener('abort', stop);
  return { ...ending, ranMs: clock.monotonicMs() - startedMs };
}

async function expire(options: LauncherOptions, trial: UpdateState, child: ChildProcess): Promise<void> {
  const { folder, log, clock } = options;
  // It may have been committed long ago, and have begun the next update itself.
  const standing = async () => {
    const state = await folder.readState();
    return state?.phase === 'trial' && state.jobId === trial.jobId ? state : undefined;
  };
  if ((await standing()) === undefined) return;
  // Stopped before the switch: it must not commit while it is being taken back.
  await stopChild(child, clock);
  const state = await standing();
  if (state === undefined) return;
  const limit = trial.healthSeconds + trial.graceSeconds;
  await goBack(folder, log, state, `It did not prove its health within ${limit} s.`);
}

/** In words; for one that could not start, what it said itself. */
async function endOf(child: ChildProcess): Promise<Omit<Ending, 'ranMs'>> {
  let said: string | undefined;
  let isBlocked = false;
  child.on('message', (message: { type?: string; code?: string; message?: string }) => {
    if (message.type !== 'failed') return;
    said = message.message;
    isBlocked = message.code === 'ALREADY_RUNNING';
  });
  child.on('error', (error) => {
    said = error.message;
  });
  if (child.pid === undefined) return { how: said ?? 'It could not be started.', isBlocked };
  const [code, signalName] = (await once(child, 'exit')) as [number | null, string | null];
  const how = signalName === null ? `It ended with exit code ${code}.` : `It was ended by ${signalName}.`;
  return { how: said ?? how, isBlocked };
}

async function stopChild(child: ChildProcess, clock: Clock): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = clock.after(stopLimitMs, () => child.kill('SIGKILL'));
  await ended;
  timer.cancel();
}
