import { expect, test } from 'vitest';
import {
  accepted,
  isBusy,
  type Press,
  refused,
  silentAfterMs,
  startPress,
  withClick,
  withoutActionAfterMs,
  withRun,
  withTime,
} from '../../../../../cloud/web/app/state/press.js';
import { click, run } from '../../canned-data.js';

const sending = startPress('front-door', 'main', 'SINGLE', 1_000);
const ours = click('c', 0);

function stored(): Press {
  return withClick(accepted(sending), ours, [], 1_300);
}

test('a press goes from sending over waiting and stored to the end of its action', () => {
  const waiting = accepted(sending);
  expect([sending.step, waiting.step, stored().step]).toEqual(['sending', 'waiting', 'stored']);
  const ended = withRun(stored(), run('r', 'c'), 1_450);
  expect(ended).toMatchObject({ step: 'succeeded', storedAfterMs: 300, endedAfterMs: 450 });
  expect([sending, waiting, stored(), ended].map(isBusy)).toEqual([true, true, false, false]);
});

test('a click may arrive before the answer to the request', () => {
  expect(accepted(withClick(sending, ours, [], 1_100)).step).toBe('stored');
});

test('runs that came before their click count', () => {
  expect(withClick(sending, ours, [run('r', 'c')], 1_100).step).toBe('succeeded');
});

test.each([{ thing: 'workshop' }, { button: 'green' }, { clickType: 'LONG' as const }])(
  'a click with %o is not taken for this press',
  (change) => {
    expect(withClick(sending, click('c', 0, change), [], 1_100)).toBe(sending);
  },
);

test('a later click and the runs of others change nothing', () => {
  const press = stored();
  expect(withClick(press, click('d', 0), [], 2_000)).toBe(press);
  expect(withRun(press, run('r', 'd'), 2_000)).toBe(press);
});

test('with several actions, one failure makes the outcome and all must have ended', () => {
  const failed = run('r1', 'c', { state: 'FAILED', error: 'No lamp.' });
  const half = withRun(withRun(stored(), failed, 1_400), run('r2', 'c', { state: 'RUNNING' }), 1_500);
  expect(half.step).toBe('running');
  expect(withRun(half, run('r2', 'c'), 1_600)).toMatchObject({ step: 'failed', sentence: 'No lamp.' });
});

test('a failed run that is tried again can still succeed', () => {
  const failed = withRun(stored(), run('r', 'c', { state: 'FAILED', error: 'No lamp.' }), 1_400);
  const again = withRun(failed, run('r', 'c', { state: 'RUNNING', attempt: 2 }), 1_500);
  expect(again).toMatchObject({ step: 'running', sentence: null });
  expect(withRun(again, run('r', 'c', { attempt: 2 }), 1_600).step).toBe('succeeded');
});

test('without a click the device counts as silent, and a late click still counts', () => {
  const waiting = accepted(sending);
  expect(withTime(waiting, 1_000 + silentAfterMs - 1)).toBe(waiting);
  const silent = withTime(waiting, 1_000 + silentAfterMs);
  expect(silent.step).toBe('silent');
  expect(withClick(silent, ours, [], 60_000)).toMatchObject({ step: 'stored', sentence: null });
});

test('without a run there is no action, and a late run still counts', () => {
  const none = withTime(stored(), 1_300 + withoutActionAfterMs);
  expect(none.step).toBe('without-action');
  expect(withRun(none, run('r', 'c'), 9_000).step).toBe('succeeded');
});

test('a refusal ends the press, unless the click has come nevertheless', () => {
  expect(refused(sending, 'No.')).toMatchObject({ step: 'refused', sentence: 'No.' });
  const press = stored();
  expect(refused(press, 'No.')).toBe(press);
});
