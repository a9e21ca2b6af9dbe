/** How far a job is: its devices by group, its waves, and why it stopped. Pure. */
import { waveReach } from '../../../../core/waves.js';
import type { JobView } from '../../../../core/wire/jobs.js';
import { countOf, countText } from '../format/counts.js';

export type Group = 'succeeded' | 'running' | 'failed' | 'queued' | 'waiting' | 'left';
type Status = NonNullable<JobView['executions']>[number]['status'];

const groupOf: Readonly<Record<Status, Group>> = {
  SUCCEEDED: 'succeeded',
  IN_PROGRESS: 'running',
  FAILED: 'failed',
  REJECTED: 'failed',
  TIMED_OUT: 'failed',
  QUEUED: 'queued',
  WAITING: 'waiting',
  CANCELED: 'left',
  REMOVED: 'left',
};

export const statusWords: Readonly<Record<Status, string>> = {
  SUCCEEDED: 'Succeeded',
  IN_PROGRESS: 'In progress',
  FAILED: 'Failed',
  REJECTED: 'Rejected by the device',
  TIMED_OUT: 'Took too long',
  QUEUED: 'Queued',
  WAITING: 'Not reached yet',
  CANCELED: 'Cancelled',
  REMOVED: 'Left out',
};

const groupWords: Readonly<Record<Group, string>> = {
  succeeded: 'succeeded',
  running: 'in progress',
  failed: 'failed',
  queued: 'queued',
  waiting: 'not reached yet',
  left: 'left out',
};

export interface Part {
  readonly group: Group;
  readonly count: number;
  readonly text: string;
}

export function groupOfStatus(status: Status): Group {
  return groupOf[status];
}

/** Groups in the order of the bar; those without a device are left out. */
export function partsOf({ counts }: Pick<JobView, 'counts'>): Part[] {
  const sums = new Map<Group, number>();
  for (const [status, count] of Object.entries(counts)) {
    const group = groupOf[status as Status] ?? 'left';
    sums.set(group, (sums.get(group) ?? 0) + count);
  }
  return (Object.keys(groupWords) as Group[])
    .filter((group) => (sums.get(group) ?? 0) > 0)
    .map((group) => {
      const count = sums.get(group) ?? 0;
      return { group, count, text: `${countText(count)} ${groupWords[group]}` };
    });
}

export function deviceCount({ counts }: Pick<JobView, 'counts'>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

export interface WaveView {
  readonly title: string;
  readonly state: 'done' | 'now' | 'next';
  readonly text: string;
}

/** None for a job that goes to all at once, or that is over. */
export function wavesOf(job: Pick<JobView, 'counts' | 'rollout' | 'status'>): WaveView[] {
  const total = deviceCount(job);
  if (job.rollout.waves === undefined || job.status !== 'IN_PROGRESS' || total === 0) return [];
  const count = (status: Status) => job.counts[status] ?? 0;
  const reached = total - count('WAITING');
  const ended = reached - count('QUEUED') - count('IN_PROGRESS');
  let before = 0;
  return job.rollout.waves.map((wave, at) => {
    const reach = waveReach(wave, total);
    const state = ended >= reach ? 'done' : reached > before || at === 0 ? 'now' : 'next';
    const size = Math.max(0, reach - before);
    const done = Math.min(Math.max(0, ended - before), size);
    before = reach;
    const text = state === 'now' ? `${countText(done)} of ${countText(size)} ended` : countOf(size, 'device');
    return { title: `Wave ${at + 1}`, state, text };
  });
}

/** What the job does, as far as this page knows the operation. */
export function documentText({ document }: Pick<JobView, 'document'>): string {
  const { operation, release } = document as { operation?: unknown; release?: { version?: unknown } };
  if (operation === 'update' && typeof release?.version === 'string') return `Update to ${release.version}`;
  return typeof operation === 'string' ? `Operation ${operation}` : 'A document of its own';
}
