/** When a state goes on, and which way. Pure. */
import { type ChoiceRule, holds, timestampMs } from './choice-rule.js';
import { valueAt } from './data-flow.js';
import type { Retrier, StateOf } from './definition.js';
import type { Json } from './reference-path.js';
import { StateFault } from './state-fault.js';

const secondMs = 1_000;
/** A year, as AWS Step Functions allows at most. */
const maxSeconds = 31_622_400;

/** @throws StateFault when what a path names is missing or of the wrong kind. */
export function waitUntilMs(state: StateOf<'Wait'>, input: Json, context: Json, nowMs: number): number {
  if (state.Seconds !== undefined) return nowMs + state.Seconds * secondMs;
  if (state.SecondsPath !== undefined) {
    return nowMs + secondsAt(state.SecondsPath, input, context) * secondMs;
  }
  const text = state.Timestamp ?? valueAt(state.TimestampPath ?? '', input, context, 'States.Runtime');
  const ms = timestampMs(text);
  if (ms === undefined) throw new StateFault('States.Runtime', `${JSON.stringify(text)} is no timestamp.`);
  return ms;
}

/** Milliseconds; undefined for a task that may take as long as its action allows. @throws StateFault */
export function timeoutMsOf(state: StateOf<'Task'>, input: Json, context: Json): number | undefined {
  if (state.TimeoutSecondsPath === undefined) {
    return state.TimeoutSeconds === undefined ? undefined : state.TimeoutSeconds * secondMs;
  }
  return secondsAt(state.TimeoutSecondsPath, input, context) * secondMs;
}

/** @throws StateFault `States.NoChoiceMatched` when no rule holds and there is no default. */
export function choiceNext(state: StateOf<'Choice'>, input: Json, context: Json): string {
  const rule = state.Choices.find((one) => holds(one as ChoiceRule, input, context));
  const next = rule === undefined ? state.Default : String(rule['Next']);
  if (next === undefined) {
    throw new StateFault('States.NoChoiceMatched', 'No rule holds, and the state has no Default.');
  }
  return next;
}

/** @param used how often this retrier has helped already; `random` gives 0 to 1, for jitter. */
export function retryDelayMs(retrier: Retrier, used: number, random: () => number): number {
  const longestMs = (retrier.MaxDelaySeconds ?? maxSeconds) * secondMs;
  const delayMs = Math.min(longestMs, retrier.IntervalSeconds * secondMs * retrier.BackoffRate ** used);
  return Math.round(retrier.JitterStrategy === 'FULL' ? delayMs * random() : delayMs);
}

function secondsAt(path: string, input: Json, context: Json): number {
  const value = valueAt(path, input, context, 'States.Runtime');
  if (typeof value === 'number' && value >= 0 && value <= maxSeconds) return value;
  throw new StateFault(
    'States.Runtime',
    `${path} holds ${JSON.stringify(value)}, which is no number of seconds.`,
  );
}
