/**
 * The way to the goal over what is known: A* (Hart, Nilsson, Raphael 1968) on the grid's cells. Cells
 * near obstacles cost more; cells that nobody has seen are passable, so that a way is found wherever
 * one may be, and none is found only where obstacles that were seen close all of them.
 */
import type { DistanceField } from './distance-field.js';
import { cellM, type Grid } from './grid.js';
import type { Point } from './pose.js';

export interface PlanOptions {
  readonly grid: Grid;
  /** To what counts in full. */
  readonly field: DistanceField;
  /** To what only its own cells are kept clear of. */
  readonly doubtful: DistanceField | undefined;
  readonly from: Point;
  readonly to: Point;
  /** The middle of the buggy keeps at least this far from obstacles. */
  readonly keepM: number;
  /** And farther where there is room. */
  readonly likeM: number;
}

/** Within it of the start, too close to an obstacle is no bar: the buggy must get away from there. */
const escapeM = 0.3;
const unseenCost = 1.2;
const escapeCost = 40;
const nearCost = 6;

/** A way that squeezes past something doubtful leaves its cells and their neighbours alone. */
const doubtfulKeepM = 0.055;

interface Search {
  readonly options: PlanOptions;
  readonly start: number;
  readonly goal: number;
  readonly costs: Float32Array;
  readonly cameFrom: Int32Array;
  readonly closed: Uint8Array;
  readonly open: CellHeap;
  readonly steps: readonly (readonly [step: number, lengthM: number])[];
}

/** Centres of cells from start to goal; undefined when there is no way. */
export function planPath(options: PlanOptions): Point[] | undefined {
  const { grid } = options;
  const { size } = grid;
  const start = grid.cellOf(options.from);
  const goal = grid.cellOf(options.to);
  if (start === undefined || goal === undefined) return undefined;
  const search: Search = {
    options,
    start,
    goal,
    costs: new Float32Array(size ** 2).fill(Number.POSITIVE_INFINITY),
    cameFrom: new Int32Array(size ** 2).fill(-1),
    closed: new Uint8Array(size ** 2),
    open: new CellHeap(),
    steps: stepsOf(size),
  };
  search.costs[start] = 0;
  search.open.push(start, 0);
  for (let cell = search.open.pop(); cell !== undefined; cell = search.open.pop()) {
    if (cell === goal) return trace(grid, search.cameFrom, goal);
    if (search.closed[cell] === 0 && !isRim(cell, size)) expand(search, cell);
  }
  return undefined;
}

function expand({ options, start, goal, costs, cameFrom, closed, open, steps }: Search, cell: number): void {
  closed[cell] = 1;
  for (const [step, lengthM] of steps) {
    const next = cell + step;
    if (closed[next] === 1) continue;
    const cost = (costs[cell] ?? 0) + lengthM * cellCost(options, next, start);
    if (cost >= (costs[next] ?? 0)) continue;
    costs[next] = cost;
    cameFrom[next] = cell;
    open.push(next, cost + cellsApart(next, goal, options.grid.size));
  }
}

/** Cost per metre; infinite where the buggy must not be. */
function cellCost({ grid, field, doubtful, keepM, likeM }: PlanOptions, cell: number, start: number): number {
  const doubtM = doubtful === undefined ? 100 : (doubtful.metres[cell] ?? 0);
  const roomM = field.metres[cell] ?? 0;
  const leastM = Math.min(roomM, doubtM);
  const seen = grid.isSeen(cell) ? 1 : unseenCost;
  if (leastM >= likeM) return seen;
  const near = 1 + nearCost * ((likeM - leastM) / likeM) ** 2;
  if (roomM >= keepM && doubtM >= doubtfulKeepM) return seen * near;
  const escapes = leastM > 0 && cellsApart(cell, start, grid.size) < escapeM;
  return escapes ? escapeCost : Number.POSITIVE_INFINITY;
}

/** As a crow flies, metres. */
function cellsApart(a: number, b: number, size: number): number {
  const columns = (a % size) - (b % size);
  const rows = Math.floor(a / size) - Math.floor(b / size);
  return Math.sqrt(columns * columns + rows * rows) * cellM;
}

/** The rim is no floor: the distance field does not reach it. */
function isRim(cell: number, size: number): boolean {
  const column = cell % size;
  return column < 2 || column > size - 3 || cell < 2 * size || cell >= (size - 2) * size;
}

function stepsOf(size: number): readonly (readonly [step: number, lengthM: number])[] {
  const slantM = Math.SQRT2 * cellM;
  const straight = [1, -1, size, -size].map((step) => [step, cellM] as const);
  return [...straight, ...[size + 1, size - 1, 1 - size, -1 - size].map((step) => [step, slantM] as const)];
}

function trace(grid: Grid, cameFrom: Int32Array, goal: number): Point[] {
  const path: Point[] = [];
  for (let cell = goal; cell >= 0; cell = cameFrom[cell] ?? -1) path.push(grid.centreOf(cell));
  return path.reverse();
}

/** A binary heap of cells by cost. A cell may be in it twice; the cheaper entry comes first. */
class CellHeap {
  readonly #cells: number[] = [];
  readonly #costs: number[] = [];

  push(cell: number, cost: number): void {
    let at = this.#cells.push(cell) - 1;
    this.#costs.push(cost);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#cost(parent) <= cost) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): number | undefined {
    const first = this.#cells[0];
    const lastCell = this.#cells.pop();
    const lastCost = this.#costs.pop();
    if (first === undefined || lastCell === undefined || lastCost === undefined) return first;
    if (this.#cells.length === 0) return first;
    this.#cells[0] = lastCell;
    this.#costs[0] = lastCost;
    this.#sink();
    return first;
  }

  #sink(): void {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const child = this.#cost(left + 1) < this.#cost(left) ? left + 1 : left;
      if (this.#cost(child) >= this.#cost(at)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #cost(at: number): number {
    return this.#costs[at] ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    [this.#cells[a], this.#cells[b]] = [this.#cells[b] ?? 0, this.#cells[a] ?? 0];
    [this.#costs[a], this.#costs[b]] = [this.#costs[b] ?? 0, this.#costs[a] ?? 0];
  }
}
