/**
 * The gateway: backs up this machine by schedule, verifies, notifies and reports. One instance per
 * data directory. This file opens the parts in order; each part knows its own business.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { GatehouseError } from '../core/errors.js';
import { InstanceLock } from '../core/instance-lock.js';
import { type Closeable, type Lifetimes, opening } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { BackupReport } from '../core/wire/backups.js';
import type { GatewayConfig } from './config.js';
import type { JobControl } from './control/control.js';
import { ControlServer } from './control/control-server.js';
import { RunHistory } from './jobs/history.js';
import { JobDesk } from './jobs/job-desk.js';
import { scheduledJobs } from './jobs/job-entries.js';
import { JobReports } from './jobs/job-reports.js';
import { JobRunner } from './jobs/job-runner.js';
import { Journals } from './jobs/journals.js';
import { KnownRepositories } from './known-repositories.js';
import { openNotifier } from './notify/open-notifier.js';
import { Reporter } from './report.js';
import { Schedule } from './schedule/schedule.js';
import { openThrottle } from './throttle/control.js';

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
  /**
   * `service` (unless told) starts jobs by itself and takes orders from other processes. For commands
   * while no gateway runs: `run` starts what is asked for only, `look` moreover tells nobody.
   */
  readonly mode?: 'service' | 'run' | 'look';
}

export interface Gateway extends Closeable {
  readonly jobs: JobControl;
  /**
   * Runs a job now and resolves with its last report, also when it failed.
   * @throws JOB_UNKNOWN, JOB_RUNNING, SCHEDULE_CLOSED.
   */
  runNow(job: string): Promise<BackupReport>;
  /** ISO 8601; null when no turn will come. @throws JOB_UNKNOWN. */
  nextRunAt(job: string): string | null;
}

/** Jobs that are due begin at once. @throws ALREADY_RUNNING, CONFIG_INVALID and errors of the data directory. */
export function openGateway(config: GatewayConfig, options: GatewayOptions): Promise<Gateway> {
  return opening(async (lifetimes) => {
    const { clock, log } = options;
    const isService = runsAsService(options);
    lifetimes.add('instance lock', await InstanceLock.acquire(config.dataDir, 'gateway'));
    await rm(join(config.dataDir, 'tmp'), { recursive: true, force: true });
    const history = lifetimes.add(
      'history',
      await RunHistory.open(join(config.dataDir, 'history.db'), clock.now()),
    );
    await history.dropOld(clock.now(), config.historyDays);
    const { runner, reports, scheduleLater } = await openRunner(config, options, { history, lifetimes });
    const schedule = await Schedule.open({
      jobs: scheduledJobs(config, runner),
      filePath: join(config.dataDir, 'schedule.json'),
      clock,
      log,
      byHandOnly: !isService,
    });
    lifetimes.add('schedule', schedule);
    scheduleLater(schedule);
    const jobs = new JobDesk({ config, schedule, runner, history, clock });
    if (isService) {
      lifetimes.add('control', await ControlServer.open(jobs, config.dataDir, log));
    }
    return gatewayOf({ jobs, schedule, reports, lifetimes });
  }, options.log);
}

function runsAsService({ mode = 'service' }: GatewayOptions): boolean {
  return mode === 'service';
}

async function openRunner(
  config: GatewayConfig,
  options: GatewayOptions,
  { history, lifetimes }: { readonly history: RunHistory; readonly lifetimes: Lifetimes },
) {
  const { clock, log, version } = options;
  const known = await KnownRepositories.open(join(config.dataDir, 'repositories.json'));
  const reporter = await openReporter(config, options);
  if (reporter !== undefined) lifetimes.add('reporter', reporter);
  // Jobs that are due run before the schedule is handed over: their next turn is not known until then.
  let schedule: Schedule | undefined;
  const reports = new JobReports({ history, reporter, clock, nextRunMs: (job) => schedule?.nextRunMs(job) });
  const { env } = process;
  const throttle = await openThrottle({
    limits: { upload: config.limitUpload, download: config.limitDownload },
    yields: config.yield,
    dataDir: config.dataDir,
    program: 'gateway',
    clock,
    log,
    lifetimes,
  });
  const access = {
    throttle,
    journals: runsAsService(options) ? lifetimes.add('journals', new Journals(clock)) : undefined,
    dataDir: config.dataDir,
    known,
    endpoint: options.endpoint ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'],
    region: options.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'],
    clock,
  };
  const notifier =
    options.mode === 'look' ? undefined : openNotifier(config, { history, clock, log, lifetimes });
  const observers = notifier === undefined ? [reports] : [reports, notifier];
  const runner = new JobRunner({ access, history, version, log, observers });
  const scheduleLater = (opened: Schedule) => {
    schedule = opened;
  };
  return { runner, reports, scheduleLater };
}

async function openReporter(config: GatewayConfig, options: GatewayOptions): Promise<Reporter | undefined> {
  if (config.report === undefined || options.mode === 'look') return undefined;
  const { clock, log } = options;
  return await Reporter.open({
    url: options.reportUrl ?? config.report.url,
    tokenFile: config.report.tokenFile,
    folder: join(config.dataDir, 'reports'),
    clock,
    log,
  });
}

interface GatewayParts {
  readonly jobs: JobControl;
  readonly schedule: Schedule;
  readonly reports: JobReports;
  readonly lifetimes: Lifetimes;
}

function gatewayOf({ jobs, schedule, reports, lifetimes }: GatewayParts): Gateway {
  return {
    jobs,
    async runNow(job) {
      await schedule.runNow(job);
      const report = reports.last(job);
      if (report === undefined) throw new GatehouseError('JOB_FAILED', `The job "${job}" left no report.`);
      return report;
    },
    nextRunAt(job) {
      const nextMs = schedule.nextRunMs(job);
      return nextMs === undefined ? null : new Date(nextMs).toISOString();
    },
    close: () => lifetimes.close(),
  };
}
