/** Opens a job's repository for one run, with a temporary folder of its own, and closes it after the run. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { JobConfig } from '../config.js';
import type { KnownRepositories } from '../known-repositories.js';
import { openJobRepository } from '../open-repository.js';
import type { Repository } from '../repository/repository.js';

export interface JobAccess {
  readonly dataDir: string;
  readonly known: KnownRepositories;
  /** S3 server and region for jobs that name none. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly clock: Clock;
}

/** @throws PASSWORD_FILE, REPOSITORY_GONE, the repository's errors, and what `work` throws. */
export async function withJobRepository<T>(
  access: JobAccess,
  { job, log, signal }: { readonly job: JobConfig; readonly log: Logger; readonly signal: AbortSignal },
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  const { dataDir, ...place } = access;
  const temporaryFolder = join(dataDir, 'tmp', job.name);
  await mkdir(temporaryFolder, { recursive: true, mode: 0o700 });
  try {
    const { repository, lifetimes } = await openJobRepository({
      job,
      temporaryFolder,
      log,
      signal,
      ...place,
    });
    try {
      return await work(repository);
    } finally {
      await lifetimes.close();
    }
  } finally {
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}
