/**
 * The buggy as a part of the agent: opens its parts for a drive, tells the way as readings, and leaves
 * nothing turning behind. One drive at a time.
 */
import type { Clock } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { Reading } from '../../core/wire/messages.js';
import type { RoverParts, Thermometer } from '../../hardware/rover/ports.js';
import type { RoverConfig } from './config.js';
import { type DriveProgress, type DriveResult, drive } from './drive.js';
import { roverBusy } from './errors.js';
import type { Point } from './pose.js';
import { reportOf } from './report.js';

export interface RoverOptions {
  readonly config: RoverConfig;
  /** Motors are off in the parts that it opens. */
  readonly openParts: () => Promise<RoverParts>;
  readonly isLinked: () => boolean;
  readonly onReadings: (readings: readonly Reading[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface DriveRequest {
  /** Metres ahead of where it stands, and to its left. */
  readonly goal: Point;
  readonly stopOnLostLink?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DriveProgress) => void;
}

export class Rover implements Closeable {
  readonly #options: RoverOptions;
  readonly #stop = new AbortController();
  #driving: Promise<DriveResult> | undefined;

  constructor(options: RoverOptions) {
    this.#options = options;
  }

  /** @throws ROVER_BUSY, and what opening the parts throws. */
  async drive(request: DriveRequest): Promise<DriveResult> {
    if (this.#driving !== undefined) throw roverBusy();
    this.#driving = this.#drive(request);
    try {
      return await this.#driving;
    } finally {
      this.#driving = undefined;
    }
  }

  /** Stops a drive that is under way. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#driving?.catch(() => {});
  }

  async #drive({ goal, stopOnLostLink, signal, onProgress }: DriveRequest): Promise<DriveResult> {
    const { config, openParts, isLinked, clock, log } = this.#options;
    const parts = await openParts();
    try {
      log.info('driving', { x: goal.x, y: goal.y, route: parts.route });
      const teller = new Teller(this.#options, goal, parts.thermometer);
      const result = await drive({
        parts,
        settings: { ...config, stopOnLostLink: stopOnLostLink ?? config.stopOnLostLink },
        goal,
        clock,
        log,
        isLinked,
        signal: signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]),
        onProgress: (progress) => {
          teller.take(progress);
          onProgress?.(progress);
        },
      });
      await teller.last();
      const { outcome, reason, cause } = result;
      log.info('drive ended', { outcome, reason, ...(cause === undefined ? {} : { error: cause }) });
      return result;
    } finally {
      await parts.close();
    }
  }
}

/** Measures and tells beside the control loop, which does not wait for it. */
class Teller {
  readonly #options: RoverOptions;
  readonly #goal: Point;
  readonly #thermometer: Thermometer | undefined;
  #progress: DriveProgress | undefined;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #telling: Promise<void> | undefined;

  constructor(options: RoverOptions, goal: Point, thermometer: Thermometer | undefined) {
    this.#options = options;
    this.#goal = goal;
    this.#thermometer = thermometer;
  }

  take(progress: DriveProgress): void {
    this.#progress = progress;
    const { clock, config } = this.#options;
    if (this.#telling !== undefined || clock.monotonicMs() < this.#toldAtMs + config.reportEveryMs) return;
    this.#toldAtMs = clock.monotonicMs();
    this.#telling = this.#tell(progress).finally(() => {
      this.#telling = undefined;
    });
  }

  /** Where it stands in the end. */
  async last(): Promise<void> {
    await this.#telling;
    if (this.#progress !== undefined) await this.#tell(this.#progress);
  }

  /** Never rejects: a reading that is lost must not stop a drive. */
  async #tell(progress: DriveProgress): Promise<void> {
    const { clock, log, onReadings } = this.#options;
    try {
      // A thermometer that fails is a gap; the way is told all the same.
      const temperatureC = await this.#thermometer?.temperatureC().catch(() => undefined);
      const deviceTime = new Date(clock.now()).toISOString();
      await onReadings(reportOf({ progress, goal: this.#goal, temperatureC, deviceTime }));
    } catch (error) {
      log.warn('readings of the drive are lost', { error });
    }
  }
}
