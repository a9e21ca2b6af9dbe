/** One drive through a simulated course, and how it stood with the truth at its end. */
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import { type DriveProgress, type DriveResult, drive } from '../../device/rover/drive.js';
import type { Point } from '../../device/rover/pose.js';
import { type DriveSettings, driveSettings } from '../../device/rover/settings.js';
import { type Course, makeCourse } from '../../hardware/sim/rover/course.js';
import { SimulatedRover } from '../../hardware/sim/rover/parts.js';
import { RoverWorld } from '../../hardware/sim/rover/world.js';
import { VirtualTime } from '../../hardware/sim/virtual-time.js';

export interface SimulationOptions {
  readonly seed: number;
  readonly kind?: 'open' | 'blocked';
  readonly log: Logger;
  readonly settings?: Partial<DriveSettings>;
  readonly signal?: AbortSignal;
  readonly isLinked?: () => boolean;
  /** Before the start: for those who disturb the parts. */
  readonly prepare?: (parts: SimulatedRover, clock: Clock) => void;
  readonly onProgress?: (progress: DriveProgress, world: RoverWorld) => void;
  /** Awaited before time jumps by that much. */
  readonly pace?: (aheadMs: number) => Promise<void>;
}

export interface SimulationResult extends DriveResult {
  readonly course: Course;
  /** Between the true place at the end and the goal, metres. */
  readonly offM: number;
  readonly touched: boolean;
  /** The least room between hull and wall, metres. */
  readonly nearestM: number;
  /** Between the place it believed to be in and the true one, metres. */
  readonly driftM: number;
  readonly world: RoverWorld;
}

/** The same seed gives the same drive. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { seed, kind, log, settings, signal, pace, isLinked = () => true } = options;
  const course = makeCourse(seed, kind);
  const clock = new VirtualTime();
  const world = new RoverWorld(course);
  const parts = new SimulatedRover(world, clock);
  options.prepare?.(parts, clock);
  const driving = drive({
    parts,
    settings: { ...driveSettings.parse({}), ...settings },
    goal: inDriveFrame(course, course.goal),
    clock,
    log,
    isLinked,
    ...(signal === undefined ? {} : { signal }),
    onProgress: (progress) => options.onProgress?.(progress, world),
  });
  const result = await clock.run(driving, pace);
  const truth = inDriveFrame(course, world.truth);
  return {
    ...result,
    course,
    offM: Math.hypot(world.truth.x - course.goal.x, world.truth.y - course.goal.y),
    touched: world.touched,
    nearestM: world.nearestM,
    driftM: Math.hypot(truth.x - result.pose.x, truth.y - result.pose.y),
    world,
  };
}

/** A place of the course as the buggy counts: from its start, x where it looked then. */
export function inDriveFrame({ start }: Course, { x, y }: Point): Point {
  const [sin, cos] = [Math.sin(start.heading), Math.cos(start.heading)];
  const [dx, dy] = [x - start.x, y - start.y];
  return { x: dx * cos + dy * sin, y: dy * cos - dx * sin };
}
