import { expect, test } from 'vitest';
import { noData, withEvent, withLoaded, withThings } from '../../../../../cloud/web/app/state/model.js';
import type { StreamEvent } from '../../../../../core/wire/api.js';
import type { JobView } from '../../../../../core/wire/jobs.js';
import { click, household, iso, report, run, thing } from '../../canned-data.js';

const now = Date.UTC(2026, 2, 18, 12);
const { overview, series } = household(now);
const reload = {
  overview,
  clicks: overview.clicks,
  runs: overview.runs,
  series,
  alarms: [],
  alarmRules: [],
};
const loaded = withLoaded(noData, reload);

function jobEvent(succeeded: number): StreamEvent {
  const data: JobView = {
    id: 'roll-out',
    description: '',
    status: 'IN_PROGRESS',
    reason: null,
    document: {},
    rollout: { maximumPerMinute: 1_000 },
    abort: null,
    timeoutMinutes: null,
    presignedUrlSeconds: 3_600,
    createdAt: iso(now),
    endedAt: null,
    counts: { SUCCEEDED: succeeded },
  };
  return { type: 'job', data };
}

test('a click that is known already is not counted twice, and a new one comes first', () => {
  expect(loaded.clicks).toHaveLength(4);
  const next = withEvent(loaded, { type: 'click', data: click('new', now) });
  expect(next.clicks.map(({ id }) => id)[0]).toBe('new');
  expect(withEvent(next, { type: 'click', data: click('new', now) }).clicks).toHaveLength(5);
});

test('a run event takes the place of the run', () => {
  const next = withEvent(loaded, { type: 'run', data: run('run-1', 'click-1', { state: 'FAILED' }) });
  expect(next.runs.filter(({ id }) => id === 'run-1').map(({ state }) => state)).toEqual(['FAILED']);
});

test('a thing event takes the place of the thing and keeps the order of names', () => {
  const next = withEvent(loaded, { type: 'thing', data: thing('garden-gate', { online: true }) });
  expect(next.things.map(({ name }) => name)).toEqual(['attic', 'front-door', 'garden-gate', 'workshop']);
  expect(next.things[2]?.online).toBe(true);
});

test('a reading becomes the last value, unless it is older than that', () => {
  const reading = { thing: 'attic', series: 'room.temperature', unit: 'Cel', value: 30 };
  const newer = withEvent(loaded, { type: 'reading', data: { ...reading, time: iso(now) } });
  expect(newer.series.find((view) => view.unit === 'Cel')?.last?.value).toBe(30);
  const late = { ...reading, value: 5, time: iso(now - 60_000) };
  expect(withEvent(newer, { type: 'reading', data: late }).series).toBe(newer.series);
});

test('a reading of an unknown series adds it', () => {
  const data = { thing: 'cellar', series: 'well.level', unit: 'm', time: iso(now), value: 2 };
  expect(withEvent(loaded, { type: 'reading', data }).series).toHaveLength(4);
});

test('reports of one run replace each other, newest run first, at most thirty', () => {
  const running = report('photos', 'next', now, { state: 'RUNNING', endedAt: null });
  const started = withEvent(loaded, { type: 'backup', data: running });
  const done = withEvent(started, { type: 'backup', data: report('photos', 'next', now) });
  const job = done.backups.find((view) => view.job === 'photos');
  expect(job?.last.state).toBe('SUCCEEDED');
  expect(job?.history).toHaveLength(30);
  expect(job?.history.filter(({ runId }) => runId === 'next')).toHaveLength(1);
});

test('a job event takes the place of the job, and a new load begins afresh', () => {
  const moved = withEvent(withEvent(loaded, jobEvent(1)), jobEvent(2));
  expect(moved.jobs.map(({ counts }) => counts)).toEqual([{ SUCCEEDED: 2 }]);
  expect(withLoaded(moved, reload).jobs).toEqual([]);
});

test('more devices than the overview has are read after it; what changed meanwhile stays', () => {
  const next = withThings(loaded, [thing('zoo'), thing('front-door', { version: 0, enabled: false })]);
  expect(next.things.map(({ name, enabled }) => [name, enabled])).toEqual([
    ['front-door', true],
    ['zoo', true],
  ]);
});
