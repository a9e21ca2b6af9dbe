/** What an execution is to the machine, to its runs and to whoever waits for its end. Pure. */
import { isDeeperThan, maxJsonLevels, tooManyLevels } from '../../core/json.js';
import { workflowArn } from '../actions/arn.js';
import type { RunRequest } from '../actions/run-request.js';
import type { RunEnd } from '../actions/run-store.js';
import type { ExecutionFacts } from './context-object.js';
import type { Execution, ExecutionRow } from './execution-rows.js';
import type { Json } from './reference-path.js';
import type { ExecutionEnd, TaskOutcome, TaskRequest } from './snapshot.js';

export type StoredEnd = ExecutionEnd | { readonly state: 'STOPPED' };

export function factsOf(execution: Omit<Execution, 'snapshot'>): ExecutionFacts {
  const { id, workflow, input, startedMs } = execution;
  return { id, workflow, arn: workflowArn(workflow), input, startedMs };
}

export function requestOf({ id, thing }: Execution, { step, resource, input }: TaskRequest): RunRequest {
  return {
    source: { kind: 'workflow', id: `${id}/${step}` },
    thing,
    target: resource,
    event: JSON.stringify(input),
  };
}

export function outcomeOf(state: RunEnd['state'], result: string | null): TaskOutcome {
  const value: unknown = JSON.parse(result ?? 'null');
  if (isDeeperThan(value, maxJsonLevels)) {
    return { ok: false, error: 'States.DataLimitExceeded', cause: `The result ${tooManyLevels}.` };
  }
  if (state === 'SUCCEEDED') return { ok: true, output: value as Json };
  const { error, cause } = (value ?? {}) as { error?: string; cause?: string };
  return { ok: false, error: error ?? 'States.TaskFailed', cause: cause ?? '' };
}

export function endOfRow(row: ExecutionRow): StoredEnd | undefined {
  if (row.state === 'RUNNING') return undefined;
  if (row.state === 'STOPPED') return { state: 'STOPPED' };
  if (row.state === 'SUCCEEDED')
    return { state: 'SUCCEEDED', output: JSON.parse(row.output ?? 'null') as Json };
  return { state: 'FAILED', error: row.error ?? '', cause: row.cause ?? '' };
}
