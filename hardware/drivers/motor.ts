/** Motors and servos on PWM outputs: what a motor driver board and a servo take as their signal. */
import { outputInvalid } from '../errors.js';
import type { PwmOutputs } from '../ports.js';

/**
 * Channels of one motor. `speed` is there where the board has a PWM input besides the two of direction
 * (TB6612FNG, L298N); without it the inputs of direction are switched fast (DRV8833, TI SLVSAR1 table 1).
 */
export interface MotorWiring {
  readonly forward: number;
  readonly backward: number;
  readonly speed?: number;
}

export interface Motor {
  /** -1 is full speed backward, 0 rolls out, 1 is full speed forward. @throws OUTPUT_INVALID. */
  drive(speed: number): Promise<void>;
}

export function motorOn(pwm: PwmOutputs, { forward, backward, speed: speedInput }: MotorWiring): Motor {
  return {
    async drive(speed) {
      if (!(speed >= -1 && speed <= 1)) throw outputInvalid('motor', `a speed of ${speed}`);
      const duty = speedInput === undefined ? Math.abs(speed) : Math.sign(Math.abs(speed));
      // The other direction goes off first: both on is a brake.
      await pwm.setDuty(speed > 0 ? backward : forward, 0);
      await pwm.setDuty(speed > 0 ? forward : backward, duty);
      if (speedInput !== undefined) await pwm.setDuty(speedInput, Math.abs(speed));
    },
  };
}

export interface ServoWiring {
  readonly channel: number;
  /** Pulse at the left end; 1000 µs unless told. */
  readonly leftUs?: number;
  /** Pulse at the right end; 2000 µs unless told. */
  readonly rightUs?: number;
}

export interface Servo {
  /** -1 is the left end, 1 the right end. @throws OUTPUT_INVALID. */
  turn(position: number): Promise<void>;
}

export function servoOn(pwm: PwmOutputs, wiring: ServoWiring): Servo {
  const { channel, leftUs = 1_000, rightUs = 2_000 } = wiring;
  return {
    async turn(position) {
      if (!(position >= -1 && position <= 1)) throw outputInvalid('servo', `a position of ${position}`);
      await pwm.setPulse(channel, leftUs + ((position + 1) / 2) * (rightUs - leftUs));
    },
  };
}
