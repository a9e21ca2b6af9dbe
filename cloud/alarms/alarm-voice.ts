/** Decides which changes of an alarm are told, and puts each into words. */
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { AlarmState, AlarmView } from '../../core/wire/alarms.js';
import { type Alarm, storedOf, viewOf } from './alarm.js';
import { decide, summaryDueMs } from './notice-window.js';
import type { Notices } from './notices.js';
import { type Facts, reasonFor } from './reasons.js';

export interface AlarmVoiceOptions {
  readonly notices: Notices;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of each change after it happened. */
  readonly onAlarm: (alarm: AlarmView) => void;
}

export class AlarmVoice {
  readonly #options: AlarmVoiceOptions;

  constructor(options: AlarmVoiceOptions) {
    this.#options = options;
  }

  /** The alarm has another state than `from` now. */
  changed(alarm: Alarm, from: AlarmState, facts: Omit<Facts, 'subject'>): void {
    const { clock } = this.#options;
    const { when, notifyOn, noticesPerHour, actions } = alarm.rule;
    const { state } = alarm.standing;
    alarm.sinceMs = clock.now();
    alarm.reason = reasonFor(when, state, { subject: alarm.subject, ...facts });
    alarm.changes++;
    if (state === 'OK') alarm.acknowledgedMs = null;
    let isTold =
      actions.length > 0 && isWanted(notifyOn, from, state) && !isSilenced(alarm, from, clock.now());
    if (isTold) {
      const decision = decide(alarm.window, noticesPerHour, clock.monotonicMs());
      alarm.window = decision.window;
      isTold = decision.isTold;
    }
    this.#tell(alarm, from, isTold);
  }

  #tell(
    alarm: Alarm,
    from: AlarmState,
    notified: boolean,
    summary?: { changes: number; sinceMs: number },
  ): void {
    const { clock, notices, onAlarm, log } = this.#options;
    const { rule, subject, reason } = alarm;
    const state = alarm.standing.state;
    notices.add({
      rule,
      thing: alarm.thing?.thing,
      from,
      alarm: storedOf(alarm, clock.monotonicMs()),
      atMs: clock.now(),
      notified,
      ...(summary && { summary }),
    });
    log.info('alarm', { rule: rule.name, subject, from, to: state, reason, notified });
    onAlarm(viewOf(alarm));
  }

  /** What was withheld in the hour that is over, in one notice. */
  summarise(alarm: Alarm): void {
    const { clock } = this.#options;
    const dueMs = summaryDueMs(alarm.window);
    const nowMs = clock.monotonicMs();
    if (dueMs === undefined || dueMs > nowMs) return;
    const summary = {
      changes: alarm.window.withheld,
      sinceMs: clock.now() - (nowMs - alarm.window.startedMs),
    };
    alarm.window = { startedMs: nowMs, notices: 1, withheld: 0 };
    alarm.changes++;
    alarm.reason = `${alarm.reason} It changed ${summary.changes} more times in the last hour.`;
    this.#tell(alarm, alarm.standing.state, true, summary);
  }

  /** The quiet is over: told again when it still is an alarm. */
  endSnooze(alarm: Alarm): void {
    const { clock } = this.#options;
    if (alarm.snoozedUntilMs === null || alarm.snoozedUntilMs > clock.now()) return;
    alarm.snoozedUntilMs = null;
    if (alarm.standing.state !== 'ALARM' || alarm.rule.actions.length === 0) return;
    alarm.changes++;
    this.#tell(alarm, 'ALARM', true);
  }
}

/** That all is well is news to those who were told that it was not. */
function isWanted(notifyOn: readonly AlarmState[], from: AlarmState, to: AlarmState): boolean {
  return notifyOn.includes(to) && (to !== 'OK' || from === 'ALARM' || notifyOn.includes(from));
}

/** Somebody wants quiet; but the end of what they were told of is worth a word. */
function isSilenced(alarm: Alarm, from: AlarmState, wallMs: number): boolean {
  const isEnd = from === 'ALARM' && alarm.standing.state === 'OK';
  return !isEnd && alarm.snoozedUntilMs !== null && alarm.snoozedUntilMs > wallMs;
}
