/**
 * The part of the Amazon States Language (JSONPath dialect) that runs here, as a strict schema: what is
 * not in it is refused when a workflow is saved, by its path. https://states-language.net
 */
import { z } from 'zod';
import { ruleFaults } from './choice-rule.js';
import { type Json, parsePath } from './reference-path.js';

const text = z.string().max(10_000);
const stateName = z.string().min(1).max(80);
const json: z.ZodType<Json> = z.json() as z.ZodType<Json>;

const readable = z.string().refine((path) => parsePath(path) !== undefined, {
  message: 'is no reference path such as $.a.b[0] (wildcards, filters and functions are not supported)',
});
/** A place in the data, where something can be written. */
const writable = readable.refine((path) => !path.startsWith('$$'), {
  message: 'cannot write to the context',
});

/** A template: members whose name ends in `.$` are replaced by what stands at their path. */
const template = json.superRefine((value, context) => {
  for (const { path, message } of templateFaults(value)) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
});

interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

function templateFaults(value: Json): Fault[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    if (!key.endsWith('.$') || Array.isArray(value)) {
      return templateFaults(member).map(({ path, message }) => ({ path: [key, ...path], message }));
    }
    if (typeof member === 'string' && parsePath(member) !== undefined) return [];
    const isFunction = typeof member === 'string' && member.startsWith('States.');
    const message = isFunction
      ? 'intrinsic functions are not supported'
      : 'is no reference path such as $.a.b or $$.Execution.Id';
    return [{ path: [key], message }];
  });
}

const comment = text.optional();
const input = { InputPath: readable.nullable().optional(), OutputPath: readable.nullable().optional() };
const onward = { Next: stateName.optional(), End: z.literal(true).optional() };
const resultPath = writable.nullable().optional();
const errorEquals = z.array(z.string().min(1).max(256)).min(1);

const retrier = z.strictObject({
  ErrorEquals: errorEquals,
  IntervalSeconds: z.int().min(1).max(31_622_400).default(1),
  MaxAttempts: z.int().min(0).max(99_999_999).default(3),
  BackoffRate: z.number().min(1).max(1_000).default(2),
  MaxDelaySeconds: z.int().min(1).max(31_622_400).optional(),
  JitterStrategy: z.enum(['NONE', 'FULL']).default('NONE'),
  Comment: comment,
});
export type Retrier = z.infer<typeof retrier>;

const catcher = z.strictObject({
  ErrorEquals: errorEquals,
  Next: stateName,
  ResultPath: resultPath,
  Comment: comment,
});
export type Catcher = z.infer<typeof catcher>;

const handling = {
  Retry: z.array(retrier).max(32).default([]),
  Catch: z.array(catcher).max(32).default([]),
  ResultSelector: template.optional(),
  ResultPath: resultPath,
  Parameters: template.optional(),
};

const seconds = z.int().min(1).max(31_622_400);

const taskState = z.strictObject({
  Type: z.literal('Task'),
  Comment: comment,
  Resource: z
    .string()
    .min(1)
    .max(512)
    .refine((resource) => !resource.startsWith('arn:aws:states:::'), {
      message: 'service integrations are not supported: name a function, a workflow, a topic or a queue',
    }),
  TimeoutSeconds: seconds.optional(),
  TimeoutSecondsPath: readable.optional(),
  ...input,
  ...onward,
  ...handling,
});

const passState = z.strictObject({
  Type: z.literal('Pass'),
  Comment: comment,
  Result: json.optional(),
  ResultPath: resultPath,
  Parameters: template.optional(),
  ...input,
  ...onward,
});

const waitState = z.strictObject({
  Type: z.literal('Wait'),
  Comment: comment,
  Seconds: z.int().min(0).max(31_622_400).optional(),
  SecondsPath: readable.optional(),
  Timestamp: z.iso.datetime({ offset: true }).optional(),
  TimestampPath: readable.optional(),
  ...input,
  ...onward,
});

const choiceState = z.strictObject({
  Type: z.literal('Choice'),
  Comment: comment,
  Choices: z
    .array(
      z.record(z.string(), json).superRefine((rule, context) => {
        for (const { path, message } of ruleFaults(rule, true)) {
          context.addIssue({ code: 'custom', path: [...path], message });
        }
      }),
    )
    .min(1)
    .max(256),
  Default: stateName.optional(),
  ...input,
});

const succeedState = z.strictObject({ Type: z.literal('Succeed'), Comment: comment, ...input });

const failState = z.strictObject({
  Type: z.literal('Fail'),
  Comment: comment,
  Error: text.optional(),
  Cause: text.optional(),
});

/** A machine, or a branch of a Parallel state. */
export interface StateGraph {
  readonly Comment?: string | undefined;
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

const parallelState = z.strictObject({
  Type: z.literal('Parallel'),
  Comment: comment,
  Branches: z
    .array(z.lazy((): z.ZodType<StateGraph> => branch))
    .min(1)
    .max(40),
  ...input,
  ...onward,
  ...handling,
});

const state = z.discriminatedUnion(
  'Type',
  [taskState, passState, waitState, choiceState, succeedState, failState, parallelState],
  { error: 'must be Task, Pass, Wait, Choice, Parallel, Succeed or Fail' },
);
export type State = z.output<typeof state>;
export type StateOf<T extends State['Type']> = Extract<State, { Type: T }>;

const branch: z.ZodType<StateGraph> = z.strictObject({
  Comment: comment,
  StartAt: stateName,
  States: z.record(stateName, state),
});

export const definitionSchema = z.strictObject({
  Comment: comment,
  Version: z.literal('1.0').optional(),
  QueryLanguage: z.literal('JSONPath', { error: 'only JSONPath is supported' }).optional(),
  TimeoutSeconds: seconds.optional(),
  StartAt: stateName,
  States: z.record(stateName, state),
});
export type Definition = z.infer<typeof definitionSchema>;
