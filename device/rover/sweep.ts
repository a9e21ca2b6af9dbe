/**
 * Turns the range finder from side to side and enters what it sees into the grid, with the pose at
 * the moment of the look. Remembers what was seen of late, for the controller's caution.
 */
import type { Clock } from '../../core/clock.js';
import type { SweptRangeFinder } from '../../hardware/rover/ports.js';
import type { Grid } from './grid.js';
import { along, distance, type Point, type Pose, wrapAngle } from './pose.js';

const degree = Math.PI / 180;
/** From one side to the other and back. */
const bearings = [-75, -60, -45, -30, -15, 0, 15, 30, 45, 60, 75, 60, 45, 30, 15, 0, -15, -30, -45, -60].map(
  (degrees) => degrees * degree,
);
const rememberMs = 3_000;
/** A look that old says nothing about what is ahead now. */
const freshMs = 900;

/** One look, for those who show it. */
export interface Look {
  readonly atMs: number;
  readonly bearingRad: number;
  /** In the drive's frame. */
  readonly angle: number;
  readonly rangeM: number | undefined;
  /** Where something was seen. */
  readonly hit: Point | undefined;
}

export interface SweepOptions {
  readonly ranges: SweptRangeFinder;
  readonly grid: Grid;
  readonly clock: Clock;
  readonly sensorAheadM: number;
  readonly pose: () => Pose;
}

export class Sweep {
  readonly #options: SweepOptions;
  #looks: Look[] = [];
  #count = 0;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** Complete passes from side to side so far. */
  get passes(): number {
    return Math.floor(this.#count / (bearings.length / 2));
  }

  /** The newest look of every bearing within the last pass or two. */
  get recent(): readonly Look[] {
    return this.#looks;
  }

  /** When the newest look was made, on the clock's monotonic scale. */
  get lastAtMs(): number {
    return this.#looks.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
  }

  /** Looks until aborted. @throws the range finder's errors. */
  async run(signal: AbortSignal): Promise<void> {
    for (let at = 0; !signal.aborted; at = (at + 1) % bearings.length) await this.#look(bearings[at] ?? 0);
  }

  /** True when somebody looked along `angle` a moment ago. */
  sawAlong(angle: number): boolean {
    const since = this.#options.clock.monotonicMs() - freshMs;
    return this.#looks.some((look) => look.atMs >= since && Math.abs(wrapAngle(look.angle - angle)) < 0.2);
  }

  /** Metres from `from` to the nearest thing seen of late within `halfAngle` of `angle`. */
  nearest(from: Point, angle: number, halfAngle: number): number {
    let nearest = Number.POSITIVE_INFINITY;
    for (const { hit } of this.#looks) {
      if (hit === undefined) continue;
      const off = wrapAngle(Math.atan2(hit.y - from.y, hit.x - from.x) - angle);
      if (Math.abs(off) <= halfAngle) nearest = Math.min(nearest, distance(from, hit));
    }
    return nearest;
  }

  async #look(bearingRad: number): Promise<void> {
    const { ranges, grid, clock, sensorAheadM, pose } = this.#options;
    const rangeM = await ranges.look(bearingRad);
    const at = pose();
    const sensor = along(at, at.heading, sensorAheadM);
    const angle = at.heading + bearingRad;
    grid.look(sensor, angle, rangeM, ranges.maxRangeM);
    const atMs = clock.monotonicMs();
    const hit = rangeM === undefined ? undefined : along(sensor, angle, rangeM);
    this.#looks = this.#looks.filter((look) => look.atMs > atMs - rememberMs);
    this.#looks.push({ atMs, bearingRad, angle, rangeM, hit });
    this.#count += 1;
  }
}
