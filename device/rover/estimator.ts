/**
 * Where the buggy is: an extended Kalman filter over x, y, heading and the gyroscope's zero, moved by
 * the wheels' ways and the measured turning rate (Thrun, Burgard, Fox: Probabilistic Robotics, 2005,
 * 3.3 and 5.4). The wheels are not asked for the turn but where they disagree with the gyroscope,
 * which shows a wheel that slips (Borenstein, Feng: Gyrodometry, ICRA 1996).
 */
import { along, type Pose, wrapAngle } from './pose.js';

/** One turn of the control loop, as measured. */
export interface Motion {
  readonly seconds: number;
  /** Way of each wheel by its disc, metres. */
  readonly leftM: number;
  readonly rightM: number;
  /** With the zero still in it. */
  readonly yawRateRadS: number;
}

export interface Estimate extends Pose {
  /** Standard deviation of the place, metres, both axes together. */
  readonly uncertaintyM: number;
  readonly gyroZeroRadS: number;
}

/** Standard deviation of the way per metre: wheels that are not quite as calibrated. */
const wayShare = 0.012;
/** Per radian turned: the gyroscope's sensitivity. */
const turnShare = 0.01;
/** MPU-6050 datasheet 6.1: 0.005 degrees per second and root of hertz, radians per root of second. */
const turnNoise = 0.005 * (Math.PI / 180);
/** How far the zero may move, (rad/s) per root of second. */
const zeroDrift = 2e-5;
/** Of one measurement at rest, rad/s: MPU-6050 datasheet 6.1, total noise. */
const restNoise = 0.05 * (Math.PI / 180);
/** Ways are compared with the gyroscope over this time: the discs' marks are too coarse for less. */
const slipWindowS = 0.4;
/** Disagreement within a window that no mark's width explains, radians. */
const slipRad = 0.09;

type Matrix = readonly (readonly number[])[];

const identity: Matrix = [0, 1, 2, 3].map((row) => [0, 1, 2, 3].map((column) => (row === column ? 1 : 0)));

export class Estimator {
  readonly #trackM: number;
  #state: readonly [x: number, y: number, heading: number, zero: number] = [0, 0, 0, 0];
  /** Before the first rest the zero may be anywhere within 20 degrees per second. */
  #covariance: Matrix = diagonal(0, 0, 0, 0.35 ** 2);
  #window = { seconds: 0, way: 0, wheels: 0, gyro: 0 };
  #slips = 0;

  constructor(trackM: number) {
    this.#trackM = trackM;
  }

  get estimate(): Estimate {
    const [x, y, heading, gyroZeroRadS] = this.#state;
    const variance = this.#at(0, 0) + this.#at(1, 1);
    return {
      x,
      y,
      heading: wrapAngle(heading),
      gyroZeroRadS,
      uncertaintyM: Math.sqrt(Math.max(0, variance)),
    };
  }

  /** How often a wheel was found slipping. */
  get slips(): number {
    return this.#slips;
  }

  /** Takes one turn of the loop. Without any way of a wheel for a while, call `rest` besides. */
  move(motion: Motion): void {
    const { seconds, leftM, rightM, yawRateRadS } = motion;
    const [x, y, heading, zero] = this.#state;
    const way = (leftM + rightM) / 2;
    const turn = (yawRateRadS - zero) * seconds;
    const middle = heading + turn / 2;
    const to = along({ x, y }, middle, way);
    this.#state = [to.x, to.y, heading + turn, zero];
    const jacobian: Matrix = [
      [1, 0, -way * Math.sin(middle), (way * Math.sin(middle) * seconds) / 2],
      [0, 1, way * Math.cos(middle), (-way * Math.cos(middle) * seconds) / 2],
      [0, 0, 1, -seconds],
      [0, 0, 0, 1],
    ];
    // An error that stays the same grows with the way, not with its root: taken per step of 5 cm.
    const wayVariance = wayShare ** 2 * Math.abs(way) * 0.05 * 20;
    const turnVariance = turnShare ** 2 * Math.abs(turn) + turnNoise ** 2 * seconds;
    const noise = diagonal(
      wayVariance * Math.cos(middle) ** 2,
      wayVariance * Math.sin(middle) ** 2,
      turnVariance,
      zeroDrift ** 2 * seconds,
    );
    this.#covariance = add(multiply(multiply(jacobian, this.#covariance), transpose(jacobian)), noise);
    this.#watchForSlip(motion, turn);
  }

  /** The buggy stands: what the gyroscope tells is its zero. */
  rest(yawRateRadS: number): void {
    const innovation = yawRateRadS - this.#state[3];
    const variance = this.#at(3, 3) + restNoise ** 2;
    const gain = [0, 1, 2, 3].map((row) => this.#at(row, 3) / variance);
    const [x, y, heading, zero] = this.#state.map((value, row) => value + (gain[row] ?? 0) * innovation);
    this.#state = [x ?? 0, y ?? 0, heading ?? 0, zero ?? 0];
    const keep = identity.map((row, r) => row.map((value, c) => value - (c === 3 ? (gain[r] ?? 0) : 0)));
    this.#covariance = multiply(keep, this.#covariance);
  }

  /** A wheel that turned further than the floor went by: half of the difference is taken back. */
  #watchForSlip({ seconds, leftM, rightM }: Motion, turn: number): void {
    const window = this.#window;
    window.seconds += seconds;
    window.way += (leftM + rightM) / 2;
    window.wheels += (rightM - leftM) / this.#trackM;
    window.gyro += turn;
    if (window.seconds < slipWindowS - 1e-3) return;
    const excess = Math.abs(window.wheels - window.gyro);
    if (excess > slipRad && Math.abs(window.way) > 0.01) {
      this.#slips += 1;
      const lostM = Math.min(Math.abs(window.way), ((excess - slipRad / 2) * this.#trackM) / 2);
      const [x, y, heading, zero] = this.#state;
      const back = along({ x, y }, heading, -Math.sign(window.way) * lostM);
      this.#state = [back.x, back.y, heading, zero];
      const doubt = (lostM / 2) ** 2;
      this.#covariance = add(this.#covariance, diagonal(doubt, doubt, 0, 0));
    }
    this.#window = { seconds: 0, way: 0, wheels: 0, gyro: 0 };
  }

  #at(row: number, column: number): number {
    return this.#covariance[row]?.[column] ?? 0;
  }
}

function diagonal(...values: readonly [number, number, number, number]): Matrix {
  return values.map((value, row) => values.map((_, column) => (row === column ? value : 0)));
}

function multiply(a: Matrix, b: Matrix): Matrix {
  return a.map((row) =>
    [0, 1, 2, 3].map((column) => row.reduce((sum, value, at) => sum + value * (b[at]?.[column] ?? 0), 0)),
  );
}

function transpose(a: Matrix): Matrix {
  return [0, 1, 2, 3].map((column) => a.map((row) => row[column] ?? 0));
}

function add(a: Matrix, b: Matrix): Matrix {
  return a.map((row, r) => row.map((value, c) => value + (b[r]?.[c] ?? 0)));
}
