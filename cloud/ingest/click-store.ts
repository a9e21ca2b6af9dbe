/** Reads stored clicks, and deletes old ones. `ClickIngest` writes them. */
import type { Database, SqlRow } from '../../core/db/database.js';
import type { ClickView } from '../../core/wire/api.js';

const columns = 'id, thing, button, click_type, device_time_ms, received_ms';

interface ClickRow extends SqlRow {
  id: string;
  thing: string;
  button: string;
  click_type: ClickView['clickType'];
  device_time_ms: number;
  received_ms: number;
}

/** Newest first. */
export async function listClicks(
  database: Database,
  thing: string | undefined,
  limit: number,
): Promise<ClickView[]> {
  const rows =
    thing === undefined
      ? await database.all<ClickRow>(`SELECT ${columns} FROM clicks ORDER BY n DESC LIMIT ?`, [limit])
      : await database.all<ClickRow>(
          `SELECT ${columns} FROM clicks WHERE thing = ? ORDER BY received_ms DESC, n DESC LIMIT ?`,
          [thing, limit],
        );
  return rows.map((row) => ({
    id: row.id,
    thing: row.thing,
    button: row.button,
    clickType: row.click_type,
    deviceTime: new Date(row.device_time_ms).toISOString(),
    receivedAt: new Date(row.received_ms).toISOString(),
  }));
}

/** Deletes up to `limit` clicks that came before `beforeMs`; tells how many went. Counts of clicks stay. */
export async function deleteClicksBefore(
  database: Database,
  beforeMs: number,
  limit: number,
): Promise<number> {
  const { changes } = await database.run(
    `DELETE FROM clicks WHERE n IN (SELECT n FROM clicks WHERE received_ms < ? ORDER BY received_ms LIMIT ?)`,
    [beforeMs, limit],
  );
  return changes;
}
