/** One backup of a job: hooks before, the backup itself, hooks after, whatever became of the rest. */
import { join } from 'node:path';
import { countOf } from '../../core/count.js';
import type { Logger } from '../../core/log.js';
import { backup } from '../commands/backup.js';
import type { BackupEvent, BackupOptions, BackupResult } from '../commands/backup-types.js';
import type { Repository } from '../repository/repository.js';
import { runHooks } from './hooks.js';
import { withJobRepository } from './job-access.js';
import { keepLocked } from './job-locks.js';
import { forgetOld } from './job-retention.js';
import { selectionOf } from './job-selection.js';
import { failedEnd, type RunContext, type RunEnd, sentenceOf } from './run-context.js';
import { noCounts } from './run-record.js';
import { openCommandStream } from './stdin-command.js';

/** When the gateway stops, nobody waits longer for an `after` hook. */
const lastHookMs = 5_000;

export async function runBackup(context: RunContext): Promise<RunEnd> {
  const end = await backUp(context).catch((error: unknown) => {
    context.log.error('backup failed', { error });
    return failedEnd(error, context, noCounts);
  });
  return await afterwards(context, end);
}

/** @throws COMMAND_FAILED of a `before` hook, and the backup's errors. */
async function backUp(context: RunContext): Promise<RunEnd> {
  const { job, signal, clock, onHook } = context;
  const facts = factsOf(context);
  const failure = await runHooks({
    when: 'before',
    hooks: job.before,
    facts,
    clock,
    signal,
    onEnd: onHook,
  });
  if (failure !== undefined) throw failure;
  return await withJobRepository(context.access, context, async (repository) => {
    const result = await storeSources(context, repository);
    context.log.info('backup ended', { snapshot: result.summary.snapshot_id ?? null });
    return await withLocks(repository, context, await withRetention(repository, context, endOf(result)));
  });
}

/** What cannot be forgotten today is forgotten after the next run; the snapshot is there all the same. */
async function withRetention(repository: Repository, context: RunContext, end: RunEnd): Promise<RunEnd> {
  if (context.job.keep === undefined || end.state !== 'SUCCEEDED') return end;
  try {
    return { ...end, note: await forgetOld(repository, context.job.keep, context) };
  } catch (error) {
    context.log.error('old snapshots could not be forgotten', { error });
    return { ...end, state: 'PARTIAL', error: `Old snapshots could not be forgotten. ${sentenceOf(error)}` };
  }
}

/** As with retention: the snapshot is there all the same. */
async function withLocks(repository: Repository, context: RunContext, end: RunEnd): Promise<RunEnd> {
  if (end.state !== 'SUCCEEDED') return end;
  try {
    const done = await keepLocked(repository, context);
    return done === undefined ? end : { ...end, note: end.note === null ? done : `${end.note}; ${done}` };
  } catch (error) {
    context.log.error('locks could not be extended', { error });
    return { ...end, state: 'PARTIAL', error: `Locks could not be extended. ${sentenceOf(error)}` };
  }
}

async function afterwards(context: RunContext, end: RunEnd): Promise<RunEnd> {
  const { job, clock, signal, onHook } = context;
  const failure = await runHooks({
    when: 'after',
    hooks: job.after,
    facts: {
      ...factsOf(context),
      GATEHOUSE_STATE: end.state,
      GATEHOUSE_SNAPSHOT: end.snapshotId ?? '',
      GATEHOUSE_ERROR: end.error ?? '',
    },
    clock,
    onEnd: onHook,
    ...(signal.aborted ? { mostMs: lastHookMs } : {}),
  });
  if (failure === undefined || end.state !== 'SUCCEEDED') return end;
  return { ...end, state: 'PARTIAL', error: sentenceOf(failure) };
}

async function storeSources(context: RunContext, repository: Repository): Promise<BackupResult> {
  const { job, clock, signal, onHook } = context;
  const onEvent = (event: BackupEvent) => {
    context.progress.take(event);
    logEvent(context.log, event);
  };
  if (job.stdinCommand === undefined) {
    return await backup(repository, { ...(await optionsOf(context)), paths: job.paths }, onEvent);
  }
  const options = await optionsOf(context);
  const source = await openCommandStream(job.stdinCommand, { facts: factsOf(context), clock, signal });
  const startedMs = clock.monotonicMs();
  let error: string | null = null;
  try {
    const stdin = { stream: source.stream, fileName: job.stdinCommand.fileName };
    return await backup(repository, { ...options, paths: [], stdin }, onEvent);
  } catch (thrown) {
    error = sentenceOf(thrown);
    throw thrown;
  } finally {
    await source.close();
    onHook({
      when: 'source',
      program: job.stdinCommand.command[0] ?? '',
      exitCode: error === null ? 0 : null,
      durationMs: clock.monotonicMs() - startedMs,
      output: source.stderrText(),
      error,
    });
  }
}

async function optionsOf(context: RunContext): Promise<Omit<BackupOptions, 'paths'>> {
  const { job, access, clock, version, signal, log } = context;
  const named = job.host === undefined ? {} : { host: job.host };
  const memoryFolder = join(access.dataDir, 'cache');
  const selection = await selectionOf(job);
  const journalTurn = await access.journals?.begin(job, selection, log);
  return { ...selection, journalTurn, tags: job.tags, ...named, memoryFolder, clock, version, signal };
}

function factsOf({ job, runId }: RunContext): Record<string, string> {
  return { GATEHOUSE_JOB: job.name, GATEHOUSE_RUN_ID: runId, GATEHOUSE_REPOSITORY: job.repository };
}

function endOf({ summary, errorCount }: BackupResult): RunEnd {
  return {
    state: errorCount === 0 ? 'SUCCEEDED' : 'PARTIAL',
    snapshotId: summary.snapshot_id ?? null,
    counts: {
      ...noCounts,
      filesNew: summary.files_new,
      filesChanged: summary.files_changed,
      filesUnmodified: summary.files_unmodified,
      bytesProcessed: summary.total_bytes_processed,
      bytesNew: summary.data_added,
      bytesAdded: summary.data_added_packed,
      errors: errorCount,
    },
    error:
      errorCount === 0
        ? null
        : `${countOf(errorCount, 'file or folder', 'files or folders')} could not be read.`,
    note: null,
    isPassing: false,
  };
}

function logEvent(log: Logger, event: BackupEvent): void {
  if (event.type === 'error') log.warn('not backed up', { path: event.path, error: event.error });
  else if (event.type === 'warning') log.warn(event.message, { path: event.path });
}
