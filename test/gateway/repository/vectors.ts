/** Known keys, and a repository's usual settings, for these tests. */

import { onTestFinished } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { Secret } from '../../../core/secret.js';
import type { KeyMaterial } from '../../../gateway/repository/crypto.js';
import { deriveKey } from '../../../gateway/repository/keys.js';
import { Repository } from '../../../gateway/repository/repository.js';
import type { InitOptions, RepositoryOptions } from '../../../gateway/repository/types.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

export const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** The key of the vectors with IV 01 02 … 10. */
export function sheetKey(): Promise<KeyMaterial> {
  return deriveKey('pw', Buffer.alloc(64, 1), { n: 1024, r: 8, p: 1 });
}

/** Cheap enough for tests; real ones use the default. */
export const cheapScrypt = { n: 1024, r: 8, p: 1 };

export async function optionsFor(
  bucket = new MemoryBucket(),
): Promise<RepositoryOptions & { bucket: MemoryBucket }> {
  const folder = await temporaryFolder('spool');
  return { bucket, password: new Secret('correct horse'), temporaryFolder: folder, clock: systemClock };
}

export async function newRepository(
  more: Partial<InitOptions> = {},
  bucket = new MemoryBucket(),
): Promise<{
  repository: Repository;
  bucket: MemoryBucket;
  reopen: (changes?: Partial<RepositoryOptions>) => Promise<Repository>;
}> {
  const options = await optionsFor(bucket);
  const repository = await Repository.init({ ...options, scryptCost: cheapScrypt, ...more });
  onTestFinished(() => repository.close());
  const reopen = async (changes: Partial<RepositoryOptions> = {}) => {
    const again = await Repository.open({ ...options, ...changes });
    onTestFinished(() => again.close());
    await again.loadIndex();
    return again;
  };
  return { repository, bucket, reopen };
}
