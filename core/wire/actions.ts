/** Actions, dead letters and fan-out in the HTTP API. */
import { z } from 'zod';
import { thingName } from './messages.js';

export const actionView = z.object({
  name: z.string(),
  kind: z.string(),
  concurrency: z.number().nullable(),
  /** Runs under way, runs that wait for a slot, and runs in the dead-letter list. */
  running: z.int(),
  waiting: z.int(),
  failed: z.int(),
});
export type ActionView = z.infer<typeof actionView>;

export const runActionRequest = z.strictObject({
  /** The name of a function, or an ARN. */
  target: z.string().min(1).max(512),
  /** The thing that the run is about. */
  thing: thingName.optional(),
  /** What the action receives; a click of that thing when absent. */
  event: z.record(z.string(), z.unknown()).optional(),
  /** The same id runs the same target once, however often it is sent. */
  id: z.string().min(1).max(128).optional(),
});
export type RunActionRequest = z.infer<typeof runActionRequest>;

/** Either some runs, or all of one action, or all. */
export const deadLetterChoice = z.union([
  z.strictObject({ runIds: z.array(z.string().max(64)).min(1).max(1_000) }),
  z.strictObject({ functionName: z.string().min(1).max(512) }),
  z.strictObject({ all: z.literal(true) }),
]);
export type DeadLetterChoice = z.infer<typeof deadLetterChoice>;

export const fanoutRequest = z.strictObject({
  /** ARN of an SNS topic. */
  topic: z.string().min(1).max(512),
  /** ARN or URL of an SQS queue. */
  queue: z.string().min(1).max(512),
  /** Messages come bare, without the envelope of SNS. */
  raw: z.boolean().default(false),
  /** Only looks; nothing is changed. */
  dryRun: z.boolean().default(false),
});
export type FanoutRequest = z.infer<typeof fanoutRequest>;

export const fanoutView = z.object({
  topic: z.string(),
  queueArn: z.string(),
  queueUrl: z.string(),
  /** Whether the queue's policy was changed, or would be. */
  policyChanged: z.boolean(),
  raw: z.boolean(),
  subscriptionArn: z.string().nullable(),
});
export type FanoutView = z.infer<typeof fanoutView>;
