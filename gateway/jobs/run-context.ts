/** What the work of a run is given, and what it hands back. */
import type { Clock } from '../../core/clock.js';
import { GatehouseError, messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { JobConfig } from '../config.js';
import type { LiveProgress } from '../progress/live-progress.js';
import type { JobAccess } from './job-access.js';
import type { HookRecord, RunCounts, RunState } from './run-record.js';

export interface RunContext {
  readonly runId: string;
  readonly job: JobConfig;
  readonly access: JobAccess;
  readonly clock: Clock;
  /** Of this program; goes into snapshots. */
  readonly version: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly progress: LiveProgress;
  readonly onHook: (record: HookRecord) => void;
}

export interface RunEnd {
  readonly state: Exclude<RunState, 'RUNNING'>;
  readonly snapshotId: string | null;
  readonly counts: RunCounts;
  readonly error: string | null;
  readonly note: string | null;
  /** It failed for a passing reason: worth another try before the next turn. */
  readonly isPassing: boolean;
}

export function failedEnd(error: unknown, context: RunContext, counts: RunCounts): RunEnd {
  return {
    state: context.signal.aborted ? 'INTERRUPTED' : 'FAILED',
    snapshotId: null,
    counts,
    error: sentenceOf(error),
    note: null,
    isPassing: isPassing(error),
  };
}

export function sentenceOf(error: unknown): string {
  if (!(error instanceof GatehouseError)) return `Internal error: ${messageOf(error)}`;
  return error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof GatehouseError)) return false;
  return error.retryable || ['LOCKED', 'LOCK_LOST', 'REPOSITORY_GONE'].includes(error.code);
}
