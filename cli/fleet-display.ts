/** How jobs look on a terminal, and whom an option names. */
import { GatehouseError } from '../core/errors.js';
import type { JobView } from '../core/wire/jobs.js';
import { formatTable } from './terminal.js';

/** @throws TARGETS_MISSING */
export function targetsOf({ things, all }: { things?: string; all?: boolean }): 'all' | string[] {
  if (all) return 'all';
  const names = (things ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length > 0) return names;
  throw new GatehouseError('TARGETS_MISSING', 'No device is named.', {
    hint: 'Name some with --things a,b or take --all.',
  });
}

export function jobRows(jobs: readonly JobView[]): string[][] {
  const rows = jobs.map((job) => [job.id, job.status, progressOf(job), job.createdAt, job.description]);
  return [['JOB', 'STATUS', 'DEVICES', 'CREATED', 'DESCRIPTION'], ...rows];
}

export function describeJob(job: JobView): string[] {
  const reason = job.reason === null ? '' : `: ${job.reason}`;
  const rows = (job.executions ?? []).map((execution) => [
    execution.thing,
    execution.status,
    execution.updatedAt,
    Object.entries(execution.statusDetails)
      .map(([key, value]) => `${key}: ${value}`)
      .join('; '),
  ]);
  return [
    `${job.id}: ${job.status}${reason}`,
    `${progressOf(job)}; made ${job.createdAt}${job.endedAt === null ? '' : `, ended ${job.endedAt}`}`,
    '',
    ...formatTable([['DEVICE', 'STATUS', 'SINCE', 'DETAILS'], ...rows]),
  ];
}

function progressOf({ counts }: JobView): string {
  return Object.entries(counts)
    .map(([status, n]) => `${n} ${status.toLowerCase().replace('_', ' ')}`)
    .join(', ');
}
