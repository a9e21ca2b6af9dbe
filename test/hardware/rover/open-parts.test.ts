import { expect, test } from 'vitest';
import { inDriveFrame } from '../../../cli/rover/simulation.js';
import { silentLogger } from '../../../core/log.js';
import { drive } from '../../../device/rover/drive.js';
import { driveSettings } from '../../../device/rover/settings.js';
import { makeCourse } from '../../../hardware/sim/rover/course.js';
import { RoverWorld } from '../../../hardware/sim/rover/world.js';
import { VirtualTime } from '../../../hardware/sim/virtual-time.js';
import { wireRover } from '../../support/rover-on-chips.js';

const course = makeCourse(4);

function driven(pwm: { duty(channel: number): number }): number[] {
  return [0, 1, 2, 3].map((channel) => Number(pwm.duty(channel).toFixed(2)));
}

test('duties go to the channels of the two directions, and 0 leaves nothing on', async () => {
  const clock = new VirtualTime();
  const { parts, pwm, unplug } = await clock.run(wireRover(new RoverWorld(course), clock));
  await clock.run(parts.motors.set(0.5, -0.25));
  expect(driven(pwm)).toEqual([0.5, 0, 0, 0.25]);
  await clock.run(parts.motors.set(0, 0));
  expect(driven(pwm)).toEqual([0, 0, 0, 0]);
  unplug();
});

test('edges of a disc count with the direction of its motor', async () => {
  const clock = new VirtualTime();
  const { parts, lines, wiring, unplug } = await clock.run(wireRover(new RoverWorld(course), clock));
  unplug();
  await clock.run(parts.motors.set(0.3, -0.3));
  for (const level of [1, 0, 1] as const) {
    lines.drive(wiring.leftWheelPin, level);
    lines.drive(wiring.rightWheelPin, level);
  }
  expect(await parts.wheels.counts()).toEqual({ left: 3, right: -3 });
  lines.fail(wiring.leftWheelPin, 'cable off');
  await expect(parts.wheels.counts()).rejects.toThrow('cable off');
});

test('the red button is pressed when its line is high, as with a broken cable', async () => {
  const clock = new VirtualTime();
  const { parts, lines, wiring, unplug } = await clock.run(wireRover(new RoverWorld(course), clock));
  let presses = 0;
  parts.stopButton.onPress(() => (presses += 1));
  expect(await parts.stopButton.isPressed()).toBe(false);
  lines.drive(wiring.stopPin, 1);
  expect({ isPressed: await parts.stopButton.isPressed(), presses }).toEqual({ isPressed: true, presses: 1 });
  unplug();
});

test('a whole drive over the registers of its chips reaches the goal, touches nothing and leaves all off', async () => {
  const clock = new VirtualTime();
  const world = new RoverWorld(course);
  const { parts, pwm, unplug } = await clock.run(wireRover(world, clock));
  const goal = inDriveFrame(course, course.goal);
  const settings = driveSettings.parse({});
  const driving = drive({ parts, settings, goal, clock, log: silentLogger, isLinked: () => true });
  const { outcome } = await clock.run(driving);
  await clock.run(parts.close());
  unplug();
  const offM = Math.hypot(world.truth.x - course.goal.x, world.truth.y - course.goal.y);
  expect({ outcome, touched: world.touched, duties: driven(pwm) }).toEqual({
    outcome: 'arrived',
    touched: false,
    duties: [0, 0, 0, 0],
  });
  expect(offM).toBeLessThan(0.2);
});

test('a bus that fails in mid-drive ends it with the motors off', async () => {
  const clock = new VirtualTime();
  const world = new RoverWorld(course);
  const { parts, pwm, bus, unplug } = await clock.run(wireRover(world, clock));
  const goal = inDriveFrame(course, course.goal);
  clock.after(8_000, () => bus.failNext('disturbed'));
  const driving = drive({
    parts,
    settings: driveSettings.parse({}),
    goal,
    clock,
    log: silentLogger,
    isLinked: () => true,
  });
  const { outcome, reason } = await clock.run(driving);
  expect({ outcome, reason, duties: driven(pwm) }).toEqual({
    outcome: 'stopped',
    reason: 'part-failed',
    duties: [0, 0, 0, 0],
  });
  unplug();
});
