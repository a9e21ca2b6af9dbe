import { expect, test } from 'vitest';
import { BackupStore } from '../../../cloud/backups/backup-store.js';
import type { BackupReport } from '../../../core/wire/backups.js';
import { cloudDatabase } from '../../support/cloud-database.js';

function report(job: string, run: number, more: Partial<BackupReport> = {}): BackupReport {
  return {
    job,
    runId: `run-${run}`,
    state: 'SUCCEEDED',
    startedAt: new Date(Date.UTC(2026, 0, 1) + run * 60_000).toISOString(),
    endedAt: null,
    repository: '/backup',
    paths: ['/data'],
    snapshotId: null,
    filesNew: 1,
    filesChanged: 2,
    filesUnmodified: 3,
    bytesProcessed: 4,
    bytesAdded: 5,
    error: null,
    nextRunAt: null,
    ...more,
  };
}

test('the last thirty runs of each job are kept, newest first', async () => {
  const store = new BackupStore(await cloudDatabase());
  for (let run = 0; run < 35; run++) await store.store(report('a', run));
  await store.store(report('b', 1));
  const [a, b] = await store.list();
  expect(a?.last.runId).toBe('run-34');
  expect(a?.history.map((one) => one.runId)).toEqual(
    Array.from({ length: 30 }, (_, index) => `run-${34 - index}`),
  );
  expect(b).toEqual({ job: 'b', last: report('b', 1), history: [report('b', 1)] });
});

test('a later report of the same run takes the place of the earlier one', async () => {
  const store = new BackupStore(await cloudDatabase());
  await store.store(report('a', 1, { state: 'RUNNING' }));
  await store.store(report('a', 1, { state: 'FAILED', error: 'disk full' }));
  expect(await store.list()).toMatchObject([
    { last: { state: 'FAILED' }, history: [{ error: 'disk full' }] },
  ]);
});
