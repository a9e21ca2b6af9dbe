/** Stock restic, when this machine has one, and repositories that both it and we open. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.js';
import { Secret } from '../../core/secret.js';
import { DirectoryBucket } from '../../gateway/bucket/directory.js';
import { Repository } from '../../gateway/repository/repository.js';
import { hastyClock } from './hasty-clock.js';

const version = spawnSync('restic', ['version'], { encoding: 'utf8' }).stdout ?? '';

/** Why tests with stock restic are skipped; undefined when they are not. */
export const noRestic: string | undefined = version.startsWith('restic ')
  ? undefined
  : 'restic is not installed';

/** A title that says why the test is skipped where it is. */
export function withRestic(title: string): string {
  return noRestic === undefined ? title : `${title} (skipped: ${noRestic})`;
}

export const testPassword = 'correct horse battery staple';
/** Guessing is no concern in tests. */
const cheapScrypt = { n: 1024, r: 8, p: 1 };

/** Runs restic; its time zone is UTC so that its JSON has the form of ours. @throws on a failure. */
export function restic(
  repositoryFolder: string,
  args: readonly string[],
  okCodes = [0],
  encoding: BufferEncoding = 'utf8',
): string {
  const result = spawnSync('restic', ['--no-cache', '-r', repositoryFolder, ...args], {
    encoding,
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, RESTIC_PASSWORD: testPassword, TZ: 'UTC' },
  });
  if (!okCodes.includes(result.status ?? -1)) {
    throw new Error(
      `restic ${args.join(' ')} ended with ${result.status}\n${result.stdout}\n${result.stderr}`,
    );
  }
  return result.stdout;
}

export interface OpenedRepository {
  readonly repository: Repository;
  readonly close: () => Promise<void>;
}

/** Opens the repository in `folder`, or makes one. Spool files go beside it. */
export async function openTestRepository(folder: string, how: 'init' | 'open'): Promise<OpenedRepository> {
  const bucket = new DirectoryBucket(folder, { clock: systemClock });
  const temporaryFolder = join(folder, '..', 'spool');
  mkdirSync(temporaryFolder, { recursive: true });
  const options = { bucket, password: new Secret(testPassword), temporaryFolder, clock: hastyClock };
  const repository =
    how === 'init'
      ? await Repository.init({ ...options, scryptCost: cheapScrypt })
      : await Repository.open(options);
  return {
    repository,
    async close() {
      await repository.close();
      await bucket.close();
    },
  };
}

/** Opens, works, closes. */
export async function withTestRepository<T>(
  folder: string,
  how: 'init' | 'open',
  work: (repository: Repository) => Promise<T>,
): Promise<T> {
  const { repository, close } = await openTestRepository(folder, how);
  try {
    return await work(repository);
  } finally {
    await close();
  }
}

/** As `withTestRepository`, with another password than the usual one. */
export async function openWith<T>(
  folder: string,
  password: string,
  work: (repository: Repository) => Promise<T>,
) {
  const bucket = new DirectoryBucket(folder, { clock: systemClock });
  const options = { bucket, temporaryFolder: join(folder, '..', 'spool'), clock: systemClock };
  const repository = await Repository.open({ ...options, password: new Secret(password) });
  try {
    return await work(repository);
  } finally {
    await repository.close();
    await bucket.close();
  }
}
