import { expect, test } from 'vitest';
import { activitiesOf } from '../../../../../cloud/web/app/state/activity.js';
import { click, iso, run } from '../../canned-data.js';

const nowMs = Date.UTC(2026, 0, 2, 12);

test('presses and other causes make one list, newest first, each with what it set off', () => {
  const alarm = { kind: 'alarm', id: 'hot/1' } as const;
  const clicks = [click('b', nowMs), click('a', nowMs - 60_000)];
  const runs = [
    run('r1', 'a'),
    run('r2', 'a', { functionName: 'other' }),
    run('r3', '', { source: alarm, thing: null, createdAt: iso(nowMs - 30_000) }),
    run('r4', '', { source: alarm, thing: null, createdAt: iso(nowMs - 29_000) }),
    // Its press is older than what was loaded.
    run('r5', 'forgotten'),
    // The same id on another thing is another press.
    run('r6', 'b', { thing: 'workshop' }),
  ];
  const seen = activitiesOf(clicks, runs).map(({ source, atMs, runs: caused }) => [
    `${source.kind} ${source.id}`,
    atMs - nowMs,
    caused.map((one) => one.id),
  ]);
  expect(seen).toEqual([
    ['click b', 0, []],
    ['alarm hot/1', -30_000, ['r3', 'r4']],
    ['click a', -60_000, ['r1', 'r2']],
  ]);
});
