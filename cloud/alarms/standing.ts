/**
 * How an alarm goes from state to state. Pure. All times are on the monotonic scale, so that setting the
 * clock neither raises nor clears an alarm.
 */
import type { AlarmState } from '../../core/wire/alarms.js';

/**
 * `good`: the cause is gone for sure. `between`: neither bad nor yet good (hysteresis). `near`: on its way
 * to bad. `bad`: what the rule watches for is the case.
 */
export type Truth = 'good' | 'between' | 'near' | 'bad';

export interface Standing {
  readonly state: AlarmState;
  /** While PENDING since when it is bad, while ALARM since when it is good again; undefined otherwise. */
  readonly markMs: number | undefined;
}

export interface Timing {
  /** So long bad before it is an alarm. */
  readonly holdMs: number;
  /** So long good before it is OK again. */
  readonly clearAfterMs: number;
}

export interface Step {
  readonly standing: Standing;
  /** When to look again though nothing new was heard. */
  readonly dueMs: number | undefined;
}

export function step(now: Standing, truth: Truth, nowMs: number, timing: Timing): Step {
  if (now.state === 'ALARM') return stepFromAlarm(now, truth, nowMs, timing.clearAfterMs);
  if (truth === 'bad') {
    const markMs = now.markMs ?? nowMs;
    const dueMs = markMs + timing.holdMs;
    if (nowMs >= dueMs) return settled('ALARM');
    return { standing: { state: 'PENDING', markMs }, dueMs };
  }
  return settled(truth === 'near' ? 'PENDING' : 'OK');
}

function stepFromAlarm(now: Standing, truth: Truth, nowMs: number, clearAfterMs: number): Step {
  if (truth !== 'good') return settled('ALARM');
  const markMs = now.markMs ?? nowMs;
  const dueMs = markMs + clearAfterMs;
  if (nowMs >= dueMs) return settled('OK');
  return { standing: { state: 'ALARM', markMs }, dueMs };
}

function settled(state: AlarmState): Step {
  return { standing: { state, markMs: undefined }, dueMs: undefined };
}
