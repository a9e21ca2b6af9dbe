/** What a device sends about its jobs, as schemas, and how a fault is answered. */
import { z } from 'zod';
import { faultsOf } from '../../core/config.js';
import { isJsonObject, type JsonObject, type JsonValue, memberOf } from '../../core/json.js';

export type RejectionCode =
  | 'InvalidTopic'
  | 'InvalidJson'
  | 'InvalidRequest'
  | 'InvalidStateTransition'
  | 'ResourceNotFound'
  | 'VersionMismatch'
  | 'TerminalStateReached'
  /** Ask again later. */
  | 'InternalError';

export interface JobRejection {
  readonly code: RejectionCode;
  readonly message: string;
  /** With InvalidStateTransition and VersionMismatch, so that the device need not ask. */
  readonly executionState?: JsonObject;
}

export function isJobRejection(value: object): value is JobRejection {
  return 'code' in value && 'message' in value;
}

const statusDetails = z
  .record(z.string().regex(/^[A-Za-z0-9:_-]{1,128}$/), z.string().min(1).max(1_024))
  .refine((value) => Object.keys(value).length <= 10, { message: 'at most 10 entries' });
/** Minutes; -1 takes the timer off. */
const stepTimeout = z.union([z.literal(-1), z.int().min(1).max(10_080)]);
const clientToken = z.string().max(64).optional();

export const getRequest = z.object({ clientToken });
export const startNextRequest = z.object({
  statusDetails: statusDetails.optional(),
  stepTimeoutInMinutes: stepTimeout.optional(),
  clientToken,
});
export const describeRequest = z.object({
  executionNumber: z.int().optional(),
  includeJobDocument: z.boolean().default(true),
  clientToken,
});
export const updateRequest = z.object({
  status: z.enum(['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED']),
  statusDetails: statusDetails.optional(),
  expectedVersion: z.int().min(0).optional(),
  executionNumber: z.int().optional(),
  includeJobExecutionState: z.boolean().default(false),
  includeJobDocument: z.boolean().default(false),
  stepTimeoutInMinutes: stepTimeout.optional(),
  clientToken,
});
export type StartNextRequest = z.infer<typeof startNextRequest>;
export type DescribeRequest = z.infer<typeof describeRequest>;
export type UpdateRequest = z.infer<typeof updateRequest>;

/** An absent body counts as `{}`. */
export function readObject(payload: Uint8Array): JsonObject | JobRejection {
  if (payload.length === 0) return {};
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
    const value = JSON.parse(text) as JsonValue;
    if (isJsonObject(value)) return value;
  } catch {
    // Answered like any other text that is no JSON object.
  }
  return { code: 'InvalidJson', message: 'The request is not a JSON object.' };
}

export function readRequest<T extends z.ZodType>(
  schema: T,
  body: JsonObject,
): { readonly request: z.output<T> } | JobRejection {
  const result = schema.safeParse(body);
  if (result.success) return { request: result.data };
  return { code: 'InvalidRequest', message: faultsOf(result.error).join('; ') };
}

/** To be echoed even where the rest of the request is at fault. */
export function tokenOf(body: JsonObject): string | undefined {
  const token = memberOf(body, 'clientToken');
  return typeof token === 'string' && token.length <= 64 ? token : undefined;
}
