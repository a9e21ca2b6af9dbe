/**
 * Watches how much of a battery's life is left and asks for the health event of 1-Click, once per
 * crossing: it is armed again by a new battery, or when the life stands clear above the threshold.
 */
import type { PlacementOfThing } from '../actions/event.js';
import { associationAttributes } from '../actions/event.js';
import type { RunRequest } from '../actions/run-request.js';

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

export interface HealthMove {
  /** Whether the crossing counts as told from now on. */
  readonly isRaised: boolean;
  readonly request?: RunRequest;
}

/** What a click means for the health of its thing. A disabled device tells when it is enabled again. */
export function watchHealth(facts: HealthFacts): HealthMove {
  const { thing, callback, threshold, lifeLeft, isRaised } = facts;
  if (callback === null || threshold === null || lifeLeft === null) return { isRaised };
  if (isRaised) return { isRaised: lifeLeft < Math.min(100, threshold + hysteresis) };
  if (!facts.enabled || lifeLeft >= threshold) return { isRaised };
  const event = JSON.stringify(healthEvent(facts, threshold, lifeLeft));
  const source = { kind: 'health', id: facts.clickId } as const;
  return { isRaised: true, request: { source, thing, target: callback, event } };
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
