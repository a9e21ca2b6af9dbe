import { expect, test } from 'vitest';
import { toRunColumns } from '../../../../../cloud/web/app/charts/run-columns.js';
import { progressDetail, progressPercent } from '../../../../../cloud/web/app/format/progress.js';
import { verificationText } from '../../../../../cloud/web/app/format/words.js';
import { iso, minuteMs, progress, report } from '../../canned-data.js';

const now = Date.UTC(2026, 2, 18, 12);

test('a backup that runs says how far it is and when it will end', () => {
  const known = progress(now);
  expect(progressPercent(known)).toBe(42);
  expect(progressDetail(known, now, 'en')).toBe(
    '42 %, 504 of 1,204 files, 3.4 GB at 80 MB/s, 1.2 GB new, 300 MB sent at 1.9 MB/s, 2 errors, about 4 min left',
  );
});

test('what is not known is left out', () => {
  const unknown = progress(now, {
    filesTotal: null,
    bytesTotal: null,
    bytesNew: null,
    bytesSent: null,
    readPerSecond: null,
    endsAt: null,
    errors: 0,
  });
  expect(progressPercent(unknown)).toBeUndefined();
  expect(progressDetail(unknown, now, 'en')).toBe('504 files, 3.4 GB');
});

test('a verification says when and which part, and whether it found damage', () => {
  const verified = { endedAt: iso(now - 60 * minuteMs), isSound: true, part: '3/30' };
  const of = (isSound: boolean) =>
    verificationText(report('a', '1', now, { verification: { ...verified, isSound } }), now, 'en');
  expect(of(true)).toBe('Data verified 1 hour ago, part 3/30');
  expect(of(false)).toBe('Damaged data found 1 hour ago, part 3/30');
  expect(verificationText(report('a', '1', now), now)).toBeUndefined();
});

test('the columns of runs are oldest first, without runs that go on, and with no size of a failed one', () => {
  const history = [
    report('a', '3', now, { state: 'RUNNING', endedAt: null }),
    report('a', '2', now - minuteMs, { state: 'FAILED' }),
    report('a', '1', now - 2 * minuteMs),
  ];
  const begun = (now - 2 * minuteMs - 42_000) / 1_000;
  expect(toRunColumns(history)).toEqual([
    [begun, begun + 60],
    [42, 42],
    [3_100_000, null],
  ]);
});
