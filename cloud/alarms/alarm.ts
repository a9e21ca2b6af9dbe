/** One alarm in memory: a rule applied to one thing or action. */
import type { AlarmRule, AlarmView } from '../../core/wire/alarms.js';
import type { StoredAlarm } from './alarm-store.js';
import { type NoticeWindow, windowMs } from './notice-window.js';
import { adviceFor } from './reasons.js';
import type { Standing } from './standing.js';
import { elapsedOf, type ThingWatch } from './watches.js';

export interface Alarm {
  readonly rule: AlarmRule;
  readonly subject: string;
  /** Undefined for an alarm of an action. */
  readonly thing: ThingWatch | undefined;
  standing: Standing;
  /** Wall-clock time, for people. */
  sinceMs: number;
  reason: string;
  /** How often it changed; numbers its notices. */
  changes: number;
  acknowledgedMs: number | null;
  snoozedUntilMs: number | null;
  window: NoticeWindow;
  /** When to look again at the cause though nothing new was heard, on the monotonic scale. */
  lookMs: number | undefined;
}

export function newAlarm(
  rule: AlarmRule,
  subject: string,
  thing: ThingWatch | undefined,
  now: { readonly wallMs: number; readonly monotonicMs: number },
): Alarm {
  return {
    rule,
    subject,
    thing,
    standing: { state: 'OK', markMs: undefined },
    sinceMs: now.wallMs,
    reason: 'Nothing has been the matter yet.',
    changes: 0,
    acknowledgedMs: null,
    snoozedUntilMs: null,
    window: { startedMs: now.monotonicMs, notices: 0, withheld: 0 },
    lookMs: undefined,
  };
}

/** As it stood when the backend stopped. Lengths go on from there: the time between does not count. */
export function restore(alarm: Alarm, kept: StoredAlarm, nowMs: number): void {
  const { state } = kept;
  const isHeld = state === 'PENDING' && kept.elapsedMs > 0 && alarm.rule.when.kind === 'range';
  alarm.standing = { state, markMs: isHeld ? nowMs - kept.elapsedMs : undefined };
  alarm.sinceMs = kept.sinceMs;
  alarm.reason = kept.reason;
  alarm.changes = kept.changes;
  alarm.acknowledgedMs = kept.acknowledgedMs;
  alarm.snoozedUntilMs = kept.snoozedUntilMs;
  const age = Math.min(windowMs, Math.max(0, kept.windowMs));
  alarm.window = { startedMs: nowMs - age, notices: kept.notices, withheld: kept.withheld };
}

export function storedOf(alarm: Alarm, nowMs: number): StoredAlarm {
  const { rule, standing } = alarm;
  return {
    rule: rule.name,
    subject: alarm.subject,
    state: standing.state,
    sinceMs: alarm.sinceMs,
    reason: alarm.reason,
    elapsedMs: elapsedOf(rule.when, alarm.thing, standing.markMs, nowMs),
    changes: alarm.changes,
    acknowledgedMs: alarm.acknowledgedMs,
    snoozedUntilMs: alarm.snoozedUntilMs,
    windowMs: Math.round(nowMs - alarm.window.startedMs),
    notices: alarm.window.notices,
    withheld: alarm.window.withheld,
  };
}

export function viewOf(alarm: Alarm): AlarmView {
  const { rule, standing } = alarm;
  return {
    rule: rule.name,
    subject: alarm.subject,
    kind: rule.when.kind,
    state: standing.state,
    since: new Date(alarm.sinceMs).toISOString(),
    reason: alarm.reason,
    advice: adviceFor(rule.when, standing.state),
    acknowledgedAt: isoTime(alarm.acknowledgedMs),
    snoozedUntil: isoTime(alarm.snoozedUntilMs),
  };
}

function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
