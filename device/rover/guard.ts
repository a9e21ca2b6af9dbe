/**
 * Why a drive must end at once, and how long each cause may last before it counts. The red button
 * does not wait for this: its edge stops the motors itself.
 */
import type { Clock } from '../../core/clock.js';
import type { DriveSettings } from './settings.js';

export type StopReason =
  | 'red-button'
  | 'tilt'
  | 'low-battery'
  | 'link-lost'
  | 'wheel-stuck'
  | 'time-limit'
  | 'part-hangs'
  | 'part-failed'
  | 'asked';

export interface Conditions {
  readonly isPressed: boolean;
  readonly tiltRad: number;
  readonly volts: number;
  readonly isLinked: boolean;
  /** The left or the right motor is told to turn, and its wheel's disc does not. */
  readonly isStuck: boolean;
  /** No look was finished of late. */
  readonly isBlind: boolean;
}

/** A jolt is no tilt, and a motor's start is no empty battery. Milliseconds. */
const lasting = { tilt: 100, battery: 1_000, stuck: 1_500, blind: 300 } as const;

export class Guard {
  readonly #settings: DriveSettings;
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #since = new Map<StopReason, number>();

  constructor(settings: DriveSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
  }

  /** Call once a turn. */
  check(now: Conditions): StopReason | undefined {
    const { maxTiltDegrees, minVolts, linkGraceMs, stopOnLostLink, timeLimitS } = this.#settings;
    if (now.isPressed) return 'red-button';
    if (this.#lasts('tilt', now.tiltRad > (maxTiltDegrees * Math.PI) / 180, lasting.tilt)) return 'tilt';
    if (this.#lasts('low-battery', !(now.volts >= minVolts), lasting.battery)) return 'low-battery';
    if (this.#lasts('link-lost', stopOnLostLink && !now.isLinked, linkGraceMs)) return 'link-lost';
    if (this.#lasts('part-hangs', now.isBlind, lasting.blind)) return 'part-hangs';
    if (this.#lasts('wheel-stuck', now.isStuck, lasting.stuck)) return 'wheel-stuck';
    return this.#clock.monotonicMs() - this.#startMs > timeLimitS * 1_000 ? 'time-limit' : undefined;
  }

  #lasts(reason: StopReason, holds: boolean, limitMs: number): boolean {
    if (!holds) {
      this.#since.delete(reason);
      return false;
    }
    const now = this.#clock.monotonicMs();
    const since = this.#since.get(reason) ?? now;
    this.#since.set(reason, since);
    return now - since >= limitMs;
  }
}
