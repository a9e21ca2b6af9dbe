/** What the database knows of clicks that came and of their things: one statement for a whole group. */
import type { SqlRow, SqlWriter } from '../../core/db/database.js';
import type { ClickMessage } from '../../core/wire/messages.js';

export interface Arrived {
  readonly thing: string;
  readonly message: ClickMessage;
  /** Milliseconds since the epoch. */
  readonly receivedMs: number;
}

/** Before the group. */
export interface ClickFacts {
  readonly type: string;
  readonly enabled: boolean;
  readonly awaitsFirstEvent: boolean;
  /** Clicks on the battery that is in it. */
  readonly clicksOfBattery: number;
  readonly onClickCallback: string | null;
  readonly healthCallback: string | null;
  /** Percent. */
  readonly healthThreshold: number | null;
  readonly isHealthRaised: boolean;
  /** The click itself was stored before. */
  readonly isKnown: boolean;
}

interface FactsRow extends SqlRow {
  at: number;
  type: string;
  enabled: number;
  claim: string;
  clicks: number | null;
  clicks_before_battery: number | null;
  on_click_callback: string | null;
  health_callback: string | null;
  health_threshold: number | null;
  health_raised: number | null;
  is_known: number;
}

/** CROSS: the clicks that came are looked up one by one, never a whole table. */
const select = `
  SELECT one.key AS at, thing.type, enabled, claim, state.clicks, clicks_before_battery, on_click_callback,
    health_callback, health_threshold, health_raised, before.n IS NOT NULL AS is_known
  FROM json_each(?) AS one
  CROSS JOIN thing ON thing.name = json_extract(one.value, '$[0]')
  LEFT JOIN thing_state AS state ON state.thing = thing.name
  LEFT JOIN clicks AS before ON before.thing = thing.name AND before.id = json_extract(one.value, '$[1]')`;

/** One for each click, in order; undefined where there is no such thing. */
export async function readClickFacts(
  tx: SqlWriter,
  clicks: readonly Arrived[],
): Promise<(ClickFacts | undefined)[]> {
  const keys = JSON.stringify(clicks.map(({ thing, message }) => [thing, message.id]));
  const facts: (ClickFacts | undefined)[] = clicks.map(() => undefined);
  for (const row of await tx.all<FactsRow>(select, [keys])) facts[row.at] = factsOf(row);
  return facts;
}

function factsOf(row: FactsRow): ClickFacts {
  return {
    type: row.type,
    enabled: row.enabled === 1,
    awaitsFirstEvent: row.claim === 'CLAIM_INITIATED',
    clicksOfBattery: (row.clicks ?? 0) - (row.clicks_before_battery ?? 0),
    onClickCallback: row.on_click_callback,
    healthCallback: row.health_callback,
    healthThreshold: row.health_threshold,
    isHealthRaised: row.health_raised === 1,
    isKnown: row.is_known === 1,
  };
}
