/** Executions of workflows in words. */

import type { ExecutionPosition, ExecutionView } from '../../../../core/wire/workflows.js';
import { causeText } from '../../../../core/workflow-cause.js';

export const executionWords: Record<ExecutionView['state'], string> = {
  RUNNING: 'Running',
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
  STOPPED: 'Stopped',
};

export const waitWords: Record<ExecutionPosition['waitsFor'], string> = {
  nothing: 'goes on',
  task: 'runs',
  time: 'waits',
  retry: 'waits to try again',
  branches: 'branches run',
};

const events: Readonly<Record<string, string>> = {
  ExecutionStarted: 'began',
  ExecutionSucceeded: 'ended well',
  ExecutionFailed: 'failed',
  StateEntered: 'was reached',
  StateExited: 'was left',
  TaskScheduled: 'starts its action',
  TaskSucceeded: 'its action succeeded',
  TaskFailed: 'its action failed',
  TaskTimedOut: 'its action took too long',
  RetryScheduled: 'will be tried again',
  ErrorCaught: 'its error was caught',
};

/** `Ask: its action failed`, `The workflow began`; an event of a newer backend is shown as it is named. */
export function eventText({ type, state }: { readonly type: string; readonly state: string }): string {
  const words = events[type] ?? type;
  return state === '' ? `The workflow ${words}` : `${state.split('/').at(-1)} ${words}`;
}

/** What a task or the workflow said when it failed; undefined for any other event. */
export function errorText(detail: unknown): string | undefined {
  const { error, cause } = (detail ?? {}) as { error?: unknown; cause?: unknown };
  if (typeof error !== 'string') return undefined;
  return typeof cause === 'string' && cause !== '' ? `${error}: ${causeText(cause)}` : error;
}
