import { expect, test } from 'vitest';
import { spaceOf } from '../../../cloud/telemetry/disk-space.js';
import { Retention, type RetentionLimits } from '../../../cloud/telemetry/retention.js';
import { exportText } from '../../../cloud/telemetry/telemetry-export.js';
import { TelemetryStore } from '../../../cloud/telemetry/telemetry-store.js';
import type { Database } from '../../../core/db/database.js';
import { silentLogger } from '../../../core/log.js';
import { cloudDatabase } from '../../support/cloud-database.js';
import { RushingClock } from '../../support/rushing-clock.js';

const t0 = Date.UTC(2026, 0, 2);
const dayMs = 86_400_000;
const nowMs = t0 + 10 * dayMs;

/** A reading a minute from each of some things. */
async function filled(
  days: number,
  things = ['a', 'b'],
): Promise<{ database: Database; store: TelemetryStore }> {
  const database = await cloudDatabase();
  const store = await TelemetryStore.open(database);
  for (let at = 0; at < days * 1_440; at += 480) {
    const messages = things.map((thing) => ({
      thing,
      message: {
        v: 1 as const,
        id: `message-${at}`,
        seq: at,
        readings: Array.from({ length: 480 }, (_, n) => ({
          series: 'room.temperature',
          unit: 'Cel' as const,
          value: at + n,
          deviceTime: new Date(nowMs - days * dayMs + (at + n) * 60_000).toISOString(),
        })),
      },
    }));
    await store.insert(messages);
  }
  return { database, store };
}

function retention(
  database: Database,
  telemetry: TelemetryStore,
  limits: Partial<RetentionLimits> = {},
): Retention {
  const never = 10_000 * dayMs;
  return new Retention({
    clock: new RushingClock(nowMs),
    log: silentLogger,
    database,
    telemetry,
    limits: { maxAgeMs: { raw: never, minute: never, hour: never }, maxBytes: undefined, ...limits },
    others: [],
  });
}

const count = async (database: Database, table: string) =>
  (await database.get<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`))?.n;

test('what is too old goes, each grain at its own age, and the file on disk is smaller by what is told', async () => {
  const { database, store } = await filled(6);
  const before = await spaceOf(database);
  const maxAgeMs = { raw: 2 * dayMs, minute: 4 * dayMs, hour: 5 * dayMs };
  const keeper = retention(database, store, { maxAgeMs });
  expect(await keeper.plan()).toEqual({
    readings: 2 * 4 * 1_440,
    before: new Date(nowMs - 2 * dayMs).toISOString(),
  });
  const report = await keeper.prune();
  expect(report.deleted).toEqual({ raw: 2 * 4 * 1_440, minute: 2 * 2 * 1_440, hour: 2 * 24 });
  expect(await count(database, 'readings')).toBe(2 * 2 * 1_440);
  const after = await spaceOf(database);
  expect(report.bytesFreed).toBe(before.fileBytes - after.fileBytes);
  expect(report.bytesFreed).toBeGreaterThan(0.3 * before.fileBytes);
  expect((await retention(database, store, { maxAgeMs }).prune()).deleted).toEqual({
    raw: 0,
    minute: 0,
    hour: 0,
  });
});

test('a database that holds too much loses its oldest readings until it fits, never its sums per hour', async () => {
  const { database, store } = await filled(6);
  const { usedBytes } = await spaceOf(database);
  const maxBytes = Math.round(usedBytes * 0.7);
  const report = await retention(database, store, { maxBytes }).prune();
  expect((await spaceOf(database)).usedBytes).toBeLessThanOrEqual(maxBytes);
  expect(report.deleted.raw).toBeGreaterThan(0);
  expect(report.deleted.hour).toBe(0);
  const oldest = await database.get<{ t: number }>('SELECT MIN(time_ms) AS t FROM readings');
  expect(oldest?.t).toBeGreaterThan(nowMs - 6 * dayMs);
  // What was deleted can still be drawn, per minute.
  const view = await store.query({
    thing: 'a',
    series: 'room.temperature',
    fromMs: nowMs - 6 * dayMs,
    toMs: nowMs - 6 * dayMs + 600_000,
    maxPoints: 5_000,
  });
  expect(view?.points).toHaveLength(10);
});

test('an export has every reading once, in order, over page borders and readings of one time', async () => {
  const { database, store } = await filled(3, ['a']);
  const twice = {
    series: 'room.temperature',
    unit: 'Cel' as const,
    value: -1,
    deviceTime: new Date(nowMs - dayMs).toISOString(),
  };
  for (const id of ['double-1', 'double-2']) {
    await store.insert([{ thing: 'a', message: { v: 1, id, seq: 1, readings: [twice] } }]);
  }
  await store.setLabels('a', 'room.temperature', { room: 'attic' });
  const all = async (format: 'csv' | 'jsonl', resolution: 'raw' | 'hour') => {
    const range = { fromMs: Number.MIN_SAFE_INTEGER, toMs: nowMs };
    const pieces = [];
    const chosen = store.select({ label: ['room', 'attic'] });
    for await (const piece of exportText(database, chosen, { format, resolution, ...range }))
      pieces.push(piece);
    return pieces.join('').trimEnd().split('\n');
  };
  const csv = await all('csv', 'raw');
  expect(csv[0]).toBe('time,thing,series,unit,value');
  expect(csv).toHaveLength(1 + 3 * 1_440 + 2);
  const times = csv.slice(1).map((line) => line.slice(0, 24));
  expect(times).toEqual([...times].sort());
  expect(csv.filter((line) => line.endsWith(',-1'))).toHaveLength(2);
  const hours = (await all('jsonl', 'hour')).map((line) => JSON.parse(line));
  expect(hours).toHaveLength(3 * 24);
  expect(hours[0]).toEqual({
    time: new Date(nowMs - 3 * dayMs).toISOString(),
    thing: 'a',
    series: 'room.temperature',
    unit: 'Cel',
    labels: { room: 'attic' },
    mean: 29.5,
    min: 0,
    max: 59,
    count: 60,
  });
  expect(store.select({ label: ['room', 'cellar'] })).toEqual([]);
});
