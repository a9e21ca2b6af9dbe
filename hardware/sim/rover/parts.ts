/** The buggy's parts in a simulated course. Every touch first lets the world catch up with the clock. */
import { type Clock, sleep } from '../../../core/clock.js';
import type { RoverParts } from '../../rover/ports.js';
import { gyroDriftRadS2, gyroNoiseRadS, maxRangeM, thermometerStepC } from './faults.js';
import type { RoverWorld } from './world.js';

/** HC-SR04 data sheet: at least 60 ms from pulse to pulse; the servo turns meanwhile. */
const lookMs = 65;

export class SimulatedRover implements RoverParts {
  readonly route = 'simulated';
  readonly world: RoverWorld;
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #pressListeners = new Set<() => void>();
  #pressed = false;
  /** For tests: what the battery gives, volts. */
  volts = 7.9;
  /** For tests: parts that hang answer never. */
  hangs: 'inertial' | 'ranges' | undefined;
  /** For tests: the next reads of the inertial sensor fail with it. */
  fault: Error | undefined;

  constructor(world: RoverWorld, clock: Clock) {
    this.world = world;
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
  }

  /** The true state at this moment. */
  now(): RoverWorld {
    this.world.advanceTo(this.#clock.monotonicMs() - this.#startMs);
    return this.world;
  }

  readonly motors = {
    set: async (left: number, right: number) => this.now().setDuty(left, right),
    close: async () => this.now().setDuty(0, 0),
  };

  readonly wheels = { counts: async () => this.now().counts(), close: async () => {} };

  readonly inertial = {
    read: async () => {
      if (this.hangs === 'inertial') await new Promise(() => {});
      if (this.fault !== undefined) throw this.fault;
      const world = this.now();
      const { gyroScale, gyroBiasRadS } = world.faults;
      const drift = (gyroDriftRadS2 * (this.#clock.monotonicMs() - this.#startMs)) / 1_000;
      const noise = world.random.normal(gyroNoiseRadS);
      return {
        yawRateRadS: world.yawRateRadS * gyroScale + gyroBiasRadS + drift + noise,
        tiltRad: Math.abs(world.tiltRad + world.random.normal(0.01)),
      };
    },
  };

  readonly ranges = {
    maxRangeM,
    look: async (bearingRad: number) => {
      if (this.hangs === 'ranges') await new Promise(() => {});
      await sleep(this.#clock, lookMs);
      return this.now().range(bearingRad);
    },
  };

  readonly battery = { volts: async () => this.volts };

  readonly thermometer = {
    temperatureC: async () => {
      const exact = this.now().temperatureC() + this.world.random.normal(0.05);
      return Math.round(exact / thermometerStepC) * thermometerStepC;
    },
  };

  readonly stopButton = {
    isPressed: async () => this.#pressed,
    onPress: (listener: () => void) => {
      this.#pressListeners.add(listener);
      return () => this.#pressListeners.delete(listener);
    },
  };

  /** Presses the red button and keeps it down. */
  pressStop(): void {
    this.#pressed = true;
    for (const listener of [...this.#pressListeners]) listener();
  }

  async close(): Promise<void> {
    await this.motors.close();
  }
}
