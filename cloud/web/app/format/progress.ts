/** How far a backup is, in words. */
import type { BackupProgressReport } from '../../../../core/wire/backups.js';
import { countOf, countText, sizeText } from './counts.js';
import { durationText } from './time.js';

/** Whole percent, 0 to 100; undefined while the total is being counted. */
export function progressPercent({ bytesDone, bytesTotal }: BackupProgressReport): number | undefined {
  if (bytesTotal === null || bytesTotal <= 0) return undefined;
  return Math.min(100, Math.floor((bytesDone / bytesTotal) * 100));
}

/** `42 %, 120 of 300 files, 1.2 GB at 80 MB/s, 300 MB sent at 1.9 MB/s, 4 min left`. */
export function progressDetail(progress: BackupProgressReport, nowMs: number, locale?: string): string {
  const { filesDone, filesTotal, bytesDone, bytesNew, bytesSent, errors, endsAt } = progress;
  const percent = progressPercent(progress);
  const rate = (perSecond: number | null) =>
    perSecond === null ? '' : ` at ${sizeText(perSecond, locale)}/s`;
  const files =
    filesTotal === null
      ? countOf(filesDone, 'file', 'files', locale)
      : `${countText(filesDone, locale)} of ${countOf(filesTotal, 'file', 'files', locale)}`;
  const parts = [
    ...(percent === undefined ? [] : [`${percent} %`]),
    files,
    `${sizeText(bytesDone, locale)}${rate(progress.readPerSecond)}`,
    ...(bytesNew === null ? [] : [`${sizeText(bytesNew, locale)} new`]),
    ...(bytesSent === null ? [] : [`${sizeText(bytesSent, locale)} sent${rate(progress.sendPerSecond)}`]),
    ...(errors === 0 ? [] : [countOf(errors, 'error', 'errors', locale)]),
    ...(endsAt === null ? [] : [leftText(Date.parse(endsAt) - nowMs, locale)]),
  ];
  return parts.join(', ');
}

function leftText(leftMs: number, locale?: string): string {
  // Seconds are noise where an estimate is concerned.
  const rounded =
    leftMs < 60_000 ? Math.ceil(Math.max(0, leftMs) / 5_000) * 5_000 : Math.ceil(leftMs / 60_000) * 60_000;
  return rounded === 0 ? 'nearly done' : `about ${durationText(rounded, locale)} left`;
}
