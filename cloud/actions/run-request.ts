/**
 * What asks for a run, whatever its cause. The id of a run follows from its cause and its target:
 * whoever computes it twice gets the same, so that a cause can never start a second run.
 */
import { createHash } from 'node:crypto';
import type { RunSource } from '../../core/wire/api.js';
import { functionNameOf } from './arn.js';
import type { NewRun } from './run-store.js';

export interface RunRequest {
  /** `id` is unique among the causes of that kind on that thing, and the same however often it is told. */
  readonly source: RunSource;
  /** The thing that it is about; null for none. */
  readonly thing: string | null;
  /** The ARN of what is to run, or the name of a function in the configuration. */
  readonly target: string;
  /** What the action receives, as JSON. */
  readonly event: string;
}

/** @param nowMs milliseconds since the epoch. */
export function newRunOf(request: RunRequest, functionName: string, nowMs: number): NewRun {
  const { source, thing, event } = request;
  return { id: runIdOf(request), source, thing, functionName, event, createdMs: nowMs };
}

/** A UUID of version 8 (RFC 9562, section 5.8), as Lambda handlers expect of `awsRequestId`. */
export function runIdOf({ source, thing, target }: Omit<RunRequest, 'event'>): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([source.kind, thing, source.id, functionNameOf(target) ?? target]))
    .digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
