import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { silentLogger } from '../../../core/log.js';
import { type BackupReport, backupReport } from '../../../core/wire/backups.js';
import { RunHistory } from '../../../gateway/jobs/history.js';
import { jobConfig } from '../../../gateway/jobs/job-config.js';
import { JobReports } from '../../../gateway/jobs/job-reports.js';
import { noCounts, type RunRecord } from '../../../gateway/jobs/run-record.js';
import { LiveProgress } from '../../../gateway/progress/live-progress.js';
import { Reporter } from '../../../gateway/report.js';
import { eventually } from '../../support/eventually.js';
import { FakeClock } from '../../support/fake-clock.js';
import { stubS3 } from '../../support/stub-s3.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const mib = 2 ** 20;
const job = jobConfig.parse({ name: 'nas', paths: ['/srv'], repository: '/backup', passwordFile: '/p' });

test('the backend hears of a run that goes on at most every five seconds, and then of its end', async () => {
  const taken: BackupReport[] = [];
  const backend = await stubS3((request, response) => {
    let body = '';
    request.on('data', (piece) => {
      body += piece;
    });
    request.once('end', () => {
      taken.push(backupReport.parse(JSON.parse(body)));
      response.end('{}');
    });
  });
  const root = await temporaryFolder();
  await writeFile(join(root, 'token'), 'sesame');
  const clock = new FakeClock();
  const history = await RunHistory.open(join(root, 'history.db'), 0);
  onTestFinished(() => history.close());
  const place = { url: backend.endpoint, tokenFile: join(root, 'token'), folder: join(root, 'reports') };
  const reporter = await Reporter.open({ ...place, clock, log: silentLogger });
  onTestFinished(() => reporter.close());
  const reports = new JobReports({ history, reporter, clock, nextRunMs: () => Date.UTC(2026, 0, 9) });
  const run: RunRecord = {
    id: 'run-1',
    job: 'nas',
    kind: 'backup',
    state: 'RUNNING',
    startedMs: clock.now(),
    endedMs: null,
    snapshotId: null,
    counts: noCounts,
    error: null,
    hooks: [],
    note: null,
  };
  await reports.began(job, run);
  const progress = new LiveProgress(clock);
  for (let second = 1; second <= 12; second++) {
    clock.advance(1_000);
    progress.take({
      type: 'progress',
      filesDone: second,
      bytesDone: second * 10 * mib,
      totalFiles: 100,
      totalBytes: 1_000 * mib,
      currentFile: '/srv/x',
      errorCount: 0,
      bytesNew: second * 10 * mib,
      bytesStored: second * 5 * mib,
    });
    progress.taken(mib);
    reports.progressed(job, run, progress.report()!);
    // What was begun is on its way before time goes on.
    const due = 1 + Math.floor(second / 5);
    await eventually(() => expect(taken).toHaveLength(due));
  }
  await reports.ended(job, { ...run, state: 'SUCCEEDED', endedMs: clock.now() });
  await eventually(() => expect(taken.map(({ state }) => state).at(-1)).toBe('SUCCEEDED'));
  expect(taken.map(({ progress: told }) => told?.filesDone)).toEqual([undefined, 5, 10, undefined]);
  const told = taken[2]?.progress;
  expect(told).toMatchObject({ bytesSent: 10 * mib, bytesCompressed: 50 * mib, filesTotal: 100, errors: 0 });
  // 40 MiB wait, and the 900 to read will bring 450 more: at 1 MiB/s that is 490 s, where reading takes 90.
  expect((Date.parse(told!.endsAt!) - clock.now()) / 1_000).toBeGreaterThan(400);
  expect(taken[3]?.nextRunAt).toBe('2026-01-09T00:00:00.000Z');
});
