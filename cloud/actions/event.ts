/**
 * The event that a handler receives for a click, member for member as AWS IoT 1-Click sent it.
 * Handlers written for that service read it unchanged, so nothing is added and nothing renamed.
 */
import type { ClickType } from '../../core/wire/messages.js';

export interface PlacementOfThing {
  readonly projectName: string;
  readonly placementName: string;
  readonly deviceTemplateName: string;
  /** The template's defaults with the placement's own attributes laid over them. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Every filled slot of the placement: device template name to device id. */
  readonly devices: Readonly<Record<string, string>>;
}

export interface ClickEvent {
  readonly deviceEvent: {
    readonly buttonClicked: { readonly clickType: ClickType; readonly reportedTime: string };
  };
  readonly deviceInfo: {
    readonly attributes: Readonly<Record<string, string>>;
    readonly type: string;
    readonly deviceId: string;
    /** Percent left, 0 to 100. */
    readonly remainingLife: number;
  };
  /** Absent, not null, when the device has no placement. */
  readonly placementInfo?: {
    readonly projectName: string;
    readonly placementName: string;
    readonly attributes: Readonly<Record<string, string>>;
    readonly devices: Readonly<Record<string, string>>;
  };
}

export interface ClickFacts {
  readonly thing: string;
  readonly type: string;
  readonly clickType: ClickType;
  /** When the cloud received the click, milliseconds since the epoch. */
  readonly receivedMs: number;
  readonly remainingLife: number;
  readonly placement: PlacementOfThing | undefined;
  /** The region that projects are in. */
  readonly region: string;
}

export function buildClickEvent(facts: ClickFacts): ClickEvent {
  const { placement, region } = facts;
  return {
    deviceEvent: {
      buttonClicked: { clickType: facts.clickType, reportedTime: new Date(facts.receivedMs).toISOString() },
    },
    deviceInfo: {
      attributes: placement ? associationAttributes(placement, region) : {},
      type: facts.type,
      deviceId: facts.thing,
      remainingLife: facts.remainingLife,
    },
    ...(placement && {
      placementInfo: {
        projectName: placement.projectName,
        placementName: placement.placementName,
        attributes: placement.attributes,
        devices: placement.devices,
      },
    }),
  };
}

/** The four keys that a device carries while it sits in a placement. */
export function associationAttributes(
  placement: Pick<PlacementOfThing, 'projectName' | 'placementName' | 'deviceTemplateName'>,
  region: string,
): Record<string, string> {
  return {
    projectRegion: region,
    projectName: placement.projectName,
    placementName: placement.placementName,
    deviceTemplateName: placement.deviceTemplateName,
  };
}
