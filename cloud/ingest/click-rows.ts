/** Writes a group of clicks, and what they change about their things, with few statements. */
import type { SqlWriter } from '../../core/db/database.js';
import { MultiRow } from '../db/multi-row.js';
import type { Arrived } from './click-facts.js';

export interface NewClick extends Arrived {
  /** Percent of the battery; null when its life is not counted. */
  readonly lifeLeft: number | null;
}

export interface ThingChange {
  readonly thing: string;
  /** How many clicks came. */
  clicks: number;
  lastSeenMs: number;
  isHealthRaised: boolean;
}

const insertClicks = new MultiRow<NewClick>(
  {
    head: `INSERT INTO clicks (thing, id, seq, button, click_type, device_time_ms, clock_synced, received_ms,
      remaining_life)`,
    columns: 9,
    tail: '',
  },
  ({ thing, message, receivedMs, lifeLeft }, params) => {
    const { id, seq, button, clickType, deviceTime, clockSynced } = message;
    const synced = clockSynced === undefined ? null : Number(clockSynced);
    params.push(thing, id, seq, button, clickType, Date.parse(deviceTime), synced, receivedMs, lifeLeft);
  },
);

const changeThings = new MultiRow<ThingChange>(
  {
    head: 'INSERT INTO thing_state (thing, clicks, last_seen_ms, health_raised)',
    columns: 4,
    tail: `ON CONFLICT (thing) DO UPDATE SET clicks = clicks + excluded.clicks,
      last_seen_ms = excluded.last_seen_ms, health_raised = excluded.health_raised`,
  },
  ({ thing, clicks, lastSeenMs, isHealthRaised }, params) =>
    void params.push(thing, clicks, lastSeenMs, Number(isHealthRaised)),
);

export async function writeClicks(
  tx: SqlWriter,
  clicks: readonly NewClick[],
  changes: readonly ThingChange[],
): Promise<void> {
  for (const { sql, params } of [...insertClicks.statements(clicks), ...changeThings.statements(changes)]) {
    await tx.run(sql, params);
  }
}

/** The first event after a claim was initiated is what the claim waits for. */
export async function confirmClaims(tx: SqlWriter, things: readonly string[]): Promise<void> {
  if (things.length === 0) return;
  await tx.run(
    `UPDATE thing SET claim_confirmed = 1, version = version + 1
     WHERE name IN (SELECT value FROM json_each(?)) AND claim = 'CLAIM_INITIATED' AND claim_confirmed = 0`,
    [JSON.stringify(things)],
  );
}
