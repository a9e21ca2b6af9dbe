/** What a rover's series say together: its way, what it saw, where it was going. Only of its last drive. */
import type { Point } from '../state/live-readings.js';

export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface TrackPlace extends Place {
  readonly ms: number;
  /** Radians, left positive; undefined when it was not told. */
  readonly heading: number | undefined;
  readonly temperatureC: number | undefined;
}

export interface Track {
  readonly places: readonly TrackPlace[];
  /** Where the range finder met something. */
  readonly hits: readonly Place[];
  readonly goal: Place | undefined;
}

/** Looks to the sides, radians from ahead; as the agent names their series. */
const looks = {
  'range-right': -Math.PI / 3,
  'range-half-right': -Math.PI / 6,
  'range-ahead': 0,
  'range-half-left': Math.PI / 6,
  'range-left': Math.PI / 3,
} as const;

/** Parts of the series' names after `rover.` that make a track. */
export const trackParts = ['x', 'y', 'heading', 'temperature', 'goal-x', 'goal-y', ...Object.keys(looks)];

/** Of the range finder, ahead of the axle, as the rover of `hardware/boards` has it; metres. */
const sensorAheadM = 0.06;
/** A silence that long parts two drives. */
const pauseMs = 15_000;

/** Points by those names; those of one report have one time. */
export function toTrack(points: ReadonlyMap<string, readonly Point[]>): Track {
  const at = (part: string) => new Map((points.get(part) ?? []).map(([ms, mean]) => [ms, mean]));
  const [ys, headings, temperatures] = [at('y'), at('heading'), at('temperature')];
  const [goalXs, goalYs] = [at('goal-x'), at('goal-y')];
  const reports = [...at('x')].flatMap(([ms, x]) => {
    const y = ys.get(ms);
    if (y === undefined) return [];
    const goal = { x: goalXs.get(ms) ?? 0, y: goalYs.get(ms) ?? 0 };
    return [{ ms, x, y, heading: headings.get(ms), temperatureC: temperatures.get(ms), goal }];
  });
  const last = lastDrive(reports);
  const seen = Object.entries(looks).map(([part, bearing]) => ({ bearing, ranges: at(part) }));
  const hits = last.flatMap(({ ms, x, y, heading }) =>
    seen.flatMap(({ bearing, ranges }) => {
      const range = ranges.get(ms);
      if (range === undefined || heading === undefined) return [];
      const [sx, sy] = [x + sensorAheadM * Math.cos(heading), y + sensorAheadM * Math.sin(heading)];
      return [{ x: sx + range * Math.cos(heading + bearing), y: sy + range * Math.sin(heading + bearing) }];
    }),
  );
  const places = last.map(({ goal: _, ...place }) => place);
  return { places, hits, goal: goalXs.size === 0 ? undefined : last.at(-1)?.goal };
}

function lastDrive<T extends { ms: number; goal: Place }>(reports: readonly T[]): readonly T[] {
  const begin = reports.findLastIndex((report, index) => {
    const before = reports[index - 1];
    if (before === undefined) return true;
    const sameGoal = before.goal.x === report.goal.x && before.goal.y === report.goal.y;
    return !sameGoal || report.ms - before.ms > pauseMs;
  });
  return reports.slice(Math.max(0, begin));
}

/** Metres along the places. */
export function lengthOf(places: readonly Place[]): number {
  return places.reduce((sum, place, index) => {
    const before = places[index - 1] ?? place;
    return sum + Math.hypot(place.x - before.x, place.y - before.y);
  }, 0);
}

export interface Frame {
  readonly left: number;
  /** Of the top edge: the y axis points up. */
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Everything with a little air around it, and never less than two metres. */
export function frameOf({ places, hits, goal }: Track): Frame {
  const all: readonly Place[] = [...places, ...hits, ...(goal === undefined ? [] : [goal]), { x: 0, y: 0 }];
  const [xs, ys] = [all.map(({ x }) => x), all.map(({ y }) => y)];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [bottom, top] = [Math.min(...ys), Math.max(...ys)];
  const width = Math.max(2, right - left + 0.6);
  const height = Math.max(2, top - bottom + 0.6);
  return { left: (left + right - width) / 2, top: (top + bottom + height) / 2, width, height };
}

/** From blue for the lowest to red for the highest. */
export function heatColour(value: number | undefined, low: number, high: number): string {
  if (value === undefined) return 'var(--line-strong)';
  const share = high > low ? (value - low) / (high - low) : 0.5;
  return `hsl(${Math.round(215 - 205 * share)} 75% 46%)`;
}
