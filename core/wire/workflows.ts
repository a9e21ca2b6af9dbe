/** Workflows and their executions in the HTTP API. Times are ISO 8601 in UTC. */
import { z } from 'zod';

const time = z.iso.datetime({ offset: false });

export const workflowView = z.object({
  name: z.string(),
  arn: z.string(),
  comment: z.string(),
  /** Rises by one with every change; an execution keeps the version that it began with. */
  version: z.int(),
  updatedAt: time,
  running: z.int(),
  /** Only in the view of a single workflow: in the Amazon States Language. */
  definition: z.unknown().optional(),
});
export type WorkflowView = z.infer<typeof workflowView>;

export const saveWorkflow = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,80}$/, 'letters, digits, - and _ only, 1 to 80 of them'),
  definition: z.unknown(),
  /** A workflow of that name is changed; without, it is an error. */
  replace: z.boolean().default(false),
});

/** Where an execution stands: the state's name, with the branches around it (`Both/0/Left`). */
export const executionPosition = z.object({
  state: z.string(),
  since: time,
  waitsFor: z.enum(['nothing', 'task', 'time', 'retry', 'branches']),
  until: time.nullable(),
});
export type ExecutionPosition = z.infer<typeof executionPosition>;

export const executionView = z.object({
  /** That of the run which began it. */
  id: z.string(),
  workflow: z.string(),
  version: z.int(),
  thing: z.string().nullable(),
  state: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'STOPPED']),
  startedAt: time,
  endedAt: time.nullable(),
  /** Name and sentence; null when nothing went wrong. */
  error: z.string().nullable(),
  cause: z.string().nullable(),
  at: z.array(executionPosition),
  /** The rest only in the view of a single execution. */
  input: z.unknown().optional(),
  output: z.unknown().optional(),
  definition: z.unknown().optional(),
  history: z
    .array(z.object({ n: z.int(), time, type: z.string(), state: z.string(), detail: z.unknown() }))
    .optional(),
});
export type ExecutionView = z.infer<typeof executionView>;
