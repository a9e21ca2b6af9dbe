/** Deletes executions that ended long ago: first their histories, then the executions themselves. */
import type { Database } from '../../core/db/database.js';

/** Deletes up to `limit` entries of executions that ended in that time; tells how many went. */
export async function deleteHistoryBetween(
  database: Database,
  [fromMs, beforeMs]: readonly [number, number],
  limit: number,
): Promise<number> {
  const { changes } = await database.run(
    `DELETE FROM execution_events WHERE (execution, n) IN (
       SELECT execution, execution_events.n FROM executions
       CROSS JOIN execution_events ON execution = executions.id WHERE ended_ms >= ? AND ended_ms < ?
       ORDER BY ended_ms LIMIT ?)`,
    [fromMs, beforeMs, limit],
  );
  return changes;
}

/**
 * Deletes up to `limit` executions without history that ended before `beforeMs`, and tells how many went.
 * One whose run is still there stays: a run that was cut off at its end looks for its execution. The id is
 * that of the run, a UUID, with the number of the replay behind it.
 */
export async function deleteExecutionsBefore(
  database: Database,
  beforeMs: number,
  limit: number,
): Promise<number> {
  const { changes } = await database.run(
    `DELETE FROM executions WHERE n IN (SELECT n FROM executions WHERE ended_ms < ?
       AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = substr(executions.id, 1, 36))
       AND NOT EXISTS (SELECT 1 FROM execution_events WHERE execution = executions.id)
       ORDER BY ended_ms LIMIT ?)`,
    [beforeMs, limit],
  );
  return changes;
}
