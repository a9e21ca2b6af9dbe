import { expect, test } from 'vitest';
import { distanceField } from '../../../device/rover/distance-field.js';
import { cellM, Grid } from '../../../device/rover/grid.js';
import { planPath } from '../../../device/rover/planner.js';
import { along, distance } from '../../../device/rover/pose.js';

const keepM = 0.18;

/** A wall across x = 1, seen by looking straight at it from 0.5 m before. */
function wall(grid: Grid, fromY: number, toY: number): void {
  for (let y = fromY; y <= toY; y += cellM / 2) grid.look({ x: 0.5, y }, 0, 0.5, 2);
}

function plan(grid: Grid) {
  const [from, to] = [
    { x: 0, y: 0 },
    { x: 2, y: 0 },
  ];
  return planPath({
    grid,
    field: distanceField(grid, 100),
    doubtful: undefined,
    from,
    to,
    keepM,
    likeM: 0.4,
  });
}

test('a way leads around what was seen and keeps away from it', () => {
  const grid = new Grid(6);
  wall(grid, -1, 1);
  const path = plan(grid);
  expect(path).toBeDefined();
  expect(Math.max(...(path ?? []).map(({ y }) => Math.abs(y)))).toBeGreaterThan(1);
  for (const point of path ?? []) {
    const nearest = { x: 1, y: Math.min(1, Math.max(-1, point.y)) };
    expect(distance(point, nearest)).toBeGreaterThan(keepM - cellM);
  }
});

test('there is no way through a wall that reaches from one end of the area to the other', () => {
  const grid = new Grid(6);
  wall(grid, -3, 3);
  expect(plan(grid)).toBeUndefined();
});

test('a door as wide as the buggy needs is a way, a narrower one is none', () => {
  const doors = [0.25, 0.55].map((widthM) => {
    const grid = new Grid(6);
    wall(grid, -3, -widthM / 2);
    wall(grid, widthM / 2, 3);
    return plan(grid) !== undefined;
  });
  expect(doors).toEqual([false, true]);
});

test('what stood there and is gone is forgotten after a few looks', () => {
  const grid = new Grid(6);
  const from = { x: 0, y: 0 };
  grid.look(from, 0, 0.5, 2);
  const cell = grid.cellOf(along(from, 0, 0.5)) ?? -1;
  expect(grid.isOccupied(cell)).toBe(true);
  for (let look = 0; look < 4; look++) grid.look(from, 0, 1.5, 2);
  expect(grid.isOccupied(cell)).toBe(false);
});
