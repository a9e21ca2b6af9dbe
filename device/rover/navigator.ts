/**
 * Decides turn by turn where to go: plans, follows, plans anew when something new was seen, turns
 * about to look where no way is left, and says so when there is none. It moves nothing itself.
 */
import type { Clock } from '../../core/clock.js';
import { distanceField } from './distance-field.js';
import { type Command, Follower, standing, turnOnTheSpot } from './follower.js';
import { type Grid, nearM } from './grid.js';
import { planPath } from './planner.js';
import { distance, type Point, type Pose, wrapAngle } from './pose.js';
import type { Sweep } from './sweep.js';

export interface NavigatorOptions {
  readonly goal: Point;
  readonly grid: Grid;
  readonly sweep: Sweep;
  readonly clock: Clock;
  readonly radiusM: number;
  readonly cruiseMS: number;
}

export type Decision = Command | 'arrived' | 'no-way';

const arrivedM = 0.05;
/**
 * From how near something must have been seen to be kept from in full, or with its own cells only; and
 * how far beyond the hull that is: the grid's coarseness, and the error of a look. A wide beam closes
 * doors that are open: from afar it sees their posts where the opening is.
 */
const doubts = [
  { surelyM: 100, perhapsM: undefined, keepBeyondM: 0.05 },
  { surelyM: nearM, perhapsM: 100, keepBeyondM: 0.03 },
  { surelyM: nearM, perhapsM: 1, keepBeyondM: 0.03 },
];
const likeBeyondM = 0.3;
const replanMs = 900;
const backMS = -0.1;
const backMs = 700;
const looksAround = 2;
/** Exploring is bounded: so long, in all, it follows ways that only doubt leaves open. */
const doubtLimitMs = 150_000;
/** A rest in which the gyroscope's zero is taken anew. */
const restEveryMs = 12_000;
const restMs = 1_400;

export class Navigator {
  readonly #options: NavigatorOptions;
  readonly #follower: Follower;
  #path: readonly Point[] = [];
  #plannedVersion = -1;
  #plannedAtMs = Number.NEGATIVE_INFINITY;
  #backUntilMs = 0;
  #restAtMs: number;
  /** Left to turn while looking around, radians; 0 when not. */
  #aroundRad = 0;
  #aroundHeading = 0;
  #aroundPass = 0;
  #lookedAround = 0;
  #doubts = false;
  #doubtedMs = 0;
  #decidedAtMs: number;

  constructor(options: NavigatorOptions) {
    this.#options = options;
    this.#follower = new Follower(options);
    this.#decidedAtMs = options.clock.monotonicMs();
    this.#restAtMs = this.#decidedAtMs + restEveryMs;
  }

  /** The plan of the moment, in the drive's frame. */
  get path(): readonly Point[] {
    return this.#path;
  }

  decide(pose: Pose): Decision {
    const { goal, clock } = this.#options;
    const now = clock.monotonicMs();
    if (distance(pose, goal) < arrivedM) return 'arrived';
    if (this.#doubts) this.#doubtedMs += now - this.#decidedAtMs;
    this.#decidedAtMs = now;
    if (this.#doubtedMs > doubtLimitMs) return 'no-way';
    if (now < this.#backUntilMs) return { speedMS: backMS, turnRadS: 0 };
    if (now >= this.#restAtMs) {
      if (now >= this.#restAtMs + restMs) this.#restAtMs = now + restEveryMs;
      return standing;
    }
    if (this.#aroundRad > 0) return this.#lookAround(pose);
    if (this.#isPlanOld(now) && !this.#plan(pose, now)) return this.#nowhere(pose);
    const command = this.#follower.next(pose, this.#path);
    if (command !== undefined) return command;
    this.#backUntilMs = now + backMs;
    this.#plannedAtMs = Number.NEGATIVE_INFINITY;
    return standing;
  }

  #isPlanOld(now: number): boolean {
    return this.#options.grid.version !== this.#plannedVersion && now >= this.#plannedAtMs + replanMs;
  }

  /** What was seen from afar is doubted, more and more, before there is said to be no way. */
  #plan(from: Pose, now: number): boolean {
    const { grid, goal: to, radiusM } = this.#options;
    this.#plannedVersion = grid.version;
    this.#plannedAtMs = now;
    const likeM = radiusM + likeBeyondM;
    for (const { surelyM, perhapsM, keepBeyondM } of doubts) {
      const field = distanceField(grid, surelyM);
      const doubtful = perhapsM === undefined ? undefined : distanceField(grid, perhapsM, surelyM);
      const keepM = radiusM + keepBeyondM;
      const path = planPath({ grid, field, doubtful, from, to, keepM, likeM });
      if (path === undefined) continue;
      this.#path = path;
      this.#doubts = perhapsM !== undefined;
      this.#lookedAround = 0;
      return true;
    }
    this.#path = [];
    return false;
  }

  #nowhere(pose: Pose): Decision {
    if (this.#lookedAround >= looksAround) return 'no-way';
    this.#lookedAround += 1;
    this.#aroundRad = 2 * Math.PI;
    this.#aroundHeading = pose.heading;
    this.#aroundPass = this.#options.sweep.passes;
    this.#plannedVersion = -1;
    return standing;
  }

  /** Once about itself, slowly enough that every direction is looked at, and a last pass at rest. */
  #lookAround(pose: Pose): Command {
    const turned = Math.abs(wrapAngle(pose.heading - this.#aroundHeading));
    this.#aroundHeading = pose.heading;
    this.#aroundRad = Math.max(0, this.#aroundRad - turned);
    const { passes } = this.#options.sweep;
    if (passes < this.#aroundPass + 2) return standing;
    if (this.#aroundRad === 0) return standing;
    return turnOnTheSpot(0.3);
  }
}
