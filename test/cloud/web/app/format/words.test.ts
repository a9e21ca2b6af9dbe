import { expect, test } from 'vitest';
import {
  backupDetail,
  backupResult,
  lastBackupMs,
  nextRunText,
  runSentence,
} from '../../../../../cloud/web/app/format/words.js';
import { iso, minuteMs, report, run } from '../../canned-data.js';

const now = Date.UTC(2026, 2, 18, 12);

test('a backup that succeeded says when, how many files and how much was added', () => {
  const text = backupResult(report('photos', 'r', now - 12 * minuteMs), now, 'en');
  expect(text).toBe('12 minutes ago, 1,204 files, 3.1 MB added');
});

test('a backup that failed names no files, one that runs says since when', () => {
  const failed = report('photos', 'r', now - 5 * minuteMs, { state: 'FAILED' });
  expect(backupResult(failed, now, 'en')).toBe('failed 5 minutes ago');
  const running = report('photos', 'r', now, {
    state: 'RUNNING',
    endedAt: null,
    startedAt: iso(now - 2 * minuteMs),
  });
  expect(backupResult(running, now, 'en')).toBe('started 2 minutes ago');
});

test('a next run is announced, and called late once it is', () => {
  const at = (nextRunAt: string | null) => nextRunText(report('photos', 'r', now, { nextRunAt }), now, 'en');
  expect(at(iso(now + 30 * minuteMs))).toBe('Next run in 30 minutes');
  expect(at(iso(now - 30 * minuteMs))).toBe('Next run was due 30 minutes ago');
  expect(at(null)).toBe('No next run is planned');
});

test('the detail leaves out what is zero', () => {
  expect(backupDetail(report('photos', 'r', now, { filesChanged: 0 }), 'en')).toBe('3 new, 1,199 unchanged');
});

test('the last backup is the newest that stored something', () => {
  const reports = [
    report('a', '1', now - 3 * minuteMs, { state: 'FAILED' }),
    report('a', '2', now - 9 * minuteMs),
    report('b', '3', now - 6 * minuteMs, { state: 'PARTIAL' }),
  ];
  expect(lastBackupMs(reports)).toBe(now - 6 * minuteMs);
  expect(lastBackupMs([])).toBeUndefined();
});

test('a run that failed is announced with its error', () => {
  const sentence = runSentence(run('r', 'c', { state: 'FAILED', error: 'No lamp.', durationMs: 40 }));
  expect(sentence).toBe('send-mail failed after 40 ms. No lamp.');
});
