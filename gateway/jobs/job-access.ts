/** Opens a job's repository for one run, with a temporary folder of its own, and closes it after the run. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { OnTaken } from '../bucket/counted.js';
import type { JobConfig } from '../config.js';
import type { KnownRepositories } from '../known-repositories.js';
import { openJobRepository } from '../open-repository.js';
import type { LiveProgress } from '../progress/live-progress.js';
import type { Repository } from '../repository/repository.js';
import type { Throttle } from '../throttle/throttle.js';
import type { Journals } from './journals.js';

export interface JobAccess {
  readonly dataDir: string;
  readonly known: KnownRepositories;
  /** S3 server and region for jobs that name none. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly throttle: Throttle;
  /** Only where the program runs for long. */
  readonly journals?: Journals | undefined;
  readonly clock: Clock;
}

interface RunPlace {
  readonly job: JobConfig;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Told what the bucket has taken. */
  readonly progress: LiveProgress;
}

/** @throws PASSWORD_FILE, REPOSITORY_GONE, the repository's errors, and what `work` throws. */
export async function withJobRepository<T>(
  access: JobAccess,
  { job, log, signal, progress }: RunPlace,
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  const { dataDir, journals: _journals, ...place } = access;
  const temporaryFolder = join(dataDir, 'tmp', job.name);
  await mkdir(temporaryFolder, { recursive: true, mode: 0o700 });
  try {
    // Locks and indexes would spoil the rate at which the rest is sent.
    const onTaken: OnTaken = (sizeBytes, key) => {
      if (key.startsWith('data/')) progress.taken(sizeBytes);
    };
    const how = { job, temporaryFolder, log, signal, onTaken, ...place };
    const { repository, lifetimes } = await openJobRepository(how);
    try {
      return await work(repository);
    } finally {
      await lifetimes.close();
    }
  } finally {
    await rm(temporaryFolder, { recursive: true, force: true });
  }
}
