/** Brings a repository to a newer format. There is one such step: version 1 to version 2. */
import type { Repository } from '../repository/repository.js';
import { check } from './check.js';
import { migrationNotApplicable, migrationRefused } from './errors.js';
import { withLock } from './with-lock.js';

export const upgradeName = 'upgrade_repo_v2';

export interface Migration {
  readonly name: string;
  readonly description: string;
}

/** Those that can be applied. */
export function migrationsFor(repository: Repository): Migration[] {
  if (repository.version !== 1) return [];
  return [{ name: upgradeName, description: 'format version 2, which can compress' }];
}

/**
 * Checks index, packs and snapshots first. What is stored stays as it is; prune with
 * --repack-uncompressed compresses it. Open the repository again after that.
 * @throws MIGRATION_NOT_APPLICABLE, MIGRATION_REFUSED, LOCKED, LOCK_LOST, and what check throws.
 */
export async function migrate(repository: Repository, name: string, signal?: AbortSignal): Promise<void> {
  if (!migrationsFor(repository).some((known) => known.name === name)) throw migrationNotApplicable(name);
  await withLock(repository, 'exclusive', signal, async (held) => {
    const { summary, isSound } = await check(repository, { noLock: true, signal: held });
    if (!isSound) throw migrationRefused(summary.num_errors);
    await repository.maintenance.upgradeToVersion2({ signal: held });
  });
}
