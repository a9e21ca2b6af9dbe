/** The buggy's parts on real lines and buses, as `hardware/boards/rover` wires them. */
import { type Clock, sleep } from '../../core/clock.js';
import { type Lifetimes, opening } from '../../core/lifecycle.js';
import { HcSr04 } from '../drivers/hc-sr04.js';
import { type MotorWiring, motorOn, type ServoWiring, servoOn } from '../drivers/motor.js';
import { Mpu6050 } from '../drivers/mpu6050.js';
import { Pca9685 } from '../drivers/pca9685.js';
import type { GpioChip, GpioInput, I2cBus, PwmOutputs, Sensor } from '../ports.js';
import type { Attitude, RoverParts, StopButton } from './ports.js';
import { WheelCounter } from './wheel-counter.js';

export interface RoverWiring {
  /** Of the PCA9685. */
  readonly pwmAddress: number;
  readonly leftMotor: MotorWiring;
  readonly rightMotor: MotorWiring;
  readonly servo: ServoWiring;
  /** Of the MPU-6050, mounted flat with its z axis up. */
  readonly imuAddress: number;
  readonly triggerPin: string;
  readonly echoPin: string;
  readonly leftWheelPin: string;
  readonly rightWheelPin: string;
  /** Closed to ground while nobody presses, so that a broken cable stops it too. */
  readonly stopPin: string;
}

export interface RoverPartsOptions {
  readonly wiring: RoverWiring;
  /** Closed by its owner, as the bus is. */
  readonly chip: GpioChip;
  readonly bus: I2cBus;
  readonly clock: Clock;
  /** Tells `temperature`. */
  readonly thermometer: Sensor | undefined;
  /** Tells `voltage`. */
  readonly battery: Sensor | undefined;
}

const maxRangeM = 2.5;
/** A small servo turns by 15 degrees in 25 ms (SG90: 0.1 s for 60 degrees) and trembles a little. */
const servoMs = 40;

/** @throws the errors of lines, buses and chips. Motors are off when it resolves, and when it does not. */
export function openRoverParts(options: RoverPartsOptions): Promise<RoverParts> {
  return opening((lifetimes) => compose(options, lifetimes));
}

async function compose(options: RoverPartsOptions, lifetimes: Lifetimes): Promise<RoverParts> {
  const { wiring, chip, bus, clock, thermometer, battery } = options;
  const pwm = lifetimes.add('pwm', await Pca9685.open(bus, wiring.pwmAddress, { clock }));
  const imu = await Mpu6050.open(bus, wiring.imuAddress, { clock, lowPassHz: 5 });
  const { triggerPin, echoPin } = wiring;
  const sonar = lifetimes.add('range finder', await HcSr04.open(chip, { clock, triggerPin, echoPin }));
  const input = async (pin: string, activeLow: boolean) =>
    lifetimes.add(pin, await chip.input({ pin, activeLow }));
  const left = new WheelCounter(await input(wiring.leftWheelPin, false));
  const right = new WheelCounter(await input(wiring.rightWheelPin, false));
  const servo = servoOn(pwm, wiring.servo);
  return {
    route: `${chip.route}, ${bus.route}`,
    motors: motorsOn(pwm, wiring, left, right),
    wheels: { counts: async () => ({ left: left.count, right: right.count }), close: async () => {} },
    inertial: { read: async () => attitudeOf(await imu.motion()) },
    ranges: {
      maxRangeM,
      async look(bearingRad) {
        await servo.turn(Math.max(-1, Math.min(1, -bearingRad / (Math.PI / 2))));
        await sleep(clock, servoMs);
        const distanceM = await sonar.distanceM();
        return distanceM === undefined || distanceM > maxRangeM ? undefined : distanceM;
      },
    },
    battery: battery && { volts: async () => quantityOf(battery, 'voltage') },
    thermometer: thermometer && { temperatureC: async () => quantityOf(thermometer, 'temperature') },
    stopButton: stopButtonOn(await input(wiring.stopPin, false)),
    close: () => lifetimes.close(),
  };
}

function motorsOn(pwm: PwmOutputs, wiring: RoverWiring, left: WheelCounter, right: WheelCounter) {
  const [leftMotor, rightMotor] = [motorOn(pwm, wiring.leftMotor), motorOn(pwm, wiring.rightMotor)];
  const channels = [wiring.leftMotor, wiring.rightMotor].flatMap((motor) => [motor.forward, motor.backward]);
  return {
    async set(leftDuty: number, rightDuty: number) {
      left.driven(leftDuty);
      right.driven(rightDuty);
      if (leftDuty === 0 && rightDuty === 0) {
        // One by one also when one fails: the servo on the same chip keeps its place.
        const results = await Promise.allSettled(channels.map((channel) => pwm.setDuty(channel, 0)));
        const failed = results.find((result) => result.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
        return;
      }
      await leftMotor.drive(leftDuty);
      await rightMotor.drive(rightDuty);
    },
    close: () => pwm.allOff(),
  };
}

/** The line is high, by its pull-up, when the button is pressed or its cable is off. */
function stopButtonOn(line: GpioInput): StopButton {
  return {
    isPressed: async () => (await line.read()) === 1,
    onPress: (listener) => line.watch(({ level }) => level === 1 && listener(), listener),
  };
}

function attitudeOf({ acceleration, rotation }: Awaited<ReturnType<Mpu6050['motion']>>): Attitude {
  const { x, y, z } = acceleration;
  const strength = Math.hypot(x, y, z);
  return { yawRateRadS: rotation.z, tiltRad: strength === 0 ? Math.PI : Math.acos(z / strength) };
}

async function quantityOf(sensor: Sensor, quantity: 'temperature' | 'voltage'): Promise<number> {
  const measured = (await sensor.measure()).find((one) => one.quantity === quantity);
  return measured?.value ?? Number.NaN;
}
