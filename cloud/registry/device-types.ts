/** The device types and their rated life, as data. */

export interface DeviceType {
  readonly type: string;
  /** Clicks that the battery is rated for; null for a type whose life is not counted in clicks. */
  readonly ratedClicks: number | null;
}

const deviceTypes: readonly DeviceType[] = [
  // AWS IoT Enterprise Button: "up to 2,000 clicks".
  { type: 'button', ratedClicks: 2_000 },
  { type: 'sensor', ratedClicks: null },
];

export const knownDeviceTypes: readonly string[] = deviceTypes.map(({ type }) => type);

export function deviceType(type: string): DeviceType | undefined {
  return deviceTypes.find((known) => known.type === type);
}

/** Percent of the rated life that is left after `clicks`, 0 to 100; null for a type without one. */
export function remainingLife(type: string, clicks: number): number | null {
  const rated = deviceType(type)?.ratedClicks ?? null;
  if (rated === null) return null;
  return Math.min(100, Math.max(0, 100 * (1 - clicks / rated)));
}
