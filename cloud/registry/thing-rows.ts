/** Things as the database has them, and the one way to change them: only from the version that was read. */
import type { SqlReader, SqlRow, SqlValue, SqlWriter } from '../../core/db/database.js';
import { thingChanged, thingUnknown } from './errors.js';

/**
 * Whose a thing is. MANUFACTURED: nobody's yet. CLAIM_INITIATED: asked for, its first event confirms it.
 * UNCLAIMED: given up, and free to be claimed again.
 */
export type ClaimState = 'MANUFACTURED' | 'CLAIM_INITIATED' | 'CLAIMED' | 'UNCLAIMED';

export interface Thing {
  readonly name: string;
  readonly type: string;
  readonly claim: ClaimState;
  /** True once a thing whose claim was initiated has sent an event. */
  readonly claimConfirmed: boolean;
  /** A disabled thing may connect; its clicks are stored and run no action. */
  readonly enabled: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdMs: number;
  /** Rises with every change; hand it back to make a change conditional. */
  readonly version: number;
}

export type ThingChange = Partial<Pick<Thing, 'claim' | 'claimConfirmed' | 'enabled' | 'tags'>>;

/** @throws THING_UNKNOWN */
export async function requireThing(tx: SqlReader, name: string): Promise<Thing> {
  const row = await tx.get('SELECT * FROM thing WHERE name = ?', [name]);
  if (row === undefined) throw thingUnknown(name);
  return thingOf(row);
}

/** Writes `changes` over the thing as it was read. @throws THING_CHANGED when somebody was faster */
export async function changeThing(tx: SqlWriter, thing: Thing, changes: ThingChange): Promise<Thing> {
  const changed: Thing = { ...thing, ...changes, version: thing.version + 1 };
  const params: SqlValue[] = [
    changed.claim,
    Number(changed.claimConfirmed),
    Number(changed.enabled),
    JSON.stringify(changed.tags),
    thing.name,
    thing.version,
  ];
  const { changes: rows } = await tx.run(
    `UPDATE thing SET claim = ?, claim_confirmed = ?, enabled = ?, tags = ?, version = version + 1
     WHERE name = ? AND version = ?`,
    params,
  );
  if (rows !== 1) throw thingChanged(thing.name);
  return changed;
}

export function thingOf(row: SqlRow): Thing {
  return {
    name: String(row['name']),
    type: String(row['type']),
    claim: row['claim'] as ClaimState,
    claimConfirmed: row['claim_confirmed'] === 1,
    enabled: row['enabled'] === 1,
    tags: JSON.parse(String(row['tags'])) as Record<string, string>,
    createdMs: Number(row['created_ms']),
    version: Number(row['version']),
  };
}
