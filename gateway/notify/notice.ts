/** What people are told about a job, as data and as text. */
import { countOf } from '../../core/count.js';
import type { JobRunView } from '../control/control.js';

export type NoticeKind = 'failed' | 'partial' | 'reminder' | 'recovered' | 'stale' | 'damaged';

export interface Notice {
  /** The same in every attempt to deliver it. */
  readonly id: string;
  readonly kind: NoticeKind;
  readonly job: string;
  /** Host name of the machine that is backed up. */
  readonly host: string;
  /** ISO 8601. */
  readonly at: string;
  /** When the trouble began; null when there is none. */
  readonly sinceAt: string | null;
  /** Runs that went wrong in a row. */
  readonly failures: number;
  /** One sentence. */
  readonly message: string;
  /** The run that it is about, without its hooks' output; null for a job that does not run. */
  readonly run: Omit<JobRunView, 'hooks'> | null;
}

/** For the subject of an e-mail. */
export function subjectOf({ job, host, kind }: Notice): string {
  const words: Record<NoticeKind, string> = {
    failed: 'backup failed',
    partial: 'backup only partly done',
    reminder: 'backup still fails',
    recovered: 'backup works again',
    stale: 'no backup for too long',
    damaged: 'REPOSITORY DAMAGED',
  };
  return `[${host}] ${job}: ${words[kind]}`;
}

export function textOf(notice: Notice): string {
  const { run, sinceAt, failures } = notice;
  const lines = [notice.message, '', `Job: ${notice.job} on ${notice.host}`];
  if (sinceAt !== null) lines.push(`Trouble since: ${sinceAt} (${countOf(failures, 'run')} in a row)`);
  if (run !== null) {
    lines.push(`Run: ${run.id}, ${run.kind}, begun ${run.startedAt}, ended ${run.endedAt ?? 'not yet'}`);
    if (run.snapshotId !== null) lines.push(`Snapshot: ${run.snapshotId}`);
  }
  lines.push('', `More: gatehouse jobs history ${notice.job}`, '');
  return lines.join('\n');
}
