/** Runs as they are shown to people and programs. */
import type { JobRunView } from '../control/control.js';
import type { RunRecord } from './run-record.js';

export function viewOf(run: RunRecord): JobRunView {
  const { id, job, kind, state, snapshotId, counts, error, hooks, note } = run;
  return {
    id,
    job,
    kind,
    state,
    startedAt: isoTime(run.startedMs),
    endedAt: run.endedMs === null ? null : isoTime(run.endedMs),
    snapshotId,
    ...counts,
    error,
    hooks: [...hooks],
    note,
  };
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
