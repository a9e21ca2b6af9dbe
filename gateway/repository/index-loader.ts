/** Brings the union of all index files into the blob index. */
import { GatehouseError } from '../../core/errors.js';
import type { CallOptions } from '../bucket/bucket.js';
import type { BlobIndex } from './blob-index.js';
import { mapBounded } from './bounded.js';
import { decodeIndex, type IndexedPack } from './index-file.js';
import type { Problem } from './types.js';
import type { UnpackedFiles } from './unpacked.js';

/** Index files read at once. */
const readsAtOnce = 4;

export interface LoadIndexOptions extends CallOptions {
  /** Takes what is odd or damaged; a damaged index file is then passed over instead of thrown. */
  readonly onProblem?: (problem: Problem) => void;
}

/** @throws REPOSITORY_DAMAGED for a damaged file when there is no `onProblem`. */
export async function loadIndexFiles(
  files: UnpackedFiles,
  version: 1 | 2,
  index: BlobIndex,
  options?: LoadIndexOptions,
): Promise<void> {
  const load = async ({ id }: { id: string }): Promise<{ id: string; packs: IndexedPack[] }> => {
    try {
      const json = await files.loadIfThere('index', id, options);
      // One that went since the listing was replaced by another; prune does that.
      const packs = json === undefined ? [] : decodeIndex(id, json, version);
      files.knownIndexIds.add(id);
      return { id, packs };
    } catch (error) {
      reportDamage(error, id, options);
      return { id, packs: [] };
    }
  };
  const seen = new Set<string>();
  for await (const { id, packs } of mapBounded(files.list('index', options), readsAtOnce, load)) {
    for (const { packId, blobs } of packs) {
      if (seen.has(packId)) reportDuplicate(packId, id, options);
      seen.add(packId);
      index.addPack(packId, blobs);
    }
  }
}

function reportDamage(error: unknown, indexId: string, options?: LoadIndexOptions): void {
  if (options?.onProblem === undefined || !(error instanceof GatehouseError)) throw error;
  if (error.code !== 'REPOSITORY_DAMAGED') throw error;
  options.onProblem({ severity: 'error', code: 'INDEX_UNREADABLE', fileId: indexId, message: error.message });
}

function reportDuplicate(packId: string, indexId: string, options?: LoadIndexOptions): void {
  const message = `Pack ${packId} is in several index files, among them ${indexId}.`;
  options?.onProblem?.({ severity: 'hint', code: 'PACK_DUPLICATE', fileId: packId, message });
}
