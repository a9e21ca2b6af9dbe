/**
 * Follows one press that was made here from the request to the end of its actions. Pure; times are
 * milliseconds of one monotonic clock. A press is known by its place: thing and button.
 */
import type { ClickView, RunView } from '../../../../core/wire/api.js';
import type { ClickType } from '../../../../core/wire/messages.js';
import { isCausedBy } from './activity.js';

export type PressStep =
  | 'sending'
  /** The backend took the request; the device has not reported the click yet. */
  | 'waiting'
  | 'stored'
  | 'running'
  | 'succeeded'
  | 'failed'
  /** Stored, and no action answers to it. */
  | 'without-action'
  | 'refused'
  | 'silent';

export interface Press {
  readonly thing: string;
  readonly button: string;
  readonly pattern: ClickType;
  readonly step: PressStep;
  readonly startedMs: number;
  readonly clickId: string | null;
  readonly storedAfterMs: number | null;
  readonly endedAfterMs: number | null;
  readonly runs: readonly RunView[];
  /** What went wrong, in a sentence. */
  readonly sentence: string | null;
}

/** After this long without a click the device counts as silent; a long press alone takes over 2 s. */
export const silentAfterMs = 12_000;
/** After this long without a run, no action is attached to the button. */
export const withoutActionAfterMs = 4_000;

export function pressKey(thing: string, button: string): string {
  return `${thing}/${button}`;
}

export function startPress(thing: string, button: string, pattern: ClickType, nowMs: number): Press {
  return {
    thing,
    button,
    pattern,
    step: 'sending',
    startedMs: nowMs,
    clickId: null,
    storedAfterMs: null,
    endedAfterMs: null,
    runs: [],
    sentence: null,
  };
}

export function accepted(press: Press): Press {
  return press.step === 'sending' ? { ...press, step: 'waiting' } : press;
}

export function refused(press: Press, sentence: string): Press {
  return press.clickId === null ? { ...press, step: 'refused', sentence } : press;
}

/** Takes `click` for the one this press made if nothing speaks against it; runs may have come first. */
export function withClick(press: Press, click: ClickView, runs: readonly RunView[], nowMs: number): Press {
  const other = press.thing !== click.thing || press.button !== click.button;
  if (other || press.pattern !== click.clickType || press.clickId !== null) return press;
  const stored: Press = {
    ...press,
    step: 'stored',
    clickId: click.id,
    storedAfterMs: nowMs - press.startedMs,
    sentence: null,
  };
  return runs.reduce((next, run) => withRun(next, run, nowMs), stored);
}

/** A failed run that is tried again leads back from `failed` to `running`. */
export function withRun(press: Press, run: RunView, nowMs: number): Press {
  if (!isCausedBy(run, press.thing, press.clickId)) return press;
  const runs = [...press.runs.filter((other) => other.id !== run.id), run];
  const failed = runs.find((other) => other.state === 'FAILED');
  const ended = runs.every((other) => other.state === 'SUCCEEDED' || other.state === 'FAILED');
  if (!ended) return { ...press, runs, step: 'running', endedAfterMs: null, sentence: null };
  return {
    ...press,
    runs,
    step: failed === undefined ? 'succeeded' : 'failed',
    endedAfterMs: nowMs - press.startedMs,
    sentence: failed === undefined ? null : (failed.error ?? 'The action failed without saying why.'),
  };
}

/** What the passing of time alone changes. */
export function withTime(press: Press, nowMs: number): Press {
  const sinceStartMs = nowMs - press.startedMs;
  if (press.step === 'waiting' && sinceStartMs >= silentAfterMs) {
    return {
      ...press,
      step: 'silent',
      sentence: 'The device has not answered. It shows up here as soon as it does.',
    };
  }
  const sinceStoredMs = sinceStartMs - (press.storedAfterMs ?? 0);
  if (press.step === 'stored' && sinceStoredMs >= withoutActionAfterMs) {
    return { ...press, step: 'without-action' };
  }
  return press;
}

/** May the button be pressed again? */
export function isBusy(press: Press | undefined): boolean {
  return press?.step === 'sending' || press?.step === 'waiting';
}
