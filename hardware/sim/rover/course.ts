/**
 * Random courses for the buggy: a room with boxes and partitions, a start and a goal. Whether there
 * is a way through is decided on the true walls, by a disc that must fit, not by driving.
 */
import { type Random, seededRandom } from '../random.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Pose extends Point {
  /** Radians, from the x axis towards the y axis. */
  readonly heading: number;
}

/** A straight piece of wall. */
export interface Wall {
  readonly from: Point;
  readonly to: Point;
}

export interface Course {
  readonly seed: number;
  readonly widthM: number;
  readonly heightM: number;
  readonly walls: readonly Wall[];
  readonly start: Pose;
  readonly goal: Point;
  /** True: a disc of `wayRadiusM` can be moved from start to goal. False: not even one of `tightRadiusM`. */
  readonly hasWay: boolean;
}

/** Half the width that a way through has at its narrowest. */
export const wayRadiusM = 0.27;
/** Narrower than the buggy: where no such disc passes, there is no way. */
const tightRadiusM = 0.12;
const cellM = 0.05;

/** The course of that number; `blocked` makes one without a way. */
export function makeCourse(seed: number, kind: 'open' | 'blocked' = 'open'): Course {
  const random = seededRandom(seed * 2 + (kind === 'open' ? 0 : 1));
  for (;;) {
    const course = attempt(seed, random, kind);
    if (course !== undefined) return course;
  }
}

function attempt(seed: number, random: Random, kind: 'open' | 'blocked'): Course | undefined {
  const widthM = random.between(4.5, 6);
  const heightM = random.between(3.5, 4.5);
  const start = {
    x: random.between(0.5, 1),
    y: random.between(0.6, heightM - 0.6),
    heading: random.between(-Math.PI, Math.PI),
  };
  const goal = { x: widthM - random.between(0.5, 1), y: random.between(0.6, heightM - 0.6) };
  const walls = [...box({ x: widthM / 2, y: heightM / 2 }, widthM, heightM, 0)];
  const partitions = Math.floor(random.between(0, 2.99));
  for (let at = 0; at < partitions; at++) {
    walls.push(...partition(random, widthM * ((at + 1) / (partitions + 1)), heightM));
  }
  const boxes = Math.floor(random.between(2, 6.99));
  for (let at = 0; at < boxes; at++) walls.push(...randomBox(random, widthM, heightM));
  if (kind === 'blocked') walls.push(...barrier(random, goal, widthM, heightM));
  if (clearance(walls, start) < 0.35 || clearance(walls, goal) < 0.35) return undefined;
  const reaches = (radiusM: number) => canPass({ walls, widthM, heightM, start, goal }, radiusM);
  const fits = kind === 'open' ? reaches(wayRadiusM) : !reaches(tightRadiusM);
  return fits ? { seed, widthM, heightM, walls, start, goal, hasWay: kind === 'open' } : undefined;
}

/** A wall across the room with one door of 0.7 to 1 m. */
function partition(random: Random, x: number, heightM: number): Wall[] {
  const doorM = random.between(0.7, 1);
  const doorY = random.between(0.2, heightM - 0.2 - doorM);
  const lean = random.between(-0.25, 0.25);
  const at = (y: number) => ({ x: x + (y / heightM - 0.5) * lean, y });
  return [
    { from: at(0), to: at(doorY) },
    { from: at(doorY + doorM), to: at(heightM) },
  ];
}

function randomBox(random: Random, widthM: number, heightM: number): Wall[] {
  const centre = { x: random.between(0.8, widthM - 0.8), y: random.between(0.3, heightM - 0.3) };
  const turn = random.between(0, Math.PI / 2);
  return box(centre, random.between(0.12, 0.7), random.between(0.12, 0.7), turn);
}

/** What makes a course hopeless: a closed partition, or walls all around the goal. */
function barrier(random: Random, goal: Point, widthM: number, heightM: number): Wall[] {
  if (random.between(0, 1) < 0.5) {
    const x = random.between(widthM * 0.45, widthM * 0.6);
    return [{ from: { x, y: 0 }, to: { x: x + random.between(-0.3, 0.3), y: heightM } }];
  }
  return box(goal, 0.9, 0.9, random.between(0, Math.PI / 2));
}

function box(centre: Point, widthM: number, heightM: number, turn: number): Wall[] {
  const [sin, cos] = [Math.sin(turn), Math.cos(turn)];
  const corner = (sx: number, sy: number) => {
    const [dx, dy] = [(sx * widthM) / 2, (sy * heightM) / 2];
    return { x: centre.x + dx * cos - dy * sin, y: centre.y + dx * sin + dy * cos };
  };
  const corners = [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
  return corners.map((from, at) => ({ from, to: corners[(at + 1) % 4] ?? from }));
}

/** Distance from a point to the nearest wall, metres. */
export function clearance(walls: readonly Wall[], point: Point): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const { from, to } of walls) {
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const along = ((point.x - from.x) * dx + (point.y - from.y) * dy) / (dx * dx + dy * dy);
    const t = Math.min(1, Math.max(0, along));
    nearest = Math.min(nearest, Math.hypot(from.x + t * dx - point.x, from.y + t * dy - point.y));
  }
  return nearest;
}

export interface RayHit {
  readonly distanceM: number;
  /** Between the ray and the wall's normal. */
  readonly incidenceRad: number;
  /** From the place that is hit to the nearer end of its wall, metres. */
  readonly toEndM: number;
}

/** The first wall from `origin` in the direction `angle`. */
export function castRay(walls: readonly Wall[], origin: Point, angle: number): RayHit | undefined {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  let nearest: RayHit | undefined;
  for (const { from, to } of walls) {
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const cross = cos * dy - sin * dx;
    if (cross === 0) continue;
    const [ox, oy] = [from.x - origin.x, from.y - origin.y];
    const distance = (ox * dy - oy * dx) / cross;
    const along = (ox * sin - oy * cos) / cross;
    if (distance < 0 || along < 0 || along > 1 || distance >= (nearest?.distanceM ?? 1e9)) continue;
    const lengthM = Math.hypot(dx, dy);
    const incidenceRad = Math.acos(Math.min(1, Math.abs(cross) / lengthM));
    nearest = { distanceM: distance, incidenceRad, toEndM: Math.min(along, 1 - along) * lengthM };
  }
  return nearest;
}

function canPass(
  room: Pick<Course, 'walls' | 'widthM' | 'heightM' | 'start' | 'goal'>,
  radiusM: number,
): boolean {
  const columns = Math.ceil(room.widthM / cellM);
  const rows = Math.ceil(room.heightM / cellM);
  const cellOf = ({ x, y }: Point) => Math.floor(y / cellM) * columns + Math.floor(x / cellM);
  const target = cellOf(room.goal);
  const seen = new Set([cellOf(room.start)]);
  const queue = [...seen];
  for (let cell = queue.pop(); cell !== undefined; cell = queue.pop()) {
    if (cell === target) return true;
    const [column, row] = [cell % columns, Math.floor(cell / columns)];
    for (const [dc, dr] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const) {
      const [c, r] = [column + dc, row + dr];
      const next = r * columns + c;
      if (c < 0 || r < 0 || c >= columns || r >= rows || seen.has(next)) continue;
      seen.add(next);
      const centre = { x: (c + 0.5) * cellM, y: (r + 0.5) * cellM };
      if (clearance(room.walls, centre) >= radiusM) queue.push(next);
    }
  }
  return false;
}
