/**
 * A buggy in a course: motors that lag and differ, wheels that slip, and the truth about where it
 * is, which nothing but a test or a display may read.
 */
import { type Random, seededRandom } from '../random.js';
import { type Course, castRay, clearance, type Pose, type RayHit } from './course.js';
import {
  coneRad,
  cornerM,
  creep,
  drawFaults,
  echoFromRad,
  type Faults,
  maxRangeM,
  missedShare,
  rangeNoiseM,
  slip,
} from './faults.js';

/** The buggy of hardware/boards/rover. */
export const body = {
  /** Of the circle that holds all of it, about the middle between the wheels. */
  radiusM: 0.13,
  trackM: 0.15,
  /** 65 mm wheel, 20 slots, both edges counted. */
  metresPerCount: (Math.PI * 0.065) / 40,
  maxSpeedMS: 0.5,
  /** Of the range finder, ahead of the middle. */
  sensorAheadM: 0.06,
};

const stepMs = 10;
const motorLagMs = 120;
/** MPU-6050 register map 4.3: the low-pass filter at 5 Hz, taken as one of first order. */
const gyroLagMs = 1_000 / (2 * Math.PI * 5);
/** Below it a motor hums and stands. */
const deadDuty = 0.08;

interface Wheel {
  duty: number;
  /** Speed of the tyre's surface, m/s. */
  speedMS: number;
  turnedM: number;
  slipUntilMs: number;
  slipLost: number;
}

export class RoverWorld {
  readonly course: Course;
  readonly faults: Faults;
  readonly random: Random;
  readonly #wheels: readonly [Wheel, Wheel];
  #nowMs = 0;
  #truth: Pose;
  #yawRateRadS = 0;
  #touched = false;
  #drivenM = 0;
  #nearestM = Number.POSITIVE_INFINITY;
  tiltRad = 0;

  constructor(course: Course, seed = course.seed) {
    this.course = course;
    this.random = seededRandom(seed ^ 0x5eed);
    this.faults = drawFaults(this.random);
    this.#truth = course.start;
    const wheel = () => ({ duty: 0, speedMS: 0, turnedM: 0, slipUntilMs: 0, slipLost: 0 });
    this.#wheels = [wheel(), wheel()];
  }

  /** Where it really is, in the course's frame. */
  get truth(): Pose {
    return this.#truth;
  }

  /** True from the moment that any part of it met a wall. */
  get touched(): boolean {
    return this.#touched;
  }

  get drivenM(): number {
    return this.#drivenM;
  }

  /** The least distance between its hull and a wall so far, metres. */
  get nearestM(): number {
    return this.#nearestM;
  }

  /** As the filter of a gyroscope lets it through. */
  get yawRateRadS(): number {
    return this.#yawRateRadS;
  }

  /** True while a wheel turns or is told to. */
  get moves(): boolean {
    return this.#wheels.some(({ duty, speedMS }) => duty !== 0 || Math.abs(speedMS) > 0.005);
  }

  get dutyIsZero(): boolean {
    return this.#wheels.every(({ duty }) => duty === 0);
  }

  setDuty(left: number, right: number): void {
    this.#wheels[0].duty = Math.min(1, Math.max(-1, left));
    this.#wheels[1].duty = Math.min(1, Math.max(-1, right));
  }

  /** Whole marks of the discs, as the tyres turned. */
  counts(): { left: number; right: number } {
    const [left, right] = this.#wheels.map(({ turnedM }, side) => {
      const metresPerCount = body.metresPerCount * (this.faults.wheelScale[side] ?? 1);
      return Math.trunc(turnedM / metresPerCount);
    });
    return { left: left ?? 0, right: right ?? 0 };
  }

  /** What an ultrasonic range finder that looks along `bearingRad` tells: the first echo of its cone. */
  range(bearingRad: number): number | undefined {
    const { heading } = this.#truth;
    const origin = this.#ahead(body.sensorAheadM);
    let firstM = Number.POSITIVE_INFINITY;
    const beams = 7;
    for (let beam = 0; beam < beams; beam++) {
      const off = (beam / (beams - 1) - 0.5) * coneRad;
      const hit = castRay(this.course.walls, origin, heading + bearingRad + off);
      if (hit !== undefined && echoes(hit)) firstM = Math.min(firstM, hit.distanceM);
    }
    const isMissed = this.random.between(0, 1) < missedShare;
    const measured = firstM * this.faults.rangeScale + this.random.normal(rangeNoiseM);
    return isMissed || measured > maxRangeM ? undefined : Math.max(0.02, measured);
  }

  /** The air where it stands: a warm corner and a cold window. */
  temperatureC(): number {
    const { widthM, heightM } = this.course;
    const { x, y } = this.#truth;
    const warm = 4 * Math.exp(-((x - widthM * 0.7) ** 2 + (y - heightM * 0.3) ** 2) / 1.5);
    return 20.5 + warm - 1.5 * Math.exp(-x / 0.8);
  }

  advanceTo(ms: number): void {
    while (this.#nowMs + stepMs <= ms) this.#step();
  }

  #step(): void {
    this.#nowMs += stepMs;
    const seconds = stepMs / 1_000;
    const [left, right] = this.#wheels.map((wheel, side) => this.#turn(wheel, side, seconds));
    const way = ((left ?? 0) + (right ?? 0)) / 2;
    const turn = ((right ?? 0) - (left ?? 0)) / (body.trackM * this.faults.trackScale);
    this.#yawRateRadS += (turn / seconds - this.#yawRateRadS) * (1 - Math.exp(-stepMs / gyroLagMs));
    if (way === 0 && turn === 0) return;
    const { x, y, heading } = this.#truth;
    const middle = heading + turn / 2;
    this.#truth = { x: x + way * Math.cos(middle), y: y + way * Math.sin(middle), heading: heading + turn };
    this.#drivenM += Math.abs(way);
    const room = clearance(this.course.walls, this.#truth) - body.radiusM;
    this.#nearestM = Math.min(this.#nearestM, room);
    if (room <= 0) this.#touched = true;
  }

  /** Metres that the wheel's place on the floor moves. */
  #turn(wheel: Wheel, side: number, seconds: number): number {
    const push = Math.abs(wheel.duty) < deadDuty ? 0 : wheel.duty;
    const wanted = push * body.maxSpeedMS * (this.faults.motorScale[side] ?? 1);
    wheel.speedMS += (wanted - wheel.speedMS) * Math.min(1, (seconds * 1_000) / motorLagMs);
    if (push === 0 && Math.abs(wheel.speedMS) < 0.004) wheel.speedMS = 0;
    if (wheel.speedMS === 0) return 0;
    const turned = wheel.speedMS * seconds;
    wheel.turnedM += turned;
    if (this.random.between(0, 1) < slip.perM * Math.abs(turned)) {
      wheel.slipUntilMs = this.#nowMs + this.random.between(...slip.lastsMs);
      wheel.slipLost = this.random.between(...slip.lost);
    }
    const lost = this.#nowMs < wheel.slipUntilMs ? wheel.slipLost : 0;
    return turned * (1 - lost) * (1 - creep.mean + this.random.normal(creep.deviation));
  }

  #ahead(metres: number): Pose {
    const { x, y, heading } = this.#truth;
    return { x: x + metres * Math.cos(heading), y: y + metres * Math.sin(heading), heading };
  }
}

function echoes({ distanceM, incidenceRad, toEndM }: RayHit): boolean {
  return incidenceRad < echoFromRad || (toEndM < cornerM.size && distanceM < cornerM.reach);
}
