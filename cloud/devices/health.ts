/**
 * Watches how much of a battery's life is left and asks for the health event of 1-Click, once per
 * crossing: it is armed again by a new battery, or when the life stands clear above the threshold.
 */
import type { SqlWriter } from '../../core/db/database.js';
import type { PlacementOfThing } from '../actions/event.js';
import { associationAttributes } from '../actions/event.js';
import type { Submit } from '../actions/run-intake.js';

export interface HealthFacts {
  readonly thing: string;
  /** As the wire calls it. */
  readonly kind: string;
  readonly enabled: boolean;
  readonly callback: string | null;
  /** Percent. */
  readonly threshold: number | null;
  /** True when the crossing was told already. */
  readonly isRaised: boolean;
  /** Percent; null when it is not counted. */
  readonly lifeLeft: number | null;
  readonly placement: PlacementOfThing | undefined;
  readonly region: string;
  /** Of the click that brought it here. */
  readonly clickId: string;
}

/** Percent above the threshold at which it counts as clear again. */
const hysteresis = 5;

/** In the transaction that stores the click. A disabled device tells when it is enabled again. */
export async function watchHealth(tx: SqlWriter, submit: Submit, facts: HealthFacts): Promise<void> {
  const { thing, callback, threshold, lifeLeft, isRaised } = facts;
  if (callback === null || threshold === null || lifeLeft === null) return;
  if (isRaised) {
    if (lifeLeft >= Math.min(100, threshold + hysteresis)) await setRaised(tx, thing, false);
    return;
  }
  if (!facts.enabled || lifeLeft >= threshold) return;
  await setRaised(tx, thing, true);
  const event = JSON.stringify(healthEvent(facts, threshold, lifeLeft));
  await submit({ source: { kind: 'health', id: facts.clickId }, thing, target: callback, event });
}

/** Member for member as 1-Click sent it: no time and no placement. */
function healthEvent({ thing, kind, placement, region }: HealthFacts, threshold: number, lifeLeft: number) {
  return {
    deviceEvent: { deviceHealthMonitor: { condition: { remainingLifeLowerThan: threshold } } },
    deviceInfo: {
      attributes: placement ? associationAttributes(placement, region) : {},
      type: kind,
      deviceId: thing,
      remainingLife: lifeLeft,
    },
  };
}

async function setRaised(tx: SqlWriter, thing: string, isRaised: boolean): Promise<void> {
  await tx.run('UPDATE thing_state SET health_raised = ? WHERE thing = ?', [Number(isRaised), thing]);
}
