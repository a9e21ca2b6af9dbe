import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { RunHistory } from '../../../gateway/jobs/history.js';
import { noCounts, type RunRecord } from '../../../gateway/jobs/run-record.js';
import { openJobs } from '../../support/gateway-jobs.js';
import { noRestic, withRestic } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const run = promisify(execFile);
const shell = (script: string, more: object = {}) => ({ command: ['sh', '-c', script], ...more });

describe('a run of a job', () => {
  test('has its hooks around it, and the history tells all of it', async () => {
    const trace = join(await temporaryFolder(), 'trace');
    const { gateway, runs } = await openJobs({
      before: [shell(`echo before $GATEHOUSE_JOB >> ${trace}; echo dumped`)],
      after: [shell(`echo after $GATEHOUSE_STATE $GATEHOUSE_SNAPSHOT >> ${trace}`)],
      tags: ['nightly'],
    });
    const report = await gateway.runNow('nas');
    expect(report).toMatchObject({ state: 'SUCCEEDED', error: null });
    expect(await readFile(trace, 'utf8')).toBe(`before nas\nafter SUCCEEDED ${report.snapshotId}\n`);
    expect(await runs()).toMatchObject([
      {
        id: report.runId,
        kind: 'backup',
        state: 'SUCCEEDED',
        snapshotId: report.snapshotId,
        filesNew: 1,
        bytesProcessed: 6,
        errors: 0,
        hooks: [
          { when: 'before', output: 'dumped\n' },
          { when: 'after', exitCode: 0 },
        ],
      },
    ]);
  });

  test('does not take place when a hook before it fails; the hooks after it run all the same', async () => {
    const trace = join(await temporaryFolder(), 'trace');
    const { gateway } = await openJobs({
      before: [shell('exit 7')],
      after: [shell(`echo "$GATEHOUSE_STATE $GATEHOUSE_ERROR" > ${trace}`)],
    });
    const report = await gateway.runNow('nas');
    expect(report).toMatchObject({ state: 'FAILED', snapshotId: null });
    expect(report.error).toContain('ended with exit code 7');
    expect(await readFile(trace, 'utf8')).toMatch(/^FAILED .*exit code 7/);
  });

  test('is partly done when only a hook after it fails', async () => {
    const { gateway } = await openJobs({ after: [shell('exit 1')] });
    expect(await gateway.runNow('nas')).toMatchObject({
      state: 'PARTIAL',
      snapshotId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test.skipIf(noRestic)(withRestic('stores what a command prints, which restic gives back'), async () => {
    const stdinCommand = {
      ...shell('echo "-- dump of $GATEHOUSE_JOB"; echo noise >&2'),
      fileName: 'db/all.sql',
    };
    const { gateway, runs, root, password } = await openJobs({ paths: [], stdinCommand });
    expect(await gateway.runNow('nas')).toMatchObject({ state: 'SUCCEEDED', paths: ['/db/all.sql'] });
    expect((await runs())[0]?.hooks).toMatchObject([{ when: 'source', exitCode: 0, output: 'noise\n' }]);
    const env = { ...process.env, RESTIC_PASSWORD: password };
    const repository = join(root, 'repository');
    const { stdout } = await run(
      'restic',
      ['-r', repository, '--no-cache', 'dump', 'latest', '/db/all.sql'],
      { env },
    );
    expect(stdout).toBe('-- dump of nas\n');
  });

  test('leaves no snapshot of a command that fails at its very end', async () => {
    const stdinCommand = {
      ...shell('head -c 3000000 /dev/urandom; echo lost >&2; exit 2'),
      fileName: 'all.sql',
    };
    const { gateway } = await openJobs({ paths: [], stdinCommand });
    const report = await gateway.runNow('nas');
    expect(report).toMatchObject({ state: 'FAILED', snapshotId: null });
    expect(report.error).toMatch(/exit code 2\. It said: lost/);
  });

  test('leaves out what the configuration says', async () => {
    const { gateway, root } = await openJobs({ iexcludes: ['*.TXT'], excludeFiles: ['/no/such/list'] });
    expect((await gateway.runNow('nas')).error).toContain('Cannot read the exclude file /no/such/list');
    await gateway.close();
    const again = await openJobs({ iexcludes: ['*.TXT'] }, [], { root });
    expect(await again.gateway.runNow('nas')).toMatchObject({ state: 'SUCCEEDED', filesNew: 0 });
  });

  test('forgets what no rule keeps, of its own snapshots only, and prunes apart', async () => {
    const keep = { last: 1 };
    const root = await temporaryFolder();
    const { gateway, runs, verifyNow, pruneNow } = await openJobs(
      { keep, pruneEvery: '@yearly', verify: { every: '@yearly', part: '1/1' } },
      [{ name: 'more', paths: [join(root, 'source'), join(root, 'password')] }],
      { root, isNew: true },
    );
    await gateway.runNow('more');
    for (let i = 0; i < 2; i++) {
      await writeFile(join(root, 'source', 'hello.txt'), randomBytes(2_000_000));
      await gateway.runNow('nas');
    }
    const notes = (await runs()).filter(({ job }) => job === 'nas').map(({ note }) => note);
    expect(notes).toEqual(['1 snapshot kept, 1 forgotten', '1 snapshot kept, none forgotten']);
    expect(await readdir(join(root, 'repository', 'snapshots'))).toHaveLength(2);
    await pruneNow('nas');
    expect((await runs())[0]).toMatchObject({ kind: 'prune', state: 'SUCCEEDED', error: null });
    expect((await runs())[0]?.note).toMatch(/^[1-9]\d* packs? removed/);
    await verifyNow('nas');
    expect((await runs())[0]).toMatchObject({ kind: 'verify', state: 'SUCCEEDED' });
  });

  test('waits for another one at the same repository', async () => {
    const trace = join(await temporaryFolder(), 'trace');
    const mark = (name: string) => ({
      before: [shell(`echo ${name} >> ${trace}; sleep 0.1`)],
      after: [shell(`echo ${name} >> ${trace}`)],
    });
    const { gateway } = await openJobs(mark('one'), [{ name: 'other', ...mark('two') }]);
    await Promise.all([gateway.runNow('nas'), gateway.runNow('other')]);
    expect((await readFile(trace, 'utf8')).split('\n')).toEqual(['one', 'one', 'two', 'two', '']);
  });

  test('that verifies reads one part after the other, and finds what is damaged', async () => {
    const { gateway, verifyNow, runs, damage } = await openJobs({
      verify: { every: '@yearly', part: '1/2' },
    });
    await gateway.runNow('nas');
    for (const part of ['1/2', '2/2', '1/2']) {
      await verifyNow('nas');
      expect((await gateway.jobs.status('nas')).verification).toMatchObject({ isSound: true, part });
    }
    await damage();
    await verifyNow('nas');
    await verifyNow('nas');
    const found = (await runs()).filter(({ kind, state }) => kind === 'verify' && state === 'FAILED');
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]?.error).toContain('The repository is damaged');
  });
});

describe('the history', () => {
  const record = (id: string, more: Partial<RunRecord> = {}): RunRecord => ({
    id,
    job: 'nas',
    kind: 'backup',
    state: 'SUCCEEDED',
    startedMs: 1_000,
    endedMs: 2_000,
    snapshotId: null,
    counts: noCounts,
    error: null,
    hooks: [],
    note: null,
    ...more,
  });

  test('knows a run that a crash cut off as interrupted', async () => {
    const filePath = join(await temporaryFolder(), 'history.db');
    const first = await RunHistory.open(filePath, 0);
    await first.put(record('a', { state: 'RUNNING', endedMs: null }));
    await first.close();
    const second = await RunHistory.open(filePath, 5_000);
    expect(await second.get('a')).toMatchObject({ state: 'INTERRUPTED', endedMs: 5_000 });
    await second.close();
  });

  test('drops what is old, but neither the newest nor the newest successful run', async () => {
    const history = await RunHistory.open(join(await temporaryFolder(), 'history.db'), 0);
    await history.put(record('old'));
    await history.put(record('good', { startedMs: 2_000 }));
    await history.put(record('bad', { startedMs: 3_000, state: 'FAILED' }));
    const day = 86_400_000;
    expect(await history.dropOld(30 * day, 10)).toBe(1);
    expect((await history.list({ limit: 10 })).map(({ id }) => id)).toEqual(['bad', 'good']);
    expect(await history.lastSuccessMs('nas')).toBe(2_000);
    await history.close();
  });
});
