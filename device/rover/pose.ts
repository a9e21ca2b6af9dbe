/** Places and directions in the drive's frame: metres, x ahead of the starting place, y to its left. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Pose extends Point {
  /** Radians, left positive, from -pi to pi. */
  readonly heading: number;
}

/** The same angle from -pi to pi. */
export function wrapAngle(angle: number): number {
  return Math.atan2(Math.sin(angle), Math.cos(angle));
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** The point `metres` away in the direction `angle`. */
export function along(from: Point, angle: number, metres: number): Point {
  return { x: from.x + metres * Math.cos(angle), y: from.y + metres * Math.sin(angle) };
}
