import { expect, test } from 'vitest';
import { frameOf, heatColour, lengthOf, toTrack } from '../../../../../cloud/web/app/rover/track.js';
import type { Point } from '../../../../../cloud/web/app/state/live-readings.js';

/** One value per second from `fromMs` on. */
function series(values: readonly number[], fromMs = 0): Point[] {
  return values.map((value, index) => [fromMs + index * 1_000, value, value, value]);
}

test('readings of one time make a place, and a look from there a hit', () => {
  const track = toTrack(
    new Map([
      ['x', series([0, 1])],
      ['y', series([0, 0])],
      ['heading', series([0, Math.PI / 2])],
      ['temperature', series([20, 21])],
      ['range-ahead', series([1, 0.94])],
    ]),
  );
  expect(track.places).toEqual([
    { ms: 0, x: 0, y: 0, heading: 0, temperatureC: 20 },
    { ms: 1_000, x: 1, y: 0, heading: Math.PI / 2, temperatureC: 21 },
  ]);
  expect(track.hits[0]).toEqual({ x: 1.06, y: 0 });
  expect(track.hits[1]?.x).toBeCloseTo(1);
  expect(track.hits[1]?.y).toBeCloseTo(1);
  expect(lengthOf(track.places)).toBe(1);
});

test('only the last drive is shown: a pause or another goal begins a new one', () => {
  const drives = (goals: number[], secondFromMs: number) =>
    toTrack(
      new Map([
        ['x', [...series([0, 1]), ...series([0, 2], secondFromMs)]],
        ['y', [...series([0, 0]), ...series([0, 0], secondFromMs)]],
        ['goal-x', [...series([3, 3]), ...series(goals, secondFromMs)]],
        ['goal-y', [...series([0, 0]), ...series([0, 0], secondFromMs)]],
      ]),
    ).places.map(({ x }) => x);
  expect(drives([3, 3], 60_000)).toEqual([0, 2]);
  expect(drives([4, 4], 2_000)).toEqual([0, 2]);
  expect(drives([3, 3], 2_000)).toEqual([0, 1, 0, 2]);
});

test('the frame holds everything, and the goal is the last one told', () => {
  const track = toTrack(
    new Map([
      ['x', series([0, -1])],
      ['y', series([0, 2])],
      ['goal-x', series([4, 4])],
      ['goal-y', series([-3, -3])],
    ]),
  );
  const { left, top, width, height } = frameOf(track);
  expect(track.goal).toEqual({ x: 4, y: -3 });
  expect([left, top, width, height].map((value) => Number(value.toFixed(1)))).toEqual([-1.3, 2.3, 5.6, 5.6]);
});

test('colours go from blue to red, and an unknown temperature is grey', () => {
  expect([heatColour(20, 20, 24), heatColour(24, 20, 24)]).toEqual(['hsl(215 75% 46%)', 'hsl(10 75% 46%)']);
  expect(heatColour(undefined, 20, 24)).toBe('var(--line-strong)');
});
