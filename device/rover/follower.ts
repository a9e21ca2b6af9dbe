/**
 * Keeps the buggy on its path: pure pursuit (Coulter, CMU-RI-TR-92-01) of a point some way ahead,
 * turning on the spot where that point is far to the side, slower the nearer anything stands.
 */
import { distance, type Point, type Pose, wrapAngle } from './pose.js';
import type { Sweep } from './sweep.js';

export interface Command {
  /** Metres per second, ahead. */
  readonly speedMS: number;
  /** Radians per second, left. */
  readonly turnRadS: number;
}

export const standing: Command = { speedMS: 0, turnRadS: 0 };

export interface FollowerOptions {
  readonly sweep: Sweep;
  readonly radiusM: number;
  readonly cruiseMS: number;
}

const lookAheadM = 0.2;
const turnFrom = 0.5;
const turnUntil = 0.12;
const fastestTurnRadS = 1.5;
const slowestTurnRadS = 0.75;
/** Between the hull and what was seen: slower from here, standing from there. */
const slowFromM = 0.35;
const standAtM = 0.035;
const slowestMS = 0.07;

export class Follower {
  readonly #options: FollowerOptions;
  #turning = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Undefined when something is too near to go on along this path. */
  next(pose: Pose, path: readonly Point[]): Command | undefined {
    const target = pointAhead(pose, path);
    if (target === undefined) return standing;
    const off = wrapAngle(Math.atan2(target.y - pose.y, target.x - pose.x) - pose.heading);
    this.#turning = Math.abs(off) > (this.#turning ? turnUntil : turnFrom);
    if (this.#turning) return turnOnTheSpot(off);
    const roomM = this.#room(pose);
    if (roomM < standAtM) return undefined;
    if (!this.#options.sweep.sawAlong(pose.heading)) return standing;
    const share = Math.min(1, (roomM - standAtM) / (slowFromM - standAtM));
    const { cruiseMS } = this.#options;
    const remainingM = distance(pose, path.at(-1) ?? target);
    const speedMS = Math.max(slowestMS, Math.min(cruiseMS * share, remainingM * 1.2));
    const reach = Math.max(0.05, distance(pose, target));
    return { speedMS, turnRadS: (speedMS * 2 * Math.sin(off)) / reach };
  }

  /** Metres between the hull and the nearest thing that lies in the way. */
  #room(pose: Pose): number {
    const { sweep, radiusM } = this.#options;
    return sweep.nearest(pose, pose.heading, 1.1) - radiusM;
  }
}

/** As fast as the angle is wide, never so slow that the motors would only hum. */
export function turnOnTheSpot(off: number): Command {
  const rate = Math.min(fastestTurnRadS, Math.max(slowestTurnRadS, Math.abs(off) * 2));
  return { speedMS: 0, turnRadS: Math.sign(off) * rate };
}

/** The first point of the path beyond the reach of the look ahead, counted from the nearest one. */
function pointAhead(pose: Pose, path: readonly Point[]): Point | undefined {
  let nearest = 0;
  for (const [at, point] of path.entries()) {
    if (distance(pose, point) < distance(pose, path[nearest] ?? point)) nearest = at;
  }
  const ahead = path.slice(nearest).find((point) => distance(pose, point) >= lookAheadM);
  return ahead ?? path.at(-1);
}
