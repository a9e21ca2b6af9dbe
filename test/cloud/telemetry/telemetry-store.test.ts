import { expect, test } from 'vitest';
import { TelemetryStore } from '../../../cloud/telemetry/telemetry-store.js';
import type { TelemetryMessage } from '../../../core/wire/messages.js';
import { cloudDatabase } from '../../support/cloud-database.js';

const t0 = Date.UTC(2026, 0, 2);
const series = 'room.temperature';
const at = (ms: number) => new Date(t0 + ms).toISOString();

function message(
  id: string,
  readings: [number, number][],
  name = series,
): { thing: string; message: TelemetryMessage } {
  return {
    thing: 'probe',
    message: {
      v: 1,
      id,
      seq: 1,
      readings: readings.map(([ms, value]) => ({ series: name, unit: 'Cel', value, deviceTime: at(ms) })),
    },
  };
}

const everything = { thing: 'probe', series, fromMs: t0, toMs: t0 + 10_000, maxPoints: 10 };

test('a message that comes twice is stored once, two messages of the same time are both stored', async () => {
  const database = await cloudDatabase();
  const store = await TelemetryStore.open(database);
  await store.insert([message('message-1', [[0, 20]]), message('message-1', [[0, 20]])]);
  await store.insert([message('message-1', [[0, 20]])]);
  await store.insert([message('message-2', [[0, 22]])]);
  expect((await store.query(everything))?.points).toEqual([[t0, 21, 20, 22]]);
});

test('late readings land at their own time and do not become the newest', async () => {
  const store = await TelemetryStore.open(await cloudDatabase());
  expect((await store.insert([message('message-1', [[5_000, 25]])]))[0]).toHaveLength(1);
  expect((await store.insert([message('message-2', [[2_000, 22]])]))[0]).toHaveLength(0);
  expect(store.list()).toEqual([
    { thing: 'probe', series, unit: 'Cel', labels: {}, last: { time: at(5_000), value: 25 } },
  ]);
  expect((await store.query(everything))?.points).toEqual([
    [t0 + 2_000, 22, 22, 22],
    [t0 + 5_000, 25, 25, 25],
  ]);
});

test('buckets hold mean, minimum and maximum; a gap stays a gap', async () => {
  const store = await TelemetryStore.open(await cloudDatabase());
  await store.insert([
    message('message-1', [
      [0, 1],
      [999, 3],
      [1_000, 5],
      [9_999, -2],
      [10_000, 99],
    ]),
  ]);
  expect(await store.query(everything)).toEqual({
    thing: 'probe',
    series,
    unit: 'Cel',
    bucketMs: 1_000,
    points: [
      [t0, 2, 1, 3],
      [t0 + 1_000, 5, 5, 5],
      [t0 + 9_000, -2, -2, -2],
    ],
  });
});

test('a range of many slices gives the same buckets as one computed by hand', async () => {
  const store = await TelemetryStore.open(await cloudDatabase());
  const minutes = 7 * 24 * 60;
  const values = Array.from({ length: minutes }, (_, index) => Math.sin(index / 50) * 10);
  for (let from = 0; from < minutes; from += 500) {
    const readings = values
      .slice(from, from + 500)
      .map((value, index): [number, number] => [(from + index) * 60_000, value]);
    await store.insert([message(`message-${from}`, readings)]);
  }
  const view = await store.query({ ...everything, toMs: t0 + minutes * 60_000, maxPoints: 13 });
  const bucketMs = Math.ceil((minutes * 60_000) / 13 / 3_600_000) * 3_600_000;
  expect(view?.bucketMs).toBe(bucketMs);
  expect(view?.points).toHaveLength(13);
  for (const [index, [time, mean, min, max]] of view!.points.entries()) {
    const own = values.filter((_, minute) => Math.floor((minute * 60_000) / bucketMs) === index);
    expect(time).toBe(t0 + index * bucketMs);
    expect(mean).toBeCloseTo(own.reduce((a, b) => a + b) / own.length, 9);
    expect([min, max]).toEqual([Math.min(...own), Math.max(...own)]);
  }
});

test('an unknown series has no view, one without readings in the range has no points', async () => {
  const store = await TelemetryStore.open(await cloudDatabase());
  await store.insert([message('message-1', [[0, 1]])]);
  expect(await store.query({ ...everything, series: 'a.b' })).toBeUndefined();
  expect((await store.query({ ...everything, fromMs: t0 + 5_000 }))?.points).toEqual([]);
});

test('the newest reading of each series is known after reopening', async () => {
  const database = await cloudDatabase();
  const store = await TelemetryStore.open(database);
  await store.insert([
    message('message-1', [
      [1, 1],
      [0, 0],
    ]),
    message('message-2', [[3, 9]], 'a.b'),
  ]);
  expect((await TelemetryStore.open(database)).list()).toEqual(store.list());
  expect(store.list().map((one) => [one.series, one.last?.value])).toEqual([
    ['a.b', 9],
    [series, 1],
  ]);
});

test('sums per minute and hour count each reading once, also late ones and those sent twice', async () => {
  const database = await cloudDatabase();
  const store = await TelemetryStore.open(database);
  const minute = 60_000;
  await store.insert([
    message('message-1', [
      [0, 10],
      [minute, 20],
    ]),
  ]); // prettier-ignore
  await store.insert([
    message('message-1', [
      [0, 10],
      [minute, 20],
    ]),
    message('message-2', [[1_000, 40]]),
  ]); // prettier-ignore
  await store.insert([message('message-3', [[59_999, -4]]), message('message-3', [[59_999, -4]])]);
  const rows = (table: string) =>
    database.all(`SELECT bucket_ms - ${t0} AS at, count, sum, min, max FROM ${table} ORDER BY at`);
  expect(await rows('readings_minute')).toEqual([
    { at: 0, count: 3, sum: 46, min: -4, max: 40 },
    { at: minute, count: 1, sum: 20, min: 20, max: 20 },
  ]);
  expect(await rows('readings_hour')).toEqual([{ at: 0, count: 4, sum: 66, min: -4, max: 40 }]);
});

test('a range whose readings are gone is drawn from the sums', async () => {
  const database = await cloudDatabase();
  const store = await TelemetryStore.open(database);
  await store.insert([
    message('message-1', [
      [0, 10],
      [1_000, 30],
      [120_000, 5],
    ]),
  ]); // prettier-ignore
  await store.deleteBefore('raw', t0 + 60_000, 100);
  const wanted = { ...everything, toMs: t0 + 180_000, maxPoints: 500 };
  for (const opened of [store, await TelemetryStore.open(database)]) {
    expect(await opened.query(wanted)).toMatchObject({
      bucketMs: 60_000,
      points: [
        [t0, 20, 10, 30],
        [t0 + 120_000, 5, 5, 5],
      ],
    });
  }
  expect((await store.query({ ...wanted, fromMs: t0 + 60_000 }))?.bucketMs).toBeLessThan(60_000);
});
