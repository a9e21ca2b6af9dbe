/** What people do with alarms: rules made and deleted, lists, acknowledgement. Rules are in the database. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../core/clock.js';
import type { Database } from '../../core/db/database.js';
import type { AlarmChange, AlarmRule, AlarmRuleView, AlarmState, AlarmView } from '../../core/wire/alarms.js';
import { type Alarm, viewOf } from './alarm.js';
import { AlarmEngine } from './alarm-engine.js';
import { listHistory, loadRules, removeRule, type StoredRule, saveRule } from './alarm-store.js';
import type { AlarmEngineOptions } from './engine-options.js';
import {
  alarmRuleConfigured,
  alarmRuleExists,
  alarmRuleUnknown,
  alarmUnknown,
  tooManyAlarmRules,
} from './errors.js';

const maxRules = 1_000;
const urgency: Readonly<Record<AlarmState, number>> = { ALARM: 0, PENDING: 1, OK: 2 };

export class AlarmDesk {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly engine: AlarmEngine;
  readonly #rules: Map<string, StoredRule>;

  private constructor(database: Database, clock: Clock, engine: AlarmEngine, rules: Map<string, StoredRule>) {
    this.#database = database;
    this.#clock = clock;
    this.engine = engine;
    this.#rules = rules;
  }

  /** The rules of the configuration take the place of those that stood there at the last start. */
  static async open(options: AlarmEngineOptions, configured: readonly AlarmRule[]): Promise<AlarmDesk> {
    const { database, clock } = options;
    await seed(database, configured, clock.now());
    const stored = await loadRules(database);
    const rules = new Map(stored.map((one) => [one.rule.name, one]));
    const engine = await AlarmEngine.open(
      options,
      stored.map(({ rule }) => rule),
    );
    return new AlarmDesk(database, clock, engine, rules);
  }

  /** @throws ALARM_RULE_EXISTS, TOO_MANY_ALARM_RULES */
  async createRule(rule: AlarmRule): Promise<AlarmRuleView> {
    if (this.#rules.has(rule.name)) throw alarmRuleExists(rule.name);
    if (this.#rules.size >= maxRules) throw tooManyAlarmRules(maxRules);
    const stored: StoredRule = { rule, origin: 'api', createdMs: this.#clock.now() };
    this.#rules.set(rule.name, stored);
    try {
      await saveRule(this.#database, stored);
    } catch (error) {
      this.#rules.delete(rule.name);
      throw error;
    }
    await this.engine.addRule(rule);
    return this.#viewOf(stored);
  }

  /** @throws ALARM_RULE_UNKNOWN, ALARM_RULE_CONFIGURED */
  async deleteRule(name: string): Promise<void> {
    if (this.#require(name).origin === 'config') throw alarmRuleConfigured(name);
    this.#rules.delete(name);
    this.engine.removeRule(name);
    await this.engine.settled();
    await removeRule(this.#database, name);
  }

  rules(): AlarmRuleView[] {
    return [...this.#rules.values()]
      .sort((a, b) => (a.rule.name < b.rule.name ? -1 : 1))
      .map((stored) => this.#viewOf(stored));
  }

  /** With its alarms. @throws ALARM_RULE_UNKNOWN */
  rule(name: string): { rule: AlarmRuleView; alarms: AlarmView[] } {
    const stored = this.#require(name);
    const own = this.engine.alarms().filter((alarm) => alarm.rule === stored.rule);
    return { rule: this.#viewOf(stored), alarms: sorted(own) };
  }

  /** Those that need somebody first. */
  alarms(query: { state?: AlarmState | undefined; thing?: string | undefined } = {}): AlarmView[] {
    const { state, thing } = query;
    const found = this.engine
      .alarms()
      .filter((alarm) => state === undefined || alarm.standing.state === state)
      .filter((alarm) => thing === undefined || alarm.thing?.thing === thing);
    return sorted(found);
  }

  history(query: Parameters<typeof listHistory>[1]): Promise<AlarmChange[]> {
    return listHistory(this.#database, query);
  }

  /** @throws ALARM_UNKNOWN */
  async acknowledge(rule: string, subject: string): Promise<AlarmView> {
    return this.engine.mark(this.#requireAlarm(rule, subject), { acknowledgedMs: this.#clock.now() });
  }

  /** No notices for so long, but that it is over; 0 ends the quiet. @throws ALARM_UNKNOWN */
  async snooze(rule: string, subject: string, forMs: number): Promise<AlarmView> {
    const untilMs = forMs === 0 ? null : this.#clock.now() + forMs;
    return this.engine.mark(this.#requireAlarm(rule, subject), { snoozedUntilMs: untilMs });
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  #require(name: string): StoredRule {
    const stored = this.#rules.get(name);
    if (stored === undefined) throw alarmRuleUnknown(name);
    return stored;
  }

  #requireAlarm(rule: string, subject: string): Alarm {
    const alarm = this.engine.alarm(rule, subject);
    if (alarm === undefined) throw alarmUnknown(rule, subject);
    return alarm;
  }

  #viewOf({ rule, origin, createdMs }: StoredRule): AlarmRuleView {
    const states = this.engine
      .alarms()
      .filter((alarm) => alarm.rule.name === rule.name)
      .map(({ standing }) => standing.state);
    const count = (state: AlarmState) => states.filter((one) => one === state).length;
    const alarms = { ok: count('OK'), pending: count('PENDING'), alarm: count('ALARM') };
    return { ...rule, origin, createdAt: new Date(createdMs).toISOString(), alarms };
  }
}

function sorted(alarms: readonly Alarm[]): AlarmView[] {
  return alarms
    .map(viewOf)
    .sort((a, b) => urgency[a.state] - urgency[b.state] || Date.parse(b.since) - Date.parse(a.since));
}

/** A rule that reads otherwise than before begins anew. */
async function seed(database: Database, configured: readonly AlarmRule[], nowMs: number): Promise<void> {
  const before = new Map((await loadRules(database)).map((one) => [one.rule.name, one]));
  for (const [name, { origin }] of before) {
    const isGone = origin === 'config' && !configured.some((rule) => rule.name === name);
    if (isGone) await removeRule(database, name);
  }
  for (const rule of configured) {
    const known = before.get(rule.name);
    if (known?.origin === 'config' && isDeepStrictEqual(known.rule, rule)) continue;
    if (known !== undefined) await removeRule(database, rule.name);
    await saveRule(database, { rule, origin: 'config', createdMs: known?.createdMs ?? nowMs });
  }
}
