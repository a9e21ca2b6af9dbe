import { expect, test } from 'vitest';
import { documentText, partsOf, wavesOf } from '../../../../../cloud/web/app/jobs/job-progress.js';
import type { JobView } from '../../../../../core/wire/jobs.js';

function job(counts: JobView['counts'], waves?: JobView['rollout']['waves']) {
  const rollout = { maximumPerMinute: 1_000, ...(waves !== undefined && { waves }) };
  return { status: 'IN_PROGRESS', counts, rollout } as const;
}

test('statuses are put together as people ask for them, in the order of the bar', () => {
  const counts = {
    WAITING: 1_200,
    TIMED_OUT: 1,
    REJECTED: 2,
    FAILED: 3,
    SUCCEEDED: 4,
    QUEUED: 5,
    CANCELED: 6,
  };
  expect(partsOf(job(counts)).map(({ group, count }) => [group, count])).toEqual([
    ['succeeded', 4],
    ['failed', 6],
    ['queued', 5],
    ['waiting', 1_200],
    ['left', 6],
  ]);
});

test('a wave is done when all of it have ended, and the next one is not begun before', () => {
  const first = wavesOf(job({ IN_PROGRESS: 1, WAITING: 9 }, [1, '50%', '100%']));
  expect(first.map(({ state, text }) => [state, text])).toEqual([
    ['now', '0 of 1 ended'],
    ['next', '4 devices'],
    ['next', '5 devices'],
  ]);
  const second = wavesOf(job({ SUCCEEDED: 2, FAILED: 1, QUEUED: 2, WAITING: 5 }, [1, '50%', '100%']));
  expect(second.map(({ state, text }) => [state, text])).toEqual([
    ['done', '1 device'],
    ['now', '2 of 4 ended'],
    ['next', '5 devices'],
  ]);
});

test('a job that goes to all at once, or is over, has no waves to show', () => {
  expect(wavesOf(job({ QUEUED: 2 }))).toEqual([]);
  expect(wavesOf({ ...job({ SUCCEEDED: 2 }, [1, 2]), status: 'COMPLETED' })).toEqual([]);
});

test.each([
  [{ operation: 'update', release: { version: '1.2.3' } }, 'Update to 1.2.3'],
  [{ operation: 'say', text: 'hello' }, 'Operation say'],
  [{ steps: [] }, 'A document of its own'],
])('the document %j is told as "%s"', (document, text) => {
  expect(documentText({ document })).toBe(text);
});
