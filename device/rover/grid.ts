/**
 * What is known of the floor: square cells with the evidence that something stands there (an occupancy
 * grid: Elfes 1989; Probabilistic Robotics, chapter 9). A cell that nobody looked at is not in the way.
 */
import { along, type Point } from './pose.js';

export const cellM = 0.05;

/** Evidence in log-odds; one hit is enough to keep away, two or three looks through a cell take it back. */
const hit = 1;
const miss = -0.45;
/** From farther than a metre, where the beam is wide. */
const farMiss = -0.25;
/** Against a hit that was seen from near. */
const weakMiss = -0.05;
const most = 3;
const least = -2;
const occupiedFrom = 0.5;
/** From so near, the beam is narrow enough to believe what stands beside a gap. */
export const nearM = 0.55;
const farM = 0.8;
/** Half the angle that one look marks. The beam is wider; its middle is what it says most about. */
const markRad = 0.07;

export class Grid {
  /** Cells per side. */
  readonly size: number;
  readonly #halfM: number;
  readonly #evidence: Float32Array;
  /** From how near the occupied cell was hit, centimetres. */
  readonly #nearest: Uint8Array;
  readonly #seen: Uint8Array;
  #version = 0;

  /** A square of `areaM` about the starting place, which is all that will ever be explored. */
  constructor(areaM: number) {
    this.size = 2 * Math.ceil(areaM / 2 / cellM);
    this.#halfM = (this.size * cellM) / 2;
    this.#evidence = new Float32Array(this.size ** 2);
    this.#nearest = new Uint8Array(this.size ** 2).fill(255);
    this.#seen = new Uint8Array(this.size ** 2);
  }

  /** Rises when a cell becomes occupied or free. */
  get version(): number {
    return this.#version;
  }

  /** The cell that holds the point; undefined outside the area. */
  cellOf({ x, y }: Point): number | undefined {
    const column = Math.floor((x + this.#halfM) / cellM);
    const row = Math.floor((y + this.#halfM) / cellM);
    if (column < 0 || row < 0 || column >= this.size || row >= this.size) return undefined;
    return row * this.size + column;
  }

  centreOf(cell: number): Point {
    const column = cell % this.size;
    const row = Math.floor(cell / this.size);
    return { x: (column + 0.5) * cellM - this.#halfM, y: (row + 0.5) * cellM - this.#halfM };
  }

  isOccupied(cell: number): boolean {
    return (this.#evidence[cell] ?? 0) >= occupiedFrom;
  }

  /** From how near the obstacle in the cell was seen, metres; infinite when there is none. */
  seenFromM(cell: number): number {
    return this.isOccupied(cell) ? (this.#nearest[cell] ?? 255) / 100 : Number.POSITIVE_INFINITY;
  }

  isSeen(cell: number): boolean {
    return this.#seen[cell] === 1;
  }

  /** One look from `from` along `angle`: something at `rangeM`, or nothing up to `maxRangeM`. */
  look(from: Point, angle: number, rangeM: number | undefined, maxRangeM: number): void {
    // Along a wall at a flat angle, the beam's side is at the wall well before its middle.
    const freeM = rangeM === undefined ? maxRangeM * 0.6 : rangeM - 1.5 * cellM;
    for (const side of [-1, 0, 1])
      this.#clear(from, angle + side * markRad, side === 0 ? freeM : freeM * 0.85);
    if (rangeM === undefined) return;
    const marks = Math.max(1, Math.ceil((2 * markRad * rangeM) / cellM));
    for (let mark = 0; mark <= marks; mark++) {
      const cell = this.cellOf(along(from, angle + markRad * ((2 * mark) / marks - 1), rangeM));
      if (cell === undefined) continue;
      this.#add(cell, hit);
      this.#nearest[cell] = Math.min(this.#nearest[cell] ?? 255, Math.round(rangeM * 100));
    }
  }

  /** The buggy itself stands here: nothing else does. */
  clearDisc(centre: Point, radiusM: number): void {
    for (let y = -radiusM; y <= radiusM; y += cellM) {
      for (let x = -radiusM; x <= radiusM; x += cellM) {
        if (Math.hypot(x, y) > radiusM) continue;
        const cell = this.cellOf({ x: centre.x + x, y: centre.y + y });
        if (cell !== undefined) this.#add(cell, -hit);
      }
    }
  }

  #clear(from: Point, angle: number, upToM: number): void {
    let before: number | undefined;
    for (let metres = 0; metres < upToM; metres += cellM / 2) {
      const cell = this.cellOf(along(from, angle, metres));
      if (cell === undefined || cell === before) continue;
      before = cell;
      const isKnown = metres > farM && this.seenFromM(cell) <= nearM;
      this.#add(cell, isKnown ? weakMiss : metres > farM ? farMiss : miss);
    }
  }

  #add(cell: number, amount: number): void {
    const old = this.#evidence[cell] ?? 0;
    const now = Math.min(most, Math.max(least, old + amount));
    this.#evidence[cell] = now;
    this.#seen[cell] = 1;
    if (old >= occupiedFrom === now >= occupiedFrom) return;
    this.#version += 1;
    if (now < occupiedFrom) this.#nearest[cell] = 255;
  }
}
