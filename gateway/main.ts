/**
 * The gateway: backs up this machine by schedule and reports every run. One instance per data
 * directory. Restoring and checking are commands run by hand, not this program's.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { GatehouseError, messageOf } from '../core/errors.js';
import { InstanceLock } from '../core/instance-lock.js';
import { type Closeable, type Lifetimes, opening } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { BackupReport } from '../core/wire/api.js';
import { backup } from './commands/backup.js';
import type { BackupEvent, BackupResult } from './commands/backup-types.js';
import type { GatewayConfig, JobConfig } from './config.js';
import { KnownRepositories } from './known-repositories.js';
import { openJobRepository, repositoryKey } from './open-repository.js';
import { Reporter } from './report.js';
import { type RunOutcome, Schedule } from './schedule/schedule.js';

export interface GatewayOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Of this program; goes into snapshots. */
  readonly version: string;
  /** Instead of the configuration's `report.url`; its token file stays. */
  readonly reportUrl?: string | undefined;
  /** S3 server and region for jobs that name none; the AWS environment variables unless told. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
}

export interface Gateway extends Closeable {
  /**
   * Runs a job now and resolves with its last report, also when it failed.
   * @throws JOB_UNKNOWN, JOB_RUNNING, SCHEDULE_CLOSED.
   */
  runNow(job: string): Promise<BackupReport>;
  /** ISO 8601. @throws JOB_UNKNOWN. */
  nextRunAt(job: string): string;
}

/** Jobs that are due begin at once. @throws ALREADY_RUNNING, CONFIG_INVALID and errors of the data directory. */
export function openGateway(config: GatewayConfig, options: GatewayOptions): Promise<Gateway> {
  return opening(async (lifetimes) => {
    lifetimes.add('instance lock', await InstanceLock.acquire(config.dataDir, 'gateway'));
    await rm(join(config.dataDir, 'tmp'), { recursive: true, force: true });
    const known = await KnownRepositories.open(join(config.dataDir, 'repositories.json'));
    const reporter = await openReporter(config, options);
    if (reporter !== undefined) lifetimes.add('reporter', reporter);
    const gateway = new ScheduledGateway({ config, options, known, reporter, lifetimes });
    await gateway.begin();
    return gateway;
  }, options.log);
}

async function openReporter(config: GatewayConfig, options: GatewayOptions): Promise<Reporter | undefined> {
  if (config.report === undefined) return undefined;
  const { clock, log } = options;
  return await Reporter.open({
    url: options.reportUrl ?? config.report.url,
    tokenFile: config.report.tokenFile,
    folder: join(config.dataDir, 'reports'),
    clock,
    log,
  });
}

interface Parts {
  readonly config: GatewayConfig;
  readonly options: GatewayOptions;
  readonly known: KnownRepositories;
  readonly reporter: Reporter | undefined;
  readonly lifetimes: Lifetimes;
}

class ScheduledGateway implements Gateway {
  readonly #parts: Parts;
  readonly #endpoint: string | undefined;
  readonly #region: string | undefined;
  readonly #lastReports = new Map<string, BackupReport>();
  /** Per repository: ends when nobody opens it. Two first runs must not both make it. */
  readonly #opening = new Map<string, Promise<unknown>>();
  #schedule: Schedule | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { env } = process;
    this.#endpoint = parts.options.endpoint ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
    this.#region = parts.options.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  }

  async begin(): Promise<void> {
    const { config, options, lifetimes } = this.#parts;
    const jobs = config.jobs.map((job) => ({
      name: job.name,
      every: job.every,
      run: (signal: AbortSignal) => this.#run(job, signal),
    }));
    const filePath = join(config.dataDir, 'schedule.json');
    const schedule = await Schedule.open({ jobs, filePath, clock: options.clock, log: options.log });
    this.#schedule = lifetimes.add('schedule', schedule);
  }

  async runNow(job: string): Promise<BackupReport> {
    await this.#requireSchedule().runNow(job);
    const report = this.#lastReports.get(job);
    if (report === undefined) throw new GatehouseError('JOB_FAILED', `The job "${job}" left no report.`);
    return report;
  }

  nextRunAt(job: string): string {
    return new Date(this.#requireSchedule().nextRunMs(job)).toISOString();
  }

  close(): Promise<void> {
    return this.#parts.lifetimes.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #requireSchedule(): Schedule {
    if (this.#schedule === undefined)
      throw new GatehouseError('SCHEDULE_CLOSED', 'The gateway has not begun.');
    return this.#schedule;
  }

  async #run(job: JobConfig, signal: AbortSignal): Promise<RunOutcome> {
    const log = this.#parts.options.log.with({ job: job.name });
    const begun = this.#begunReport(job);
    log.info('backup begins', { repository: begun.repository });
    await this.#report(job, begun);
    try {
      const result = await this.#backUp(job, log, signal);
      const ended = this.#ended(job, { ...begun, ...succeeded(result) });
      log.info('backup ended', {
        state: ended.state,
        snapshot: ended.snapshotId,
        bytesAdded: ended.bytesAdded,
      });
      await this.#report(job, ended);
      return 'done';
    } catch (error) {
      log.error('backup failed', { error });
      await this.#report(job, this.#ended(job, { ...begun, state: 'FAILED', error: sentenceOf(error) }));
      return isPassing(error) ? 'again' : 'done';
    }
  }

  async #backUp(job: JobConfig, log: Logger, signal: AbortSignal): Promise<BackupResult> {
    const { config, options } = this.#parts;
    const temporaryFolder = join(config.dataDir, 'tmp', job.name);
    await mkdir(temporaryFolder, { recursive: true, mode: 0o700 });
    try {
      const { repository, lifetimes } = await this.#openInTurn(job, { temporaryFolder, log, signal });
      try {
        const { clock, version } = options;
        const { paths, excludes } = job;
        const how = { paths, excludes, clock, version, signal, countFirst: false };
        return await backup(repository, how, (event) => logEvent(log, event));
      } finally {
        await lifetimes.close();
      }
    } finally {
      await rm(temporaryFolder, { recursive: true, force: true });
    }
  }

  #openInTurn(job: JobConfig, how: { temporaryFolder: string; log: Logger; signal: AbortSignal }) {
    const { known, options } = this.#parts;
    const key = repositoryKey(job, this.#endpoint);
    const before = this.#opening.get(key) ?? Promise.resolve();
    const place = { endpoint: this.#endpoint, region: this.#region };
    const opened = before.then(() =>
      openJobRepository({ job, known, clock: options.clock, ...place, ...how }),
    );
    this.#opening.set(
      key,
      opened.catch(() => {}),
    );
    return opened;
  }

  #begunReport(job: JobConfig): BackupReport {
    return {
      job: job.name,
      runId: randomUUID(),
      state: 'RUNNING',
      startedAt: this.#now(),
      endedAt: null,
      repository: job.repository,
      paths: [...job.paths],
      snapshotId: null,
      filesNew: 0,
      filesChanged: 0,
      filesUnmodified: 0,
      bytesProcessed: 0,
      bytesAdded: 0,
      error: null,
      nextRunAt: null,
    };
  }

  #ended(job: JobConfig, report: BackupReport): BackupReport {
    // The schedule is not there yet when a job ends before `begin` does.
    const nextRunMs = this.#schedule?.nextRunMs(job.name);
    const nextRunAt = nextRunMs === undefined ? null : new Date(nextRunMs).toISOString();
    return { ...report, endedAt: this.#now(), nextRunAt };
  }

  async #report(job: JobConfig, report: BackupReport): Promise<void> {
    this.#lastReports.set(job.name, report);
    await this.#parts.reporter?.report(report);
  }

  #now(): string {
    return new Date(this.#parts.options.clock.now()).toISOString();
  }
}

function succeeded({ summary, errorCount }: BackupResult): Partial<BackupReport> {
  return {
    state: errorCount === 0 ? 'SUCCEEDED' : 'PARTIAL',
    snapshotId: summary.snapshot_id ?? null,
    filesNew: summary.files_new,
    filesChanged: summary.files_changed,
    filesUnmodified: summary.files_unmodified,
    bytesProcessed: summary.total_bytes_processed,
    bytesAdded: summary.data_added_packed,
    error: errorCount === 0 ? null : `${errorCount} files or folders could not be read.`,
  };
}

/** Is it worth another try before the next turn? */
function isPassing(error: unknown): boolean {
  if (!(error instanceof GatehouseError)) return false;
  return error.retryable || ['LOCKED', 'LOCK_LOST', 'REPOSITORY_GONE'].includes(error.code);
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof GatehouseError)) return `Internal error: ${messageOf(error)}`;
  return error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
}

function logEvent(log: Logger, event: BackupEvent): void {
  if (event.type === 'error') log.warn('not backed up', { path: event.path, error: event.error });
  else if (event.type === 'warning') log.warn(event.message, { path: event.path });
}
