/** Which packs of a repository lie in the archive of its bucket, from one listing. */
import { isArchiveClass } from '../bucket/storage-class.js';
import type { Repository } from '../repository/repository.js';

/** Ids; empty at once where the bucket has no archive. Among them are those that are readable for now. */
export async function findArchivedPacks(repository: Repository, signal: AbortSignal): Promise<Set<string>> {
  const archived = new Set<string>();
  if (!repository.stores.bucket.hasArchive) return archived;
  for await (const { id, storageClass } of repository.listFiles('pack', { signal })) {
    if (isArchiveClass(storageClass)) archived.add(id);
  }
  return archived;
}
