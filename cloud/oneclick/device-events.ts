/** The events of a device as `ListDeviceEvents` tells them: its clicks by the time they came, oldest first. */
import type { SqlReader, SqlRow, SqlValue } from '../../core/db/database.js';

/** From `fromMs` up to, not including, `toMs`. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
  /** `last` of the page before. */
  readonly after: string | undefined;
}

export interface EventPage {
  readonly events: readonly { clickType: string; reportedTime: string; remainingLife: number }[];
  /** Where this page ends; undefined when nothing follows. */
  readonly last: string | undefined;
}

export async function listEvents(
  reader: SqlReader,
  thing: string,
  range: TimeRange,
  limit: number,
): Promise<EventPage> {
  const [afterMs, afterN] = (range.after ?? '').split(':').map(Number);
  const params: SqlValue[] = [thing, range.fromMs, range.toMs];
  let condition = 'thing = ? AND received_ms >= ? AND received_ms < ?';
  if (afterMs !== undefined && afterN !== undefined) {
    condition += ' AND (received_ms, n) > (?, ?)';
    params.push(afterMs, afterN);
  }
  const rows = await reader.all(
    `SELECT n, click_type, received_ms, remaining_life FROM clicks WHERE ${condition}
     ORDER BY received_ms, n LIMIT ?`,
    [...params, limit + 1],
  );
  const page = rows.slice(0, limit);
  const final = rows.length > limit ? page.at(-1) : undefined;
  return {
    events: page.map(eventOf),
    last: final && `${final['received_ms']}:${final['n']}`,
  };
}

function eventOf(row: SqlRow): EventPage['events'][number] {
  const life = row['remaining_life'];
  return {
    clickType: String(row['click_type']),
    reportedTime: new Date(Number(row['received_ms'])).toISOString(),
    remainingLife: typeof life === 'number' ? life : 100,
  };
}
