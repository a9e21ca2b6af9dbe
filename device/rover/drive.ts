/**
 * One drive from where the buggy stands to a goal: the control loop over the parts. Invariant: in
 * whatever way it ends, the motors have been told to stop, for good, before the result is handed out.
 */
import { type Clock, sleep } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { Attitude, RoverParts, WheelCounts } from '../../hardware/rover/ports.js';
import { DeadMan } from './dead-man.js';
import { type Estimate, Estimator } from './estimator.js';
import { type Command, standing } from './follower.js';
import { Grid } from './grid.js';
import { Guard, type StopReason } from './guard.js';
import { Navigator } from './navigator.js';
import type { Point } from './pose.js';
import type { DriveSettings } from './settings.js';
import { type Look, Sweep } from './sweep.js';

export interface DriveOptions {
  readonly parts: RoverParts;
  readonly settings: DriveSettings;
  /** In the drive's frame: x metres ahead of where it stands, y to the left. */
  readonly goal: Point;
  readonly clock: Clock;
  readonly log: Logger;
  readonly isLinked: () => boolean;
  readonly signal?: AbortSignal;
  /** Called once a turn of the loop. */
  readonly onProgress?: (progress: DriveProgress) => void;
}

export interface DriveProgress {
  readonly atMs: number;
  readonly pose: Estimate;
  readonly command: Command;
  readonly volts: number;
  readonly path: readonly Point[];
  readonly looks: readonly Look[];
  readonly grid: Grid;
}

export interface DriveResult {
  readonly outcome: 'arrived' | 'no-way' | 'stopped';
  /** Why, when it was stopped. */
  readonly reason: StopReason | undefined;
  /** What a part said, when one failed. */
  readonly cause: unknown;
  readonly pose: Estimate;
  readonly drivenM: number;
  readonly elapsedMs: number;
}

const turnMs = 50;
/** Standing, to learn the gyroscope's zero and to look about. */
const prepareMs = 2_500;
const batteryEveryMs = 500;
/** Motors run down in a tenth of a second, and the filter of the gyroscope follows. */
const restAfterMs = 600;
/** Between two marks of a wheel that turns slowly. */
const stuckMs = 300;
/** Several looks, each with the way of the servo. */
const blindMs = 400;

type Ending = {
  readonly outcome: DriveResult['outcome'];
  readonly reason?: StopReason;
  readonly cause?: unknown;
};

/** Never rejects: what goes wrong is in the result. */
export function drive(options: DriveOptions): Promise<DriveResult> {
  return new Drive(options).run();
}

class Drive {
  readonly #options: DriveOptions;
  readonly #estimator: Estimator;
  readonly #grid: Grid;
  readonly #sweep: Sweep;
  readonly #guard: Guard;
  readonly #deadMan: DeadMan;
  readonly #stop = new AbortController();
  readonly #startMs: number;
  #ending: Ending | undefined;
  #counts: WheelCounts | undefined;
  #duty: readonly [number, number] = [0, 0];
  #movedAtMs: [number, number];
  #lastMs: number;
  #pushedAtMs = Number.NEGATIVE_INFINITY;
  #drivenM = 0;
  #volts = Number.POSITIVE_INFINITY;
  #batteryAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: DriveOptions) {
    const { settings, clock, parts } = options;
    this.#options = options;
    this.#startMs = clock.monotonicMs();
    this.#lastMs = this.#startMs;
    this.#movedAtMs = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    this.#estimator = new Estimator(settings.trackM);
    this.#grid = new Grid(settings.areaM);
    this.#guard = new Guard(settings, clock);
    this.#deadMan = new DeadMan(parts.motors, clock, (cause) =>
      this.#end({ outcome: 'stopped', reason: 'part-hangs', cause }),
    );
    this.#sweep = new Sweep({
      ranges: parts.ranges,
      grid: this.#grid,
      clock,
      sensorAheadM: settings.sensorAheadM,
      pose: () => this.#estimator.estimate,
    });
  }

  async run(): Promise<DriveResult> {
    const { parts, signal } = this.#options;
    const onAsked = () => this.#end({ outcome: 'stopped', reason: 'asked' });
    const undo = parts.stopButton.onPress(() => this.#end({ outcome: 'stopped', reason: 'red-button' }));
    signal?.addEventListener('abort', onAsked, { once: true });
    if (signal?.aborted) onAsked();
    const failed = (cause: unknown) => this.#end({ outcome: 'stopped', reason: 'part-failed', cause });
    const ended = new Promise<void>((resolve) => {
      if (this.#stop.signal.aborted) resolve();
      else this.#stop.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    // A part that hangs must not keep the drive from ending: nobody waits for these two.
    this.#loop().catch(failed);
    this.#sweep.run(this.#stop.signal).catch(failed);
    await ended;
    undo();
    signal?.removeEventListener('abort', onAsked);
    await this.#deadMan.stop().catch(failed);
    return this.#result();
  }

  /** The first ending counts. The motors stop here and now, not at the end of some wait. */
  #end(ending: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#deadMan.stop().catch(() => {});
    this.#stop.abort();
  }

  async #loop(): Promise<void> {
    const { clock, settings, goal } = this.#options;
    const { signal } = this.#stop;
    const navigator = new Navigator({ ...settings, goal, grid: this.#grid, sweep: this.#sweep, clock });
    await this.#sense();
    for (let dueMs = this.#startMs + turnMs; !signal.aborted; dueMs += turnMs) {
      await sleep(clock, Math.max(0, dueMs - clock.monotonicMs()), signal).catch(() => {});
      if (clock.monotonicMs() > dueMs + turnMs) dueMs = clock.monotonicMs();
      const attitude = await this.#sense();
      if (signal.aborted) return;
      const reason = this.#guard.check(await this.#conditions(attitude));
      if (reason !== undefined) return this.#end({ outcome: 'stopped', reason });
      const prepared = clock.monotonicMs() - this.#startMs >= prepareMs;
      const decision = prepared ? navigator.decide(this.#estimator.estimate) : standing;
      if (typeof decision === 'string') return this.#end({ outcome: decision });
      await this.#command(decision);
      this.#tell(decision, navigator.path);
    }
  }

  async #sense(): Promise<Attitude> {
    const { parts, settings, clock } = this.#options;
    const [counts, attitude] = await Promise.all([parts.wheels.counts(), parts.inertial.read()]);
    const now = clock.monotonicMs();
    const before = this.#counts ?? counts;
    const [left, right] = [counts.left - before.left, counts.right - before.right];
    this.#counts = counts;
    if (left !== 0) this.#movedAtMs[0] = now;
    if (right !== 0) this.#movedAtMs[1] = now;
    const leftM = left * settings.leftMetresPerCount;
    const rightM = right * settings.rightMetresPerCount;
    const yawRateRadS = attitude.yawRateRadS * settings.gyroScale;
    this.#drivenM += Math.abs(leftM + rightM) / 2;
    if (this.#rests(now)) this.#estimator.rest(yawRateRadS);
    this.#estimator.move({ seconds: (now - this.#lastMs) / 1_000, leftM, rightM, yawRateRadS });
    this.#lastMs = now;
    this.#grid.clearDisc(this.#estimator.estimate, settings.radiusM);
    return attitude;
  }

  /** Told to stand so long ago that neither wheels nor the gyroscope's filter move any more. */
  #rests(now: number): boolean {
    return (
      now - this.#pushedAtMs > restAfterMs && this.#movedAtMs.every((atMs) => now - atMs > restAfterMs / 2)
    );
  }

  async #conditions({ tiltRad }: Attitude) {
    const { parts, clock, isLinked } = this.#options;
    const now = clock.monotonicMs();
    if (now >= this.#batteryAtMs + batteryEveryMs) {
      this.#batteryAtMs = now;
      this.#volts = (await parts.battery?.volts()) ?? this.#volts;
    }
    return {
      isPressed: await parts.stopButton.isPressed(),
      tiltRad,
      volts: this.#volts,
      isLinked: isLinked(),
      isBlind: now - Math.max(this.#sweep.lastAtMs, this.#startMs) > blindMs,
      isStuck: this.#duty.some((duty, side) => duty !== 0 && now - (this.#movedAtMs[side] ?? now) > stuckMs),
    };
  }

  async #command({ speedMS, turnRadS }: Command): Promise<void> {
    const { trackM, fullSpeedMS } = this.#options.settings;
    const half = (turnRadS * trackM) / 2;
    const [left, right] = [(speedMS - half) / fullSpeedMS, (speedMS + half) / fullSpeedMS];
    const most = Math.max(1, Math.abs(left), Math.abs(right));
    this.#duty = [left / most, right / most];
    if (left !== 0 || right !== 0) this.#pushedAtMs = this.#options.clock.monotonicMs();
    await this.#deadMan.set(...this.#duty);
  }

  #tell(command: Command, path: readonly Point[]): void {
    this.#options.onProgress?.({
      atMs: this.#options.clock.monotonicMs() - this.#startMs,
      pose: this.#estimator.estimate,
      command,
      volts: this.#volts,
      path,
      looks: this.#sweep.recent,
      grid: this.#grid,
    });
  }

  #result(): DriveResult {
    return {
      outcome: this.#ending?.outcome ?? 'stopped',
      reason: this.#ending?.reason,
      cause: this.#ending?.cause,
      pose: this.#estimator.estimate,
      drivenM: this.#drivenM,
      elapsedMs: this.#options.clock.monotonicMs() - this.#startMs,
    };
  }
}
