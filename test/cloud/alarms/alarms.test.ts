import { expect, test } from 'vitest';
import { AlarmBench } from '../../support/alarm-bench.js';
import { cloudDatabase } from '../../support/cloud-database.js';
import { FakeClock } from '../../support/fake-clock.js';

const minute = 60_000;
const second = 1_000;

async function bench(options: Parameters<typeof AlarmBench.open>[2] = {}, database = cloudDatabase()) {
  const clock = new FakeClock();
  return AlarmBench.open(await database, clock, options);
}

test('a thing that says nothing is pending at half the time, an alarm at the whole, and clear when heard', async () => {
  const b = await bench();
  await b.rule({ thing: 'porch', when: { kind: 'silent', forMs: 10 * minute } });
  b.desk.engine.heard('porch');
  await b.pass(5 * minute - 1);
  expect(b.state()).toBe('OK');
  await b.pass(1);
  expect(b.state()).toBe('PENDING');
  b.desk.engine.heard('porch');
  expect(b.state()).toBe('OK');
  await b.pass(10 * minute);
  expect(b.state()).toBe('ALARM');
  await b.pass(60 * minute);
  b.desk.engine.heard('porch');
  await b.settled();
  expect(b.told.map(({ state, reason }) => [state, reason])).toEqual([
    ['ALARM', 'Nothing came from porch for 10 minutes; the limit is 10 minutes.'],
    ['OK', 'porch: heard again.'],
  ]);
  expect((await b.desk.history({ limit: 10 })).map(({ from, to, notified }) => [from, to, notified])).toEqual(
    [
      ['ALARM', 'OK', true],
      ['PENDING', 'ALARM', true],
      ['OK', 'PENDING', false],
      ['PENDING', 'OK', false],
      ['OK', 'PENDING', false],
    ],
  );
});

test('setting the clock, forwards or back, makes nothing silent', async () => {
  const b = await bench();
  await b.rule({ when: { kind: 'silent', forMs: 10 * minute } });
  b.clock.setWallClock(b.clock.now() + 400 * 24 * 60 * minute);
  await b.pass(minute);
  b.clock.setWallClock(b.clock.now() - 800 * 24 * 60 * minute);
  await b.pass(minute);
  expect(b.state()).toBe('OK');
  await b.pass(8 * minute);
  expect(b.state()).toBe('ALARM');
});

test('a restart tells nothing twice, forgets nothing that was pending, and takes its own absence for no silence', async () => {
  const database = await cloudDatabase();
  const clock = new FakeClock();
  const things = ['a', 'b', 'c'].map((thing) => ({ thing, type: 'sensor', life: null }));
  const first = await AlarmBench.open(database, clock, { things });
  await first.rule({ type: 'sensor', when: { kind: 'silent', forMs: 100 * minute } });
  await first.pass(30 * minute);
  for (const thing of ['b', 'c']) first.desk.engine.heard(thing);
  await first.pass(50 * minute);
  first.desk.engine.heard('c');
  await first.pass(20 * minute);
  expect(['a', 'b', 'c'].map((thing) => first.state(thing))).toEqual(['ALARM', 'PENDING', 'OK']);
  await first.close();
  clock.advance(3 * 24 * 60 * minute);

  const second = await AlarmBench.open(database, clock, { things });
  await second.settled();
  expect(['a', 'b', 'c'].map((thing) => second.state(thing))).toEqual(['ALARM', 'PENDING', 'OK']);
  expect(second.told).toEqual([]);
  await second.pass(29 * minute);
  expect(second.state('b')).toBe('PENDING');
  await second.pass(2 * minute);
  expect(second.told.map(({ subject, state }) => [subject, state])).toEqual([['b', 'ALARM']]);
  second.desk.engine.heard('a');
  await second.settled();
  expect(second.told.at(-1)).toMatchObject({ subject: 'a', state: 'OK' });
});

test('what dies between the change and its notice is told after the restart, once', async () => {
  const database = await cloudDatabase();
  const b = await AlarmBench.open(database, new FakeClock());
  await b.rule({ thing: 'porch', when: { kind: 'silent', forMs: 10 * minute } });
  await b.pass(10 * minute);
  const runs = () => database.all(`SELECT id FROM runs WHERE source_kind = 'alarm'`);
  expect(await runs()).toHaveLength(1);
  // The same change once more, as if the process had died before it knew that it was stored.
  await database.run(`UPDATE alarms SET state = 'PENDING', changes = changes - 1, elapsed_ms = 600000`);
  const again = await AlarmBench.open(database, new FakeClock());
  await again.pass(10 * minute);
  expect(again.state()).toBe('ALARM');
  expect(await runs()).toHaveLength(1);
});

test('offline counts from the lost connection; one that is back within five seconds was not away', async () => {
  const b = await bench();
  await b.rule({ thing: 'porch', when: { kind: 'offline', forMs: 2 * minute } });
  b.desk.engine.connection('porch', true);
  await b.pass(60 * minute);
  for (let i = 0; i < 20; i++) {
    b.desk.engine.connection('porch', false);
    await b.pass(4_900);
    b.desk.engine.connection('porch', true);
    await b.pass(100);
  }
  expect(b.changes).toEqual([]);
  b.desk.engine.connection('porch', false);
  await b.pass(5 * second);
  expect(b.state()).toBe('PENDING');
  await b.pass(2 * minute);
  expect(b.state()).toBe('ALARM');
  b.desk.engine.connection('porch', true);
  expect(b.state()).toBe('OK');
});

test('a value must be out of range for the whole time, and well inside for the clear time', async () => {
  const b = await bench();
  const when = { kind: 'range', series: 'room.temperature', max: 30, min: 10, forMs: 5 * minute, margin: 2 };
  await b.rule({ thing: 'porch', when, clearAfterMs: 10 * minute });
  const reads = (value: number) => b.desk.engine.reading('porch', { series: 'room.temperature', value });
  reads(31);
  expect(b.state()).toBe('PENDING');
  await b.pass(4 * minute);
  reads(29);
  expect(b.state()).toBe('OK');
  reads(31);
  await b.pass(5 * minute);
  expect(b.state()).toBe('ALARM');
  reads(29);
  await b.pass(30 * minute);
  expect(b.state()).toBe('ALARM');
  reads(28);
  await b.pass(9 * minute);
  reads(29);
  reads(20);
  await b.pass(9 * minute);
  expect(b.state()).toBe('ALARM');
  await b.pass(minute);
  expect(b.state()).toBe('OK');
  expect(b.told[0]?.reason).toBe('room.temperature of porch is 31, outside of 10 to 30 for 5 minutes.');
});

test('life and battery have a limit to raise and another to clear', async () => {
  const things = [{ thing: 'bell', type: 'button', life: 12 as number | null }];
  const b = await bench({ things });
  await b.rule({ name: 'life', thing: 'bell', when: { kind: 'life', below: 10 } });
  await b.rule({ name: 'battery', thing: 'bell', when: { kind: 'battery', below: 20, clearAt: 25 } });
  const press = async (life: number) => {
    things[0] = { thing: 'bell', type: 'button', life };
    b.desk.engine.pressed('bell');
    await b.settled();
    return b.state('bell', 'life');
  };
  expect([await press(10), await press(9.9), await press(12), await press(100)]).toEqual([
    'OK',
    'ALARM',
    'ALARM',
    'OK',
  ]);
  const charge = (value: number) => {
    b.desk.engine.reading('bell', { series: 'bell.battery', value });
    return b.state('bell', 'battery');
  };
  expect([21, 19, 21, 24, 25].map(charge)).toEqual(['OK', 'ALARM', 'ALARM', 'ALARM', 'OK']);
});

test('an action that fails in a row, or too often in a time, is told by another', async () => {
  const b = await bench();
  await b.rule({ name: 'row', when: { kind: 'failing', function: 'mail', failures: 3 } });
  await b.rule({
    name: 'rate',
    when: { kind: 'failing', function: 'mail', failures: 2, withinMs: 10 * minute },
  });
  const states = () => [b.state('mail', 'row'), b.state('mail', 'rate')];
  b.desk.engine.ran('mail', false);
  expect(states()).toEqual(['PENDING', 'PENDING']);
  b.desk.engine.ran('mail', true);
  b.desk.engine.ran('mail', false);
  expect(states()).toEqual(['PENDING', 'ALARM']);
  await b.pass(11 * minute);
  expect(states()).toEqual(['PENDING', 'OK']);
  b.desk.engine.ran('mail', false);
  b.desk.engine.ran('mail', false);
  expect(states()).toEqual(['ALARM', 'ALARM']);
  b.desk.engine.ran('mail', true);
  await b.settled();
  expect(states()[0]).toBe('OK');
  expect(b.told.filter(({ rule }) => rule === 'row').map(({ state }) => state)).toEqual(['ALARM', 'OK']);
});

test('what flaps is told a few times an hour and then once in a summary', async () => {
  const b = await bench();
  const when = { kind: 'range', series: 's.t', max: 1 };
  await b.rule({ thing: 'porch', when, noticesPerHour: 4 });
  for (let i = 0; i < 100; i++) {
    b.desk.engine.reading('porch', { series: 's.t', value: i % 2 === 0 ? 2 : 0 });
    await b.pass(10 * second);
  }
  expect(b.told).toHaveLength(4);
  await b.pass(60 * minute);
  expect(b.told).toHaveLength(5);
  expect(b.told[4]).toMatchObject({ state: 'OK', summary: { changes: 96 } });
  await b.pass(24 * 60 * minute);
  expect(b.told).toHaveLength(5);
});

test('an alarm can be acknowledged, and kept quiet for a while', async () => {
  const b = await bench();
  await b.rule({ thing: 'porch', when: { kind: 'range', series: 's.t', max: 1 } });
  const reads = (value: number) => b.desk.engine.reading('porch', { series: 's.t', value });
  reads(2);
  expect((await b.desk.acknowledge('watch', 'porch')).acknowledgedAt).not.toBeNull();
  await b.desk.snooze('watch', 'porch', 30 * minute);
  reads(0);
  reads(3);
  await b.settled();
  expect(b.told.map(({ state }) => state)).toEqual(['ALARM', 'OK']);
  await b.pass(30 * minute);
  expect(b.told.map(({ state }) => state)).toEqual(['ALARM', 'OK', 'ALARM']);
  expect(b.desk.alarms()[0]).toMatchObject({ acknowledgedAt: null, snoozedUntil: null });
  await expect(b.desk.acknowledge('watch', 'garage')).rejects.toMatchObject({ code: 'ALARM_UNKNOWN' });
});

test('a rule for a type watches things as they come; deleting it ends its alarms and keeps their history', async () => {
  const things = [{ thing: 'porch', type: 'sensor', life: null }];
  const b = await bench({ things });
  await b.rule({ type: 'sensor', when: { kind: 'silent', forMs: minute } });
  things.push({ thing: 'attic', type: 'sensor', life: null }, { thing: 'bell', type: 'button', life: null });
  for (const thing of ['attic', 'bell']) b.desk.engine.heard(thing);
  await b.settled();
  await b.pass(minute);
  expect(
    b.desk
      .alarms()
      .map(({ subject, state }) => [subject, state])
      .sort(),
  ).toEqual([
    ['attic', 'ALARM'],
    ['porch', 'ALARM'],
  ]);
  await b.desk.deleteRule('watch');
  await b.pass(60 * minute);
  expect(b.desk.alarms()).toEqual([]);
  expect(await b.desk.history({ rule: 'watch', limit: 10 })).toHaveLength(4);
  await expect(b.desk.deleteRule('watch')).rejects.toMatchObject({ code: 'ALARM_RULE_UNKNOWN' });
});

test('rules of the configuration are set up at each start and changed only there', async () => {
  const database = await cloudDatabase();
  const rule = { name: 'watch', when: { kind: 'silent', forMs: minute } };
  const b = await AlarmBench.open(database, new FakeClock(), { configured: [rule] });
  await expect(b.desk.deleteRule('watch')).rejects.toMatchObject({ code: 'ALARM_RULE_CONFIGURED' });
  await expect(b.rule({ when: rule.when })).rejects.toMatchObject({ code: 'ALARM_RULE_EXISTS' });
  const without = await AlarmBench.open(database, new FakeClock());
  expect(without.desk.rules()).toEqual([]);
});

test('ten thousand silent watches wait with one timer and cost nothing while nothing falls due', async () => {
  const things = Array.from({ length: 10_000 }, (_, n) => ({ thing: `t${n}`, type: 'sensor', life: null }));
  const b = await bench({ things });
  const before = b.clock.pendingCount;
  await b.rule({ type: 'sensor', when: { kind: 'silent', forMs: 60 * minute } });
  expect(b.clock.pendingCount - before).toBe(1);
  const started = performance.now();
  for (const { thing } of things) b.desk.engine.heard(thing);
  b.clock.advance(20 * minute);
  expect(performance.now() - started).toBeLessThan(500);
  expect(b.changes).toEqual([]);
});
