/**
 * How far simulated parts are from ideal. Numbers of chips are their datasheets'; those of wheels,
 * floor and motors are estimates of our own, said as such, and no measurement of a real buggy.
 */
import type { Random } from '../random.js';

const degree = Math.PI / 180;

export interface Faults {
  /** True metres per metre that the calibration says, per wheel. */
  readonly wheelScale: readonly [number, number];
  /** True distance between the wheels per configured one. */
  readonly trackScale: number;
  /** Speed of each motor at the same duty, as a factor. */
  readonly motorScale: readonly [number, number];
  readonly gyroScale: number;
  readonly gyroBiasRadS: number;
  readonly rangeScale: number;
}

/** Drawn once per run. */
export function drawFaults(random: Random): Faults {
  const around1 = (standardDeviation: number) => 1 + random.normal(standardDeviation);
  return {
    // Estimate: what is left after driving along a tape measure, docs/rover.md.
    wheelScale: [around1(0.01), around1(0.01)],
    trackScale: around1(0.02),
    // Estimate: cheap gear motors differ by that much.
    motorScale: [around1(0.05), around1(0.05)],
    // MPU-6050 datasheet 6.1: sensitivity tolerance 3 %, which the calibration of docs/rover.md (ten turns
    // against a wall) takes away but for the way it varies with temperature: 2 % over 125 K.
    gyroScale: around1(0.004),
    // MPU-6050 datasheet 6.1: zero-rate output within 20 degrees per second.
    gyroBiasRadS: random.between(-20, 20) * degree,
    // Speed of sound: 0.18 % per kelvin that the air is not as warm as taken; 5 K.
    rangeScale: around1(0.009),
  };
}

/** MPU-6050 datasheet 6.1: 0.05 degrees per second RMS with the 100 Hz filter. */
export const gyroNoiseRadS = 0.05 * degree;
/** MPU-6050 datasheet 6.1: the zero moves by 40 degrees per second over 125 K; this is 0.1 K a minute. */
export const gyroDriftRadS2 = ((40 / 125) * degree * 0.1) / 60;
/** Estimate: share of its way that a wheel loses all the time, and how much that varies. */
export const creep = { mean: 0.005, deviation: 0.02 };
/** Estimate: how often per metre a wheel slips, how much of its way is lost, and for how long. */
export const slip = { perM: 0.15, lost: [0.2, 0.7], lastsMs: [150, 500] } as const;
/** HC-SR04 data sheet: resolution 3 mm; the rest is the servo that still trembles (estimate). */
export const rangeNoiseM = 0.006;
/** HC-SR04 data sheet: measuring angle 15 degrees. The first echo from anywhere in it counts. */
export const coneRad = 15 * degree;
/** Of the 4 m of the data sheet, what a plain wall gives back dependably (estimate). */
export const maxRangeM = 2.5;
/** Estimate: a smooth wall that is met at a flatter angle throws the sound elsewhere. */
export const echoFromRad = 45 * degree;
/** Estimate: within it, the rough end or corner of a wall sends sound everywhere. */
export const cornerM = { reach: 1.5, size: 0.04 };
/** Estimate: measurements that fail without a cause. */
export const missedShare = 0.01;
/** TMP102 datasheet: 0.0625 K per step, 0.5 K accuracy. */
export const thermometerStepC = 0.0625;
