/** Opens the repository of a job; makes it at the first run, when there has never been one. */
import { readFile } from 'node:fs/promises';
import type { Clock } from '../core/clock.js';
import { GatehouseError } from '../core/errors.js';
import { type Lifetimes, opening } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import { Secret } from '../core/secret.js';
import { CountedBucket, type OnTaken } from './bucket/counted.js';
import { formatLocation, parseLocation } from './bucket/location.js';
import { ObjectLockBucket } from './bucket/object-lock.js';
import { openBucket } from './bucket/open.js';
import { parseStorageClasses } from './bucket/storage-class.js';
import type { JobConfig } from './config.js';
import { passwordFileUnreadable, repositoryGone } from './job-errors.js';
import { lockRuleOf } from './jobs/job-locks.js';
import type { KnownRepositories } from './known-repositories.js';
import { Repository } from './repository/repository.js';
import type { RepositoryOptions } from './repository/types.js';
import type { Wire } from './throttle/paced-socket.js';
import type { Throttle } from './throttle/throttle.js';

export interface OpenJobRepository {
  readonly job: JobConfig;
  readonly known: KnownRepositories;
  /** Empty, and this job's alone. */
  readonly temporaryFolder: string;
  /** S3 server and region for jobs that name none. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** Of the whole process; the job's own limits come below it. */
  readonly throttle: Throttle;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Told of every object that the bucket has taken. */
  readonly onTaken: OnTaken;
}

/** Where a job's backup goes, with the server: one text per repository. */
export function repositoryKey(job: JobConfig, endpoint: string | undefined): string {
  const place = parseLocation(job.repository);
  const server = serverOf(job, endpoint);
  return server === undefined ? formatLocation(place) : `${formatLocation(place)} at ${server}`;
}

function serverOf(job: JobConfig, endpoint: string | undefined): string | undefined {
  const place = parseLocation(job.repository);
  return place.kind === 's3' ? (job.endpoint ?? place.endpoint ?? endpoint) : undefined;
}

/** Closing `lifetimes` closes repository and bucket. @throws PASSWORD_FILE, REPOSITORY_GONE and theirs. */
export function openJobRepository(
  options: OpenJobRepository,
): Promise<{ repository: Repository; lifetimes: Lifetimes }> {
  const { job, temporaryFolder, clock, log, signal } = options;
  return opening(async (lifetimes) => {
    const password = await readPassword(job.passwordFile);
    const limits = { upload: job.limitUpload, download: job.limitDownload };
    const scope = options.throttle.scope(limits, job.yield);
    lifetimes.defer('throttle', scope.end);
    const opened = lifetimes.add('bucket', await openJobBucket(options, scope.wire));
    const rule = lockRuleOf(job);
    const locking = rule === undefined ? opened : new ObjectLockBucket(opened, rule, clock);
    const bucket = new CountedBucket(locking, options.onTaken);
    const repository = await openOrMake(options, { bucket, password, temporaryFolder, clock, log, signal });
    lifetimes.add('repository', repository);
    return { repository, lifetimes };
  }, log);
}

function openJobBucket({ job, endpoint, region, clock, log }: OpenJobRepository, wire: Wire) {
  const { accessKeyIdFile, secretAccessKeyFile } = job;
  const hasKeys = accessKeyIdFile !== undefined && secretAccessKeyFile !== undefined;
  return openBucket(job.repository, {
    clock,
    log,
    endpoint: serverOf(job, endpoint),
    region: job.region ?? region,
    credentialFiles: hasKeys ? { accessKeyIdFile, secretAccessKeyFile } : undefined,
    createsWithObjectLock: job.objectLock !== undefined,
    storageClasses: job.storageClass === undefined ? undefined : parseStorageClasses(job.storageClass),
    wire,
  });
}

async function openOrMake(options: OpenJobRepository, how: RepositoryOptions): Promise<Repository> {
  const { job, known, log } = options;
  const key = repositoryKey(job, options.endpoint);
  const repository = await Repository.open(how).catch(async (error: unknown) => {
    if (!isMissing(error)) throw error;
    if (known.has(key)) throw repositoryGone(how.bucket.location, error);
    log.info('there is no repository yet, making one', { location: how.bucket.location });
    await how.bucket.prepare({ signal: options.signal });
    return Repository.init(how);
  });
  try {
    await known.remember(key, repository.id);
    return repository;
  } catch (error) {
    await repository.close();
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof GatehouseError && ['REPOSITORY_MISSING', 'BUCKET_UNKNOWN'].includes(error.code);
}

async function readPassword(filePath: string): Promise<Secret> {
  try {
    // As restic: one line ending at the end of the file is not part of the password.
    const password = (await readFile(filePath, 'utf8')).replace(/\r?\n$/, '');
    if (password === '') throw new Error('the file is empty');
    return new Secret(password);
  } catch (error) {
    throw passwordFileUnreadable(filePath, error);
  }
}
