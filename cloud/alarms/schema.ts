/**
 * Alarm rules, what each alarm is at, and its past. Times are wall-clock milliseconds for people to read;
 * what has to be waited for is kept as a length (`elapsed_ms`), so that a clock set meanwhile changes nothing.
 */
export const alarmSchema = `
  CREATE TABLE alarm_rules (
    name TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    origin TEXT NOT NULL,
    created_ms INTEGER NOT NULL
  );
  CREATE TABLE alarms (
    rule TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    elapsed_ms INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    acknowledged_ms INTEGER,
    snoozed_until_ms INTEGER,
    window_ms INTEGER NOT NULL,
    notices INTEGER NOT NULL,
    withheld INTEGER NOT NULL,
    PRIMARY KEY (rule, subject)
  ) WITHOUT ROWID;
  CREATE TABLE alarm_history (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    rule TEXT NOT NULL,
    subject TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    reason TEXT NOT NULL,
    notified INTEGER NOT NULL
  );
  CREATE INDEX alarm_history_by_rule ON alarm_history (rule, subject, n);
`;
