/**
 * What the buggy's driving asks of its parts. Real parts are made of drivers in this folder, the
 * simulated ones in `sim/rover/` move in a course; the driving cannot tell them apart.
 * Frame: metres, x ahead of the starting place, y to its left; angles in radians, left is positive.
 */
import type { Closeable } from '../../core/lifecycle.js';

/** Two motors. */
export interface Motors extends Closeable {
  /** Duty from -1 (full speed back) to 1; 0 lets the wheel stand. @throws the bus's errors. */
  set(left: number, right: number): Promise<void>;
}

/** Marks passed on the wheels' discs since the start, signed by the direction in which the motor turns. */
export interface WheelCounts {
  readonly left: number;
  readonly right: number;
}

export interface WheelCounters extends Closeable {
  counts(): Promise<WheelCounts>;
}

export interface Attitude {
  /** Turning rate about the vertical, left positive. */
  readonly yawRateRadS: number;
  /** Angle between the buggy's vertical axis and the measured acceleration, 0 when level and at rest. */
  readonly tiltRad: number;
}

export interface InertialSensor {
  /** @throws the bus's errors. */
  read(): Promise<Attitude>;
}

/** A range finder that is turned, or three that look different ways. */
export interface SweptRangeFinder {
  /** The farthest distance that it tells apart from nothing. */
  readonly maxRangeM: number;
  /**
   * Looks in a direction from the buggy's own heading; resolves when the measurement is made.
   * Metres from the sensor, undefined when nothing was in range. @throws the bus's errors.
   */
  look(bearingRad: number): Promise<number | undefined>;
}

export interface Battery {
  volts(): Promise<number>;
}

export interface Thermometer {
  temperatureC(): Promise<number>;
}

/** The red button: pressed or its cable broken is the same. */
export interface StopButton {
  isPressed(): Promise<boolean>;
  /** Calls `listener` at the edge itself, without waiting for a turn of the loop. Returns the undo. */
  onPress(listener: () => void): () => void;
}

export interface RoverParts extends Closeable {
  /** `simulated`, or how the parts are reached. */
  readonly route: string;
  readonly motors: Motors;
  readonly wheels: WheelCounters;
  readonly inertial: InertialSensor;
  readonly ranges: SweptRangeFinder;
  /** Undefined where none is measured. */
  readonly battery: Battery | undefined;
  /** Undefined where none is wired. */
  readonly thermometer: Thermometer | undefined;
  readonly stopButton: StopButton;
}
