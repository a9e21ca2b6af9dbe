/** How the buggy is built and how it drives; the defaults are those of `hardware/boards/rover`. */
import { z } from 'zod';

const metres = z.number().positive();

export const driveSettings = z.strictObject({
  radiusM: metres
    .default(0.13)
    .describe('Of the circle about the middle of the axle that holds all of it, m'),
  trackM: metres.default(0.15).describe('Between the wheels, m; docs/rover.md says how to calibrate it'),
  leftMetresPerCount: metres
    .default((Math.PI * 0.065) / 40)
    .describe('Way of the left wheel per edge of its disc, m'),
  rightMetresPerCount: metres
    .default((Math.PI * 0.065) / 40)
    .describe('Way of the right wheel per edge of its disc, m'),
  gyroScale: z.number().min(0.8).max(1.2).default(1).describe('True turn per turn that the gyroscope tells'),
  sensorAheadM: z.number().min(0).max(0.5).default(0.06).describe('Range finder ahead of the axle, m'),
  fullSpeedMS: metres.default(0.5).describe('Speed at full duty, m/s'),
  cruiseMS: metres.max(1).default(0.25).describe('Speed where there is room, m/s'),
  areaM: z
    .number()
    .min(2)
    .max(40)
    .default(12)
    .describe('Side of the square about the start that it explores, m'),
  timeLimitS: z.int().min(5).max(3_600).default(400).describe('A drive that takes longer is stopped, s'),
  minVolts: z.number().min(0).default(6.4).describe('Battery below which it stops: 3.2 V per lithium cell'),
  maxTiltDegrees: z.number().min(5).max(80).default(25).describe('Tilt beyond which it stops, degrees'),
  linkGraceMs: z
    .int()
    .min(0)
    .max(60_000)
    .default(2_000)
    .describe('How long the link may be down before stopOnLostLink stops it, ms'),
  stopOnLostLink: z.boolean().default(false).describe('Stop when the link to the backend is lost'),
});
export type DriveSettings = z.output<typeof driveSettings>;
