import { expect, test } from 'vitest';
import { otherData } from '../../cloud/other-data.js';
import { Retention } from '../../cloud/telemetry/retention.js';
import { TelemetryStore } from '../../cloud/telemetry/telemetry-store.js';
import type { Database } from '../../core/db/database.js';
import { silentLogger } from '../../core/log.js';
import { cloudDatabase } from '../support/cloud-database.js';
import { RushingClock } from '../support/rushing-clock.js';

const nowMs = Date.UTC(2026, 0, 2);
const dayMs = 86_400_000;
const never = 100_000 * dayMs;

/** Keeps runs and executions for 90 days, clicks for 400, logs and histories for 30. */
async function retention(database: Database): Promise<Retention> {
  return new Retention({
    clock: new RushingClock(nowMs),
    log: silentLogger,
    database,
    telemetry: await TelemetryStore.open(database),
    limits: { maxAgeMs: { raw: 30 * dayMs, minute: never, hour: never }, maxBytes: undefined },
    others: otherData(database, { history: { runDays: 90, clickDays: 400 } }),
  });
}

interface RunFacts {
  readonly id: string;
  readonly state: string;
  readonly endedDaysAgo?: number;
  readonly source?: readonly [kind: string, id: string];
  readonly isDiscarded?: boolean;
}

async function addRun(database: Database, facts: RunFacts): Promise<void> {
  const { id, state, endedDaysAgo, source = ['click', id], isDiscarded = false } = facts;
  const endedMs = endedDaysAgo === undefined ? null : nowMs - endedDaysAgo * dayMs;
  await database.batch([
    {
      sql: `INSERT INTO runs (id, source_kind, source_id, function_name, state, attempt, event, created_ms, ended_ms,
              discarded_ms) VALUES (?, ?, ?, 'hello', ?, 1, ?, 0, ?, ?)`,
      params: [id, ...source, state, 'e'.repeat(1_000), endedMs, isDiscarded ? endedMs : null],
    },
    { sql: 'INSERT INTO run_logs (run_id, log) VALUES (?, ?)', params: [id, 'said'] },
    { sql: 'INSERT INTO run_results (run_id, result) VALUES (?, ?)', params: [id, '1'] },
  ]);
}

async function addExecution(database: Database, id: string, endedDaysAgo: number | undefined): Promise<void> {
  const endedMs = endedDaysAgo === undefined ? null : nowMs - endedDaysAgo * dayMs;
  await database.batch([
    {
      sql: `INSERT INTO executions (id, workflow, version, state, input, started_ms, ended_ms)
            VALUES (?, 'w', 1, ?, '{}', 0, ?)`,
      params: [id, endedMs === null ? 'RUNNING' : 'SUCCEEDED', endedMs],
    },
    {
      sql: `INSERT INTO execution_events (execution, n, time_ms, type, state, detail) VALUES (?, 1, 0, 't', 's', '{}')`,
      params: [id],
    },
  ]);
}

async function idsIn(database: Database, table: string, column = 'id'): Promise<unknown[]> {
  const rows = await database.all(`SELECT ${column} AS id FROM ${table} ORDER BY ${column}`);
  return rows.map((row) => row['id']);
}

test('runs that ended long ago go, with their logs and results; what is open or dead stays', async () => {
  const database = await cloudDatabase();
  await addRun(database, { id: 'done-long-ago', state: 'SUCCEEDED', endedDaysAgo: 91 });
  await addRun(database, { id: 'done-lately', state: 'SUCCEEDED', endedDaysAgo: 89 });
  await addRun(database, { id: 'dead', state: 'FAILED', endedDaysAgo: 1_000 });
  await addRun(database, { id: 'discarded', state: 'FAILED', endedDaysAgo: 91, isDiscarded: true });
  await addRun(database, { id: 'open', state: 'PENDING' });
  await addRun(database, { id: 'tried-again', state: 'PENDING', endedDaysAgo: 91 });
  await addRun(database, { id: 'under-way', state: 'RUNNING' });
  const keeper = await retention(database);
  expect((await keeper.prune()).deletedOthers).toMatchObject({ runs: 2 });
  const left = ['dead', 'done-lately', 'open', 'tried-again', 'under-way'];
  expect(await idsIn(database, 'runs')).toEqual(left);
  expect(await idsIn(database, 'run_results', 'run_id')).toEqual(left);
  // Logs are kept for as long as readings.
  expect(await idsIn(database, 'run_logs', 'run_id')).toEqual(['open', 'under-way']);

  // Somebody discards the dead one: now it is old and no more than that.
  await database.run(`UPDATE runs SET discarded_ms = ? WHERE id = 'dead'`, [nowMs]);
  expect((await keeper.prune()).deletedOthers).toMatchObject({ runs: 1 });
});

test('an execution goes after its run, and the runs of its steps only when it has ended', async () => {
  const database = await cloudDatabase();
  const id = (digit: number) => `00000000-0000-8000-8000-00000000000${digit}`;
  const [running, ended, replayed, waiting, young] = [id(1), id(2), id(3), id(4), id(5)];
  await addExecution(database, running, undefined);
  await addExecution(database, ended, 91);
  await addExecution(database, `${replayed}.1`, 91);
  await addExecution(database, waiting, 91);
  await addExecution(database, young, 89);
  await addRun(database, { id: running, state: 'RUNNING' });
  await addRun(database, { id: ended, state: 'SUCCEEDED', endedDaysAgo: 91 });
  await addRun(database, { id: replayed, state: 'FAILED', endedDaysAgo: 91 });
  await addRun(database, { id: waiting, state: 'RUNNING' });
  await addRun(database, { id: young, state: 'SUCCEEDED', endedDaysAgo: 89 });
  for (const execution of [running, ended]) {
    const source = ['workflow', `${execution}/12`] as const;
    await addRun(database, { id: `step of ${execution}`, state: 'FAILED', endedDaysAgo: 91, source });
  }
  const { deletedOthers } = await (await retention(database)).prune();
  expect(deletedOthers).toMatchObject({ runs: 2, executions: 1 });
  expect(await idsIn(database, 'runs')).toEqual([running, replayed, waiting, young, `step of ${running}`]);
  expect(await idsIn(database, 'executions')).toEqual([running, `${replayed}.1`, waiting, young]);
  // The history goes with the age of readings, that of a running execution stays whole.
  expect(await idsIn(database, 'execution_events', 'execution')).toEqual([running]);
});

test('old clicks go and their count stays; the file on disk is smaller by what is told', async () => {
  const database = await cloudDatabase();
  await database.run(`INSERT INTO thing_state (thing, clicks) VALUES ('door', 3000)`);
  await database.transaction(async (tx) => {
    for (let at = 0; at < 3_000; at++) {
      await tx.run(
        `INSERT INTO clicks (thing, id, seq, button, click_type, device_time_ms, received_ms)
         VALUES ('door', ?, ?, ?, 'SINGLE', 0, ?)`,
        [`click-${at}`, at, 'b'.repeat(100), nowMs - 500 * dayMs + at * (dayMs / 20) + 60_000],
      );
    }
  });
  const keeper = await retention(database);
  const report = await keeper.prune();
  expect(report.deletedOthers).toMatchObject({ clicks: 2_000 });
  expect(report.bytesFreed).toBeGreaterThan(2_000 * 100);
  const left = await database.get('SELECT COUNT(*) AS n, MIN(received_ms) AS oldest FROM clicks');
  expect(left).toEqual({ n: 1_000, oldest: nowMs - 400 * dayMs + 60_000 });
  expect(await database.get('SELECT clicks FROM thing_state')).toEqual({ clicks: 3_000 });
  expect((await keeper.prune()).deletedOthers).toEqual({
    runLogs: 0,
    executionHistory: 0,
    alarmHistory: 0,
    runs: 0,
    executions: 0,
    clicks: 0,
  });
});
