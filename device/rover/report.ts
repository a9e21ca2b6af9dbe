/** What a drive tells as readings: where it is, what it sees, what it measures. */
import type { Reading } from '../../core/wire/messages.js';
import type { DriveProgress } from './drive.js';
import type { Point } from './pose.js';

/** Bearings whose looks are told, degrees from ahead, and the names of their series. */
const told = [
  [-60, 'right'],
  [-30, 'half-right'],
  [0, 'ahead'],
  [30, 'half-left'],
  [60, 'left'],
] as const;

export interface ReportFacts {
  readonly progress: DriveProgress;
  readonly goal: Point;
  /** Undefined when it could not be measured. */
  readonly temperatureC: number | undefined;
  /** ISO 8601. */
  readonly deviceTime: string;
}

/** All with the same time, so that they can be put together again. */
export function reportOf({ progress, goal, temperatureC, deviceTime }: ReportFacts): Reading[] {
  const { pose, volts, looks } = progress;
  const readings: Reading[] = [];
  const add = (name: string, unit: Reading['unit'], value: number | undefined) => {
    if (value === undefined || !Number.isFinite(value)) return;
    readings.push({ series: `rover.${name}`, unit, value: Math.round(value * 1_000) / 1_000, deviceTime });
  };
  add('x', 'm', pose.x);
  add('y', 'm', pose.y);
  add('heading', 'rad', pose.heading);
  add('uncertainty', 'm', pose.uncertaintyM);
  add('goal-x', 'm', goal.x);
  add('goal-y', 'm', goal.y);
  add('temperature', 'Cel', temperatureC);
  add('battery', 'V', volts);
  for (const [degrees, name] of told) {
    const look = looks.findLast(({ bearingRad }) => Math.abs(bearingRad * (180 / Math.PI) - degrees) < 1);
    add(`range-${name}`, 'm', look?.rangeM);
  }
  return readings;
}
