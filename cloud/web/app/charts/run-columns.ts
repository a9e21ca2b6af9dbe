/** The runs of a backup job as columns for a chart: when they began, how long they took, what they added. */
import type { BackupReport } from '../../../../core/wire/backups.js';

/** Seconds since the epoch, seconds taken, bytes added; oldest first. */
export type RunColumns = [number[], (number | null)[], (number | null)[]];

/** Runs that go on are left out; of one that failed only the time it took is known. */
export function toRunColumns(history: readonly BackupReport[]): RunColumns {
  const columns: RunColumns = [[], [], []];
  const ended = history.filter((report) => report.endedAt !== null);
  ended.sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
  for (const { startedAt, endedAt, state, bytesAdded } of ended) {
    const startedMs = Date.parse(startedAt);
    columns[0].push(startedMs / 1_000);
    columns[1].push((Date.parse(endedAt ?? startedAt) - startedMs) / 1_000);
    columns[2].push(state === 'FAILED' ? null : bytesAdded);
  }
  return columns;
}
