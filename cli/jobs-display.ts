/** Shows jobs, their runs and how far a run is. */
import { countOf } from '../core/count.js';
import type { BackupProgressReport } from '../core/wire/backups.js';
import type { JobRunView, JobStatus } from '../gateway/control/control.js';
import { formatBytes, formatDuration, formatTable, progressBar, type Terminal } from './terminal.js';

export function showJobs(terminal: Terminal, jobs: readonly JobStatus[]): void {
  if (terminal.json) {
    terminal.printJson(jobs);
    return;
  }
  if (jobs.length === 0) terminal.note('The configuration has no jobs.');
  const rows = jobs.map((job) => [
    job.job,
    job.state,
    job.when,
    job.last === null ? 'never' : `${localTime(job.last.endedAt)} ${job.last.state}`,
    nextText(job),
    job.sources.join(', '),
  ]);
  if (rows.length === 0) return;
  for (const line of formatTable([['JOB', 'STATE', 'WHEN', 'LAST RUN', 'NEXT RUN', 'SOURCES'], ...rows])) {
    terminal.print(line);
  }
}

export function showStatus(terminal: Terminal, job: JobStatus, nowMs: number): void {
  if (terminal.json) {
    terminal.printJson(job);
    return;
  }
  const lines: (readonly [string, string])[] = [
    ['State:', job.pausedUntil === null ? job.state : `${job.state} until ${untilText(job.pausedUntil)}`],
    ['Sources:', job.sources.join(', ')],
    ['Repository:', job.repository],
    ['When:', job.when],
    ['Next run:', nextText(job)],
    ['Last run:', job.last === null ? 'never' : runSentence(job.last)],
    ['Last success:', `${localTime(job.lastSuccessAt)}${job.isStale ? '  (too long ago)' : ''}`],
    ...verificationLine(job),
  ];
  terminal.print(terminal.style('bold', job.job));
  for (const line of formatTable(lines)) terminal.print(`  ${line}`);
  if (job.running !== null) terminal.print(`  ${progressText(job.running.progress, nowMs)}`);
}

function verificationLine({ verification }: JobStatus): [string, string][] {
  if (verification === null) return [];
  const result = verification.isSound ? 'sound' : 'DAMAGED';
  return [['Verified:', `${localTime(verification.endedAt)}, part ${verification.part}, ${result}`]];
}

export function showHistory(terminal: Terminal, runs: readonly JobRunView[]): void {
  if (terminal.json) {
    terminal.printJson(runs);
    return;
  }
  if (runs.length === 0) terminal.note('No run is in the history.');
  const rows = runs.map((run) => [
    localTime(run.startedAt),
    run.job,
    run.kind,
    run.state,
    durationOf(run),
    run.kind === 'backup' ? formatBytes(run.bytesAdded) : '',
    run.snapshotId?.slice(0, 8) ?? '',
    run.error ?? run.note ?? '',
  ]);
  if (rows.length === 0) return;
  const heading = ['BEGUN', 'JOB', 'KIND', 'STATE', 'TOOK', 'ADDED', 'SNAPSHOT', 'REMARK'];
  for (const line of formatTable([heading, ...rows])) terminal.print(line);
}

/** The end of a run that was waited for. */
export function showEnd(terminal: Terminal, run: JobRunView): void {
  terminal.endProgress();
  if (terminal.json) {
    terminal.printJson({ message_type: 'run', ...run });
    return;
  }
  terminal.print(runSentence(run));
  for (const { when, program, error, output } of run.hooks) {
    if (error === null) continue;
    terminal.note(`${when === 'source' ? 'source' : `hook ${when}`} ${program}: ${error}`);
    if (output.trim() !== '') terminal.note(output.trimEnd());
  }
}

export function showProgress(terminal: Terminal, status: JobStatus, nowMs: number): void {
  if (terminal.json) {
    terminal.printJson({
      message_type: 'progress',
      job: status.job,
      state: status.state,
      runId: status.running?.run.id ?? null,
      progress: status.running?.progress ?? null,
    });
    return;
  }
  if (status.state === 'waiting') terminal.progress('waiting for another run at the same repository');
  else if (status.running !== null) terminal.progress(progressText(status.running.progress, nowMs));
}

/** `████░░ 42 %  120 files  1.2 GiB read  80 MiB/s  300 MiB sent  1.9 MiB/s  ends in 4:05`. */
export function progressText(progress: BackupProgressReport | null, nowMs: number): string {
  if (progress === null) return 'getting ready';
  const { bytesTotal, bytesDone, endsAt } = progress;
  const bar =
    bytesTotal === null || bytesTotal === 0
      ? []
      : [`${progressBar(bytesDone / bytesTotal)} ${Math.floor((bytesDone / bytesTotal) * 100)} %`];
  const parts = [
    ...bar,
    filesText(progress),
    `${formatBytes(bytesDone)}${rateText(progress.readPerSecond)}`,
    ...amount('new', progress.bytesNew),
    ...amount('compressed', progress.bytesCompressed),
    ...(progress.bytesSent === null
      ? []
      : [`${formatBytes(progress.bytesSent)} sent${rateText(progress.sendPerSecond)}`]),
    ...(progress.errors === 0 ? [] : [countOf(progress.errors, 'error')]),
    ...(endsAt === null ? [] : [`${formatDuration(Math.max(0, Date.parse(endsAt) - nowMs))} left`]),
  ];
  return parts.join('  ');
}

function filesText({ filesDone, filesTotal }: BackupProgressReport): string {
  return filesTotal === null ? countOf(filesDone, 'file') : `${filesDone} of ${countOf(filesTotal, 'file')}`;
}

function amount(word: string, bytes: number | null): string[] {
  return bytes === null ? [] : [`${formatBytes(bytes)} ${word}`];
}

function rateText(perSecond: number | null): string {
  return perSecond === null ? '' : ` at ${formatBytes(perSecond)}/s`;
}

function runSentence(run: JobRunView): string {
  const when = run.endedAt === null ? `begun ${localTime(run.startedAt)}` : localTime(run.endedAt);
  const parts = [`${run.state} ${when} after ${durationOf(run)}`];
  if (run.kind === 'backup') {
    const { filesNew, filesChanged, filesUnmodified } = run;
    parts.push(`${filesNew} new, ${filesChanged} changed, ${countOf(filesUnmodified, 'unmodified file')}`);
    parts.push(`${formatBytes(run.bytesAdded)} added`);
  }
  if (run.snapshotId !== null) parts.push(`snapshot ${run.snapshotId.slice(0, 8)}`);
  if (run.note !== null) parts.push(run.note);
  return `${parts.join('; ')}.${run.error === null ? '' : ` ${run.error}`}`;
}

function durationOf({ startedAt, endedAt }: JobRunView): string {
  return endedAt === null ? '' : formatDuration(Date.parse(endedAt) - Date.parse(startedAt));
}

function nextText({ state, nextRunAt }: JobStatus): string {
  if (state === 'running') return 'now';
  return nextRunAt === null ? 'none planned' : localTime(nextRunAt);
}

function untilText(until: string): string {
  return until === 'forever' ? 'it is resumed' : localTime(until);
}

/** `2026-01-02 03:04:05` in local time. */
function localTime(iso: string | null): string {
  return iso === null ? 'never' : new Date(iso).toLocaleString('sv-SE');
}
