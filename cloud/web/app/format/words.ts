/** Clicks, runs and backups as sentences. */
import type { ClickView, RunSource, RunView } from '../../../../core/wire/api.js';
import type { BackupReport } from '../../../../core/wire/backups.js';
import type { ClickType } from '../../../../core/wire/messages.js';
import { countOf, sizeText } from './counts.js';
import { durationText, relativeTime, timeSince } from './time.js';

export const clickWords: Record<ClickType, string> = {
  SINGLE: 'Single press',
  DOUBLE: 'Double press',
  LONG: 'Long press',
};

export const runWords: Record<RunView['state'], string> = {
  PENDING: 'Waiting',
  RUNNING: 'Running',
  SUCCEEDED: 'Succeeded',
  FAILED: 'Failed',
};

/** What caused a run, where it was no press. */
export const causeWords: Record<RunSource['kind'], string> = {
  click: 'Press',
  health: 'Health',
  alarm: 'Alarm',
  workflow: 'Workflow',
  manual: 'Started by hand',
};

export const backupWords: Record<BackupReport['state'], string> = {
  RUNNING: 'Running',
  SUCCEEDED: 'Up to date',
  PARTIAL: 'Partly done',
  FAILED: 'Failed',
};

export function clickSentence(click: ClickView): string {
  return `${clickWords[click.clickType]} on ${click.thing}.`;
}

export function runSentence(run: RunView): string {
  const took = run.durationMs === null ? '' : ` after ${durationText(run.durationMs)}`;
  if (run.state === 'FAILED') return `${run.functionName} failed${took}. ${run.error ?? ''}`.trimEnd();
  return `${run.functionName} succeeded${took}.`;
}

/** `12 minutes ago, 1,204 files, 3.1 MB added`. */
export function backupResult(report: BackupReport, nowMs: number, locale?: string): string {
  if (report.state === 'RUNNING') {
    return `started ${timeSince(Date.parse(report.startedAt), nowMs, locale)}`;
  }
  const endedMs = Date.parse(report.endedAt ?? report.startedAt);
  const when = timeSince(endedMs, nowMs, locale);
  if (report.state === 'FAILED') return `failed ${when}`;
  const files = report.filesNew + report.filesChanged + report.filesUnmodified;
  return `${when}, ${countOf(files, 'file', 'files', locale)}, ${sizeText(report.bytesAdded, locale)} added`;
}

/** `Next run in 3 hours`, or that it is late. */
export function nextRunText(report: BackupReport, nowMs: number, locale?: string): string {
  if (report.nextRunAt === null) return 'No next run is planned';
  const nextMs = Date.parse(report.nextRunAt);
  const when = relativeTime(nextMs, nowMs, locale);
  // A minute of grace: a run reports itself only once it is under way.
  return nextMs < nowMs - 60_000 ? `Next run was due ${when}` : `Next run ${when}`;
}

/** `3 new, 2 changed, 1,199 unchanged`; what is zero is left out. */
export function backupDetail(report: BackupReport, locale?: string): string {
  const parts: [number, string][] = [
    [report.filesNew, 'new'],
    [report.filesChanged, 'changed'],
    [report.filesUnmodified, 'unchanged'],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, word]) => countOf(count, word, word, locale))
    .join(', ');
}

/** `Data verified 2 hours ago, part 3/30`, or that it is damaged; undefined when it was never looked at. */
export function verificationText(report: BackupReport, nowMs: number, locale?: string): string | undefined {
  const { verification } = report;
  if (verification === undefined) return undefined;
  const when = timeSince(Date.parse(verification.endedAt), nowMs, locale);
  const what = verification.isSound ? 'Data verified' : 'Damaged data found';
  return `${what} ${when}, part ${verification.part}`;
}

/** The newest run, of any job, that stored something. */
export function lastBackupMs(reports: readonly BackupReport[]): number | undefined {
  const ended = reports
    .filter((report) => report.state === 'SUCCEEDED' || report.state === 'PARTIAL')
    .map((report) => Date.parse(report.endedAt ?? report.startedAt));
  return ended.length === 0 ? undefined : Math.max(...ended);
}

export function capitalized(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
