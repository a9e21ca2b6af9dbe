/** Things with what is counted and kept about them, one row each: no second query per thing of a list. */
import type { SqlReader, SqlRow, SqlValue } from '../../core/db/database.js';
import type { DeviceTypes } from '../registry/device-types.js';
import { type Thing, thingOf } from '../registry/thing-rows.js';

export interface ThingFacts extends Thing {
  /** Presses of its whole life. */
  readonly clicks: number;
  /** How many of them were made before the battery was last changed. */
  readonly clicksBeforeBattery: number;
  /** What runs for a click while it has no placement; null for none. */
  readonly onClickCallback: string | null;
  /** What runs when the life left falls under `healthThreshold`; null for none. */
  readonly healthCallback: string | null;
  /** Percent. */
  readonly healthThreshold: number | null;
}

export interface ThingPage {
  /** Names after this one, in the order of their characters. */
  readonly after?: string | undefined;
  readonly limit: number;
  /** Only these. */
  readonly claimed?: boolean;
  readonly types?: readonly string[] | undefined;
}

const columns = `thing.*, clicks, clicks_before_battery, on_click_callback, health_callback, health_threshold
  FROM thing LEFT JOIN thing_state ON thing_state.thing = thing.name`;

export async function readFacts(reader: SqlReader, name: string): Promise<ThingFacts | undefined> {
  const row = await reader.get(`SELECT ${columns} WHERE name = ?`, [name]);
  return row === undefined ? undefined : factsOf(row);
}

/** By name. */
export async function listFacts(reader: SqlReader, page: ThingPage): Promise<ThingFacts[]> {
  const { after = '', limit, claimed = false, types } = page;
  const conditions = ['name > ?'];
  const params: SqlValue[] = [after];
  if (claimed) conditions.push(`claim = 'CLAIMED'`);
  if (types !== undefined) {
    conditions.push(`type IN (${types.map(() => '?').join(', ') || 'NULL'})`);
    params.push(...types);
  }
  const sql = `SELECT ${columns} WHERE ${conditions.join(' AND ')} ORDER BY name LIMIT ?`;
  return (await reader.all(sql, [...params, limit])).map(factsOf);
}

/** Percent of the battery's life, 0 to 100; null for a type whose life is not counted. */
export function lifeLeft(types: DeviceTypes, facts: ThingFacts): number | null {
  return types.remainingLife(facts.type, facts.clicks - facts.clicksBeforeBattery);
}

function factsOf(row: SqlRow): ThingFacts {
  const threshold = row['health_threshold'];
  return {
    ...thingOf(row),
    clicks: Number(row['clicks'] ?? 0),
    clicksBeforeBattery: Number(row['clicks_before_battery'] ?? 0),
    onClickCallback: textOf(row['on_click_callback']),
    healthCallback: textOf(row['health_callback']),
    healthThreshold: typeof threshold === 'number' ? threshold : null,
  };
}

function textOf(value: SqlValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
