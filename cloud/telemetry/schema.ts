/**
 * Sums of readings per minute and per hour, kept longer than the readings themselves, and what people
 * say about a series. The sums change in the transaction that stores a reading, so late data is in them.
 */
import { tiers } from './tiers.js';

/** The start of the bucket that `time_ms` lies in; rounds down before 1970, too. */
const bucketOf = (widthMs: number) => `time_ms - ((time_ms % ${widthMs}) + ${widthMs}) % ${widthMs}`;

const table = (name: string, widthMs: number) => `
  CREATE TABLE ${name} (
    series_id INTEGER NOT NULL,
    bucket_ms INTEGER NOT NULL,
    count INTEGER NOT NULL,
    sum REAL NOT NULL,
    min REAL NOT NULL,
    max REAL NOT NULL,
    PRIMARY KEY (series_id, bucket_ms)
  ) WITHOUT ROWID;
  INSERT INTO ${name} SELECT series_id, ${bucketOf(widthMs)} AS b, COUNT(*), SUM(value), MIN(value),
    MAX(value) FROM readings GROUP BY series_id, b;
`;

/** `cleared_ms`: nothing older than that is sure to be there. */
export const telemetryRollups = `
  ${table(tiers.minute.table, tiers.minute.widthMs)}
  ${table(tiers.hour.table, tiers.hour.widthMs)}
  CREATE TABLE telemetry_tiers (
    tier TEXT PRIMARY KEY,
    cleared_ms INTEGER NOT NULL
  );
  ALTER TABLE series ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';
`;
