/** Configuration of outputs, and of what they show of a press. Times are milliseconds. */
import { z } from 'zod';
import { linePin } from '../pin-config.js';

const outputName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, - and _ only, 1 to 64 of them');

const pattern = z.strictObject({
  onMs: z.int().min(1).max(60_000).describe('On, ms'),
  offMs: z.int().min(0).max(60_000).default(0).describe('Then off, ms'),
  times: z.int().min(0).max(1_000).default(1).describe('So often; 0: until the press is decided'),
});

export const feedback = z.strictObject({
  output: outputName.describe('Name of the output'),
  pending: pattern
    .nullable()
    .default({ onMs: 250, offMs: 250, times: 0 })
    .describe('While the press is under way, 30 s at most; null for nothing'),
  delivered: pattern
    .nullable()
    .default({ onMs: 1_000, offMs: 0, times: 1 })
    .describe('When it is stored and its action is done; null for nothing'),
  failed: pattern
    .nullable()
    .default({ onMs: 80, offMs: 80, times: 12 })
    .describe('When its action failed for good; null for nothing'),
});
export type FeedbackConfig = z.output<typeof feedback>;

export const output = z.strictObject({
  name: outputName.describe('Name of the output, as shadow and commands have it'),
  pin: linePin,
  activeLow: z.boolean().default(false).describe('True for relay boards that switch on a low level'),
  pulseMs: z.int().min(1).max(3_600_000).default(500).describe('Length of a pulse that does not say, ms'),
  maxOnMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(60_000)
    .describe('Interlock: on for so long at a stretch at most, ms; 0 without limit'),
  offAfterOfflineMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .optional()
    .describe('Goes off after so long without a connection, ms; stays as it is unless given'),
});
export type OutputConfig = z.output<typeof output>;
