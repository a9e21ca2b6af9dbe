/** What becomes of a run when an attempt has ended, as values. */
import type { GatehouseError } from '../../core/errors.js';
import type { RunView } from '../../core/wire/api.js';
import type { ActionOutcome } from './action.js';
import type { RunEnd, StartedRun } from './run-store.js';

export interface Ending {
  readonly outcome: ActionOutcome;
  readonly durationMs: number;
  /** Milliseconds since the epoch. */
  readonly endedMs: number;
  /** How long to wait before the next attempt; undefined when there is none. */
  readonly pauseMs: number | undefined;
}

/** The steps of a workflow are not repeated here: Retry in its definition says what is to be done. */
export function endOf(run: StartedRun, { outcome, durationMs, endedMs, pauseMs }: Ending): RunEnd {
  const isStep = run.source.kind === 'workflow';
  const common = { id: run.id, endedMs, durationMs: Math.round(durationMs * 1000) / 1000, log: outcome.log };
  if (outcome.ok) {
    const result = isStep ? (outcome.result ?? 'null') : null;
    return { ...common, state: 'SUCCEEDED', failures: run.failures, dueMs: null, error: null, result };
  }
  const { error } = outcome;
  const isRepeated = error.retryable && pauseMs !== undefined && !isStep;
  return {
    ...common,
    state: isRepeated ? 'PENDING' : 'FAILED',
    failures: run.failures + 1,
    dueMs: isRepeated ? endedMs + pauseMs : null,
    error: `${error.code}: ${error.message}`,
    result: isStep ? JSON.stringify(stepFailureOf(error)) : null,
  };
}

const timeouts: ReadonlySet<string> = new Set(['HANDLER_TIMED_OUT', 'ACTION_TIMED_OUT']);

/** The error as a workflow's Retry and Catch see it; a handler's by the name of what it threw. */
function stepFailureOf({ code, message, context }: GatehouseError): { error: string; cause: string } {
  if (timeouts.has(code)) return { error: 'States.Timeout', cause: message };
  if (code !== 'HANDLER_THREW') return { error: code, cause: message };
  const { errorType, errorMessage } = context;
  return { error: String(errorType), cause: JSON.stringify({ errorType, errorMessage }) };
}

/** @param end undefined while the run is under way. */
export function viewOf(run: StartedRun, end: RunEnd | undefined): RunView {
  return {
    id: run.id,
    source: run.source,
    thing: run.thing,
    functionName: run.functionName,
    state: end?.state ?? 'RUNNING',
    attempt: run.attempt,
    createdAt: new Date(run.createdMs).toISOString(),
    startedAt: new Date(run.startedMs).toISOString(),
    endedAt: end ? new Date(end.endedMs).toISOString() : null,
    durationMs: end?.durationMs ?? null,
    error: end?.error ?? null,
  };
}
