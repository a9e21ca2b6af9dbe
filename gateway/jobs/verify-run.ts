/**
 * Proves a job's repository and reads a part of its data back, the next part each time, until after
 * n runs all of it was read. A part whose run did not end is read again.
 */
import { check } from '../commands/check.js';
import { damageFound } from './errors.js';
import type { RunHistory } from './history.js';
import { withJobRepository } from './job-access.js';
import { failedEnd, type RunContext, type RunEnd, sentenceOf } from './run-context.js';
import { noCounts } from './run-record.js';

const markName = 'verified-parts';

export async function runVerify(context: RunContext, history: RunHistory): Promise<RunEnd> {
  const { job, signal, log } = context;
  const parts = Number(job.verify?.part.split('/')[1] ?? 1);
  const done = Number((await history.mark(job.name, markName)) ?? 0);
  const part = `${(done % parts) + 1}/${parts}`;
  try {
    const { summary, isSound } = await withJobRepository(context.access, context, (repository) =>
      check(repository, { readDataSubset: part, signal }),
    );
    await history.setMark(job.name, markName, String(done + 1));
    const damage = damageFound(summary.num_errors, part);
    if (!isSound) log.error('verification found damage', { error: damage });
    return {
      state: isSound ? 'SUCCEEDED' : 'FAILED',
      snapshotId: null,
      counts: { ...noCounts, errors: summary.num_errors },
      error: isSound ? null : sentenceOf(damage),
      note: part,
      isPassing: false,
    };
  } catch (error) {
    log.error('verification could not be done', { error });
    return { ...failedEnd(error, context, noCounts), note: part };
  }
}
