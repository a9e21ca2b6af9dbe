/** The section `rover` of the agent's configuration: how the buggy is wired, built and driven. */
import { z } from 'zod';
import { linePin } from '../pin-config.js';
import { driveSettings } from './settings.js';

const channel = z.int().min(0).max(15);
const address = z
  .union([z.int(), z.string().regex(/^0x[0-9a-fA-F]{1,2}$/, 'a number, or a string such as "0x40"')])
  .transform(Number)
  .refine((value) => value >= 0x08 && value <= 0x77, 'must be from 0x08 to 0x77');

const motor = z
  .strictObject({
    forward: channel.describe('Channel of the input that turns it forward'),
    backward: channel.describe('Channel of the input that turns it backward'),
    speed: channel.optional().describe('Channel of the speed input, where the motor driver has one'),
  })
  .transform(({ speed, ...rest }) => (speed === undefined ? rest : { ...rest, speed }));

const wiring = z.strictObject({
  pwmAddress: address.default(0x40).describe('Of the PCA9685'),
  leftMotor: motor.prefault({ forward: 0, backward: 1 }).describe('Left motor'),
  rightMotor: motor.prefault({ forward: 2, backward: 3 }).describe('Right motor'),
  servo: z
    .strictObject({
      channel: channel.default(8).describe('Channel of the servo that turns the range finder'),
      leftUs: z.int().min(300).max(2_700).default(2_500).describe('Pulse at 90 degrees to the left, µs'),
      rightUs: z.int().min(300).max(2_700).default(500).describe('Pulse at 90 degrees to the right, µs'),
    })
    .prefault({})
    .describe('Servo'),
  imuAddress: address.default(0x68).describe('Of the MPU-6050'),
  triggerPin: linePin.default('GPIO23').describe('Trigger of the HC-SR04'),
  echoPin: linePin.default('GPIO24').describe('Echo of the HC-SR04, behind its divider'),
  leftWheelPin: linePin.default('GPIO5').describe('Light barrier of the left wheel'),
  rightWheelPin: linePin.default('GPIO6').describe('Light barrier of the right wheel'),
  stopPin: linePin.default('GPIO17').describe('Red button, closed to ground until it is pressed'),
  thermometerAddress: address.nullable().default(0x48).describe('Of the TMP102; null for none'),
  batteryAddress: address.nullable().default(0x41).describe('Of the INA219; null for none'),
});

export const roverConfig = z.strictObject({
  ...driveSettings.shape,
  course: z.int().min(1).default(1).describe('Which simulated course, where the lines are simulated'),
  reportEveryMs: z.int().min(200).max(60_000).default(1_000).describe('Time between readings on the way, ms'),
  wiring: wiring.prefault({}).describe('Lines, channels and addresses'),
});
export type RoverConfig = z.output<typeof roverConfig>;
