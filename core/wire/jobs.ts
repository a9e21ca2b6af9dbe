/**
 * Jobs as the HTTP API and the command line see them; what devices see are the topics of AWS IoT Core.
 *
 *   GET    /jobs                 JobView[], newest first
 *   POST   /jobs                 CreateJob -> JobView
 *   GET    /jobs/ID              JobView with its executions
 *   POST   /jobs/ID/cancel       CancelJob -> JobView
 */
import { z } from 'zod';
import { thingName } from './messages.js';

const time = z.iso.datetime({ offset: false });

export const jobId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, - and _ only, 1 to 64 of them');

export const executionStatus = z.enum([
  'QUEUED',
  'IN_PROGRESS',
  'SUCCEEDED',
  'FAILED',
  'REJECTED',
  'TIMED_OUT',
  'CANCELED',
  'REMOVED',
]);
export type ExecutionStatus = z.infer<typeof executionStatus>;

/** A number of devices, or a part of all targets. */
const wave = z.union([z.int().min(1).max(10_000), z.string().regex(/^(100|[1-9]\d?)%$/, 'such as "10%"')]);
export type Wave = z.infer<typeof wave>;

export const rollout = z.strictObject({
  maximumPerMinute: z.int().min(1).max(1_000).default(1_000),
  /** How many devices have the job after each wave; the next begins when the one before has ended. */
  waves: z.array(wave).min(1).max(20).optional(),
});
export type Rollout = z.infer<typeof rollout>;

/** The job is cancelled when that part of the executions that have ended did not succeed. */
export const abortRule = z.strictObject({
  failedPercent: z.number().gt(0).max(100),
  /** Not before so many have ended. */
  minFinished: z.int().min(1).max(10_000).default(1),
});
export type AbortRule = z.infer<typeof abortRule>;

export const createJob = z.strictObject({
  id: jobId,
  /** `all` is every thing that there is now. */
  targets: z.union([z.literal('all'), z.array(thingName).min(1).max(10_000)]),
  document: z.record(z.string(), z.json()),
  description: z.string().max(2_028).default(''),
  rollout: rollout.prefault({}),
  abort: abortRule.optional(),
  /** From the start of an execution to its end; then it is TIMED_OUT. */
  timeoutMinutes: z.int().min(1).max(10_080).optional(),
  /**
   * How long URLs are valid that take the place of `${aws:iot:s3-presigned-url-v2:...}` in the document,
   * from when a device is handed it; the limits are those of AWS's `presignedUrlConfig`.
   */
  presignedUrlSeconds: z.int().min(60).max(3_600).default(3_600),
});
export type CreateJob = z.infer<typeof createJob>;

/** With `force` also what is in progress; without, devices may end what they have begun. */
export const cancelJob = z.strictObject({
  force: z.boolean().default(false),
  reason: z.string().max(200).optional(),
});

export const executionView = z.object({
  thing: z.string(),
  /** WAITING until the roll-out reaches it. */
  status: z.union([executionStatus, z.literal('WAITING')]),
  statusDetails: z.record(z.string(), z.string()),
  queuedAt: time.nullable(),
  startedAt: time.nullable(),
  updatedAt: time,
  version: z.int(),
});

export const jobView = z.object({
  id: z.string(),
  description: z.string(),
  status: z.enum(['IN_PROGRESS', 'COMPLETED', 'CANCELED']),
  /** Why it was cancelled. */
  reason: z.string().nullable(),
  document: z.record(z.string(), z.json()),
  rollout,
  abort: abortRule.nullable(),
  timeoutMinutes: z.int().nullable(),
  presignedUrlSeconds: z.int(),
  createdAt: time,
  endedAt: time.nullable(),
  /** Executions by status. */
  counts: z.record(z.string(), z.int()),
  /** Only in the view of a single job. */
  executions: z.array(executionView).optional(),
});
export type JobView = z.infer<typeof jobView>;
