/**
 * Deletes runs that are old. Never one that is open, that waits in the dead-letter list, or that a running
 * workflow may still ask for.
 */
import type { Database } from '../../core/db/database.js';

/** A step's `source_id` is its execution, a slash and its number. */
const isOver = `(state = 'SUCCEEDED' OR state = 'FAILED' AND (discarded_ms IS NOT NULL OR source_kind = 'workflow'))
  AND NOT (source_kind = 'workflow' AND EXISTS (SELECT 1 FROM executions
    WHERE executions.id = rtrim(rtrim(source_id, '0123456789'), '/') AND executions.state = 'RUNNING'))`;

/** Deletes up to `limit` runs that ended before `beforeMs`, with logs and results; tells how many went. */
export async function deleteRunsBefore(database: Database, beforeMs: number, limit: number): Promise<number> {
  const rows = await database.all<{ id: string }>(
    `SELECT id FROM runs WHERE ended_ms < ? AND ${isOver} ORDER BY ended_ms LIMIT ?`,
    [beforeMs, limit],
  );
  if (rows.length === 0) return 0;
  const params = [JSON.stringify(rows.map(({ id }) => id))];
  const those = '(SELECT value FROM json_each(?))';
  await database.batch([
    { sql: `DELETE FROM run_logs WHERE run_id IN ${those}`, params },
    { sql: `DELETE FROM run_results WHERE run_id IN ${those}`, params },
    { sql: `DELETE FROM runs WHERE id IN ${those}`, params },
  ]);
  return rows.length;
}

/** Deletes up to `limit` logs of runs that ended in that time; tells how many went. */
export async function deleteLogsBetween(
  database: Database,
  [fromMs, beforeMs]: readonly [number, number],
  limit: number,
): Promise<number> {
  const { changes } = await database.run(
    `DELETE FROM run_logs WHERE run_id IN (SELECT run_id FROM runs CROSS JOIN run_logs ON run_id = id
       WHERE ended_ms >= ? AND ended_ms < ? ORDER BY ended_ms LIMIT ?)`,
    [fromMs, beforeMs, limit],
  );
  return changes;
}
