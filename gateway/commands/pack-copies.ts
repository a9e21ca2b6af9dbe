/** The packs that somebody names, and copies of them outside the repository. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isId, keyOf } from '../repository/layout.js';
import type { Repository } from '../repository/repository.js';
import type { CallOptions } from '../repository/types.js';
import { resolveFileId } from './file-ids.js';

/** Whole ids are taken as they are: such a pack may be gone. @throws FILE_UNKNOWN, FILE_AMBIGUOUS. */
export async function packIdsFrom(
  repository: Repository,
  wanted: readonly string[],
  options?: CallOptions,
): Promise<string[]> {
  const ids = wanted.map((id) => (isId(id) ? id : resolveFileId(repository, 'pack', id, options)));
  return [...new Set(await Promise.all(ids))];
}

/** Writes `pack-ID` into the folder, as restic names such copies; one that is there is replaced. */
export async function copyPack(
  repository: Repository,
  packId: string,
  folder: string,
  options?: CallOptions,
): Promise<void> {
  const stream = await repository.stores.bucket.getStream(keyOf('pack', packId), options);
  if (stream === undefined) return;
  await mkdir(folder, { recursive: true });
  await pipeline(stream, createWriteStream(join(folder, `pack-${packId}`), { mode: 0o600 }));
}
