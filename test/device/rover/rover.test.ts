import { expect, test } from 'vitest';
import { inDriveFrame } from '../../../cli/rover/simulation.js';
import { silentLogger } from '../../../core/log.js';
import type { Reading } from '../../../core/wire/messages.js';
import { roverConfig } from '../../../device/rover/config.js';
import { Rover } from '../../../device/rover/rover.js';
import { makeCourse } from '../../../hardware/sim/rover/course.js';
import { SimulatedRover } from '../../../hardware/sim/rover/parts.js';
import { RoverWorld } from '../../../hardware/sim/rover/world.js';
import { VirtualTime } from '../../../hardware/sim/virtual-time.js';

const course = makeCourse(4);
const goal = inDriveFrame(course, course.goal);

function roverInCourse() {
  const clock = new VirtualTime();
  const world = new RoverWorld(course);
  const batches: (readonly Reading[])[] = [];
  const rover = new Rover({
    config: roverConfig.parse({}),
    openParts: async () => new SimulatedRover(world, clock),
    isLinked: () => true,
    onReadings: async (readings) => {
      batches.push(readings);
    },
    clock,
    log: silentLogger,
  });
  return { rover, clock, world, batches };
}

test('a drive tells its place and the temperature there once a second, under one time', async () => {
  const { rover, clock, world, batches } = roverInCourse();
  const { outcome, elapsedMs } = await clock.run(rover.drive({ goal }));
  expect(outcome).toBe('arrived');
  expect(batches.length).toBeGreaterThanOrEqual(Math.floor(elapsedMs / 1_050));
  for (const batch of batches) expect(new Set(batch.map(({ deviceTime }) => deviceTime)).size).toBe(1);
  const last = Object.fromEntries((batches.at(-1) ?? []).map(({ series, value }) => [series, value]));
  expect(last['rover.x']).toBeCloseTo(goal.x, 0);
  expect(last['rover.temperature']).toBeCloseTo(world.temperatureC(), 0);
  expect(last).toMatchObject({ 'rover.goal-x': Number(goal.x.toFixed(3)), 'rover.battery': 7.9 });
  expect(Object.keys(last)).toContain('rover.range-ahead');
});

test('a second drive meanwhile is refused, and closing stops the first', async () => {
  const { rover, clock, world } = roverInCourse();
  clock.after(6_000, () => void rover.close());
  const first = rover.drive({ goal });
  await expect(rover.drive({ goal })).rejects.toMatchObject({ code: 'ROVER_BUSY' });
  expect(await clock.run(first)).toMatchObject({ outcome: 'stopped', reason: 'asked' });
  expect(world.dutyIsZero).toBe(true);
});
