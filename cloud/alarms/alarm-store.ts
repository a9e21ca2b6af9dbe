/** Alarm rules, alarms and their history in the database. A change and its notices are one transaction. */
import type { Database, SqlRow, SqlStatement, SqlWriter } from '../../core/db/database.js';
import { type AlarmChange, type AlarmRule, type AlarmState, alarmRule } from '../../core/wire/alarms.js';

export interface StoredRule {
  readonly rule: AlarmRule;
  readonly origin: 'api' | 'config';
  readonly createdMs: number;
}

/** An alarm as it is kept; `elapsedMs` and `windowMs` are lengths up to when it was written. */
export interface StoredAlarm {
  readonly rule: string;
  readonly subject: string;
  readonly state: AlarmState;
  readonly sinceMs: number;
  readonly reason: string;
  readonly elapsedMs: number;
  readonly changes: number;
  readonly acknowledgedMs: number | null;
  readonly snoozedUntilMs: number | null;
  readonly windowMs: number;
  readonly notices: number;
  readonly withheld: number;
}

interface AlarmRow extends SqlRow {
  rule: string;
  subject: string;
  state: AlarmState;
  since_ms: number;
  reason: string;
  elapsed_ms: number;
  changes: number;
  acknowledged_ms: number | null;
  snoozed_until_ms: number | null;
  window_ms: number;
  notices: number;
  withheld: number;
}

interface HistoryRow extends SqlRow {
  rule: string;
  subject: string;
  from_state: AlarmState;
  to_state: AlarmState;
  at_ms: number;
  reason: string;
  notified: number;
}

export async function loadRules(database: Database): Promise<StoredRule[]> {
  const rows = await database.all<{ rule: string; origin: 'api' | 'config'; created_ms: number }>(
    'SELECT rule, origin, created_ms FROM alarm_rules ORDER BY name LIMIT 10000',
  );
  return rows.map((row) => ({
    rule: alarmRule.parse(JSON.parse(row.rule)),
    origin: row.origin,
    createdMs: row.created_ms,
  }));
}

export async function saveRule(database: Database, { rule, origin, createdMs }: StoredRule): Promise<void> {
  await database.run(
    `INSERT INTO alarm_rules (name, rule, origin, created_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET rule = excluded.rule, origin = excluded.origin`,
    [rule.name, JSON.stringify(rule), origin, createdMs],
  );
}

/** Its alarms go, too; what they did stays in the history. */
export async function removeRule(database: Database, name: string): Promise<void> {
  await database.batch([
    { sql: 'DELETE FROM alarm_rules WHERE name = ?', params: [name] },
    { sql: 'DELETE FROM alarms WHERE rule = ?', params: [name] },
  ]);
}

export async function loadAlarms(database: Database): Promise<StoredAlarm[]> {
  const rows = await database.all<AlarmRow>('SELECT * FROM alarms LIMIT 1000000');
  return rows.map((row) => ({
    rule: row.rule,
    subject: row.subject,
    state: row.state,
    sinceMs: row.since_ms,
    reason: row.reason,
    elapsedMs: row.elapsed_ms,
    changes: row.changes,
    acknowledgedMs: row.acknowledged_ms,
    snoozedUntilMs: row.snoozed_until_ms,
    windowMs: row.window_ms,
    notices: row.notices,
    withheld: row.withheld,
  }));
}

export function alarmStatement(alarm: StoredAlarm): SqlStatement {
  return {
    sql: `INSERT OR REPLACE INTO alarms (rule, subject, state, since_ms, reason, elapsed_ms, changes,
            acknowledged_ms, snoozed_until_ms, window_ms, notices, withheld)
          SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM alarm_rules WHERE name = ?)`,
    params: [
      alarm.rule,
      alarm.subject,
      alarm.state,
      alarm.sinceMs,
      alarm.reason,
      alarm.elapsedMs,
      alarm.changes,
      alarm.acknowledgedMs,
      alarm.snoozedUntilMs,
      alarm.windowMs,
      alarm.notices,
      alarm.withheld,
      alarm.rule,
    ],
  };
}

export interface NewChange {
  readonly from: AlarmState;
  readonly alarm: StoredAlarm;
  readonly atMs: number;
  readonly notified: boolean;
}

export async function writeChange(tx: SqlWriter, { from, alarm, atMs, notified }: NewChange): Promise<void> {
  const { sql, params = [] } = alarmStatement(alarm);
  await tx.run(sql, params);
  await tx.run(
    `INSERT INTO alarm_history (rule, subject, from_state, to_state, at_ms, reason, notified)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [alarm.rule, alarm.subject, from, alarm.state, atMs, alarm.reason, notified ? 1 : 0],
  );
}

export async function listHistory(
  database: Database,
  { rule, subject, limit }: { rule?: string | undefined; subject?: string | undefined; limit: number },
): Promise<AlarmChange[]> {
  const rows = await database.all<HistoryRow>(
    `SELECT rule, subject, from_state, to_state, at_ms, reason, notified FROM alarm_history
     WHERE (? IS NULL OR rule = ?) AND (? IS NULL OR subject = ?) ORDER BY n DESC LIMIT ?`,
    [rule ?? null, rule ?? null, subject ?? null, subject ?? null, limit],
  );
  return rows.map((row) => ({
    rule: row.rule,
    subject: row.subject,
    from: row.from_state,
    to: row.to_state,
    at: new Date(row.at_ms).toISOString(),
    reason: row.reason,
    notified: row.notified === 1,
  }));
}

/** Deletes up to `limit` changes older than `beforeMs`; tells how many went. */
export async function deleteHistoryBefore(
  database: Database,
  beforeMs: number,
  limit: number,
): Promise<number> {
  const { changes } = await database.run(
    'DELETE FROM alarm_history WHERE n IN (SELECT n FROM alarm_history WHERE at_ms < ? ORDER BY n LIMIT ?)',
    [beforeMs, limit],
  );
  return changes;
}

/** Outcomes of the last runs of an action, newest first. */
export async function lastOutcomes(
  database: Database,
  functionName: string,
  limit: number,
): Promise<{ failed: boolean; endedMs: number }[]> {
  const rows = await database.all<{ state: string; ended_ms: number }>(
    `SELECT state, ended_ms FROM runs WHERE function_name = ? AND state IN ('SUCCEEDED', 'FAILED')
     AND ended_ms IS NOT NULL ORDER BY n DESC LIMIT ?`,
    [functionName, limit],
  );
  return rows.map((row) => ({ failed: row.state === 'FAILED', endedMs: row.ended_ms }));
}
