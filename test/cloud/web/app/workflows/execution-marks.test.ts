import { expect, test } from 'vitest';
import { failedStates, marksOf } from '../../../../../cloud/web/app/workflows/execution-marks.js';
import type { ExecutionView } from '../../../../../core/wire/workflows.js';
import { execution } from '../../canned-data.js';

function ended(state: ExecutionView['state'], ...events: string[]): ExecutionView {
  const history = events.map((event, n) => {
    const [type = '', path = ''] = event.split(' ');
    return { n, time: '2026-01-01T00:00:00.000Z', type, state: path, detail: {} };
  });
  return execution(0, { state, at: [], history });
}

function kindsOf(view: ExecutionView): Record<string, string> {
  return Object.fromEntries([...marksOf(view)].map(([path, { kind }]) => [path, kind]));
}

test('what was left is done, and where it stands says what it waits for', () => {
  const at = [{ state: 'B', since: '', waitsFor: 'time' as const, until: null }];
  const running = { ...ended('RUNNING', 'StateEntered A', 'StateExited A', 'StateEntered B'), at };
  expect(kindsOf(running)).toEqual({ A: 'done', B: 'now' });
  expect(marksOf(running).get('B')?.text).toBe('waits');
});

test('a branch that fails takes its parallel state along; its neighbours are cut off', () => {
  const failed = ended(
    'FAILED',
    'StateEntered Both',
    'StateEntered Both/0/Ring',
    'StateEntered Both/1/Rest',
    'TaskFailed Both/0/Ring',
    'ExecutionFailed',
  );
  expect(kindsOf(failed)).toEqual({ Both: 'failed', 'Both/0/Ring': 'failed', 'Both/1/Rest': 'cut' });
  expect(failedStates(marksOf(failed))).toEqual(['Ring']);
});

test('an error that was caught failed nothing', () => {
  const caught = ended(
    'SUCCEEDED',
    'StateEntered A',
    'TaskFailed A',
    'ErrorCaught A',
    'StateEntered Sorry',
    'StateExited Sorry',
    'ExecutionSucceeded',
  );
  expect(kindsOf(caught)).toEqual({ A: 'caught', Sorry: 'done' });
});

test('a state that is reached again counts as it is now', () => {
  const again = ended('FAILED', 'StateEntered A', 'StateExited A', 'StateEntered A', 'ExecutionFailed');
  expect(kindsOf(again)).toEqual({ A: 'failed' });
});

test('a history that was cut short accuses nobody', () => {
  expect(kindsOf(ended('FAILED', 'StateEntered A'))).toEqual({ A: 'cut' });
});
