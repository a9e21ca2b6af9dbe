/**
 * Brings the union of all index files into the blob index. Files that it holds already are not read
 * again; of large ones few are read at once, so that memory stays flat.
 */

import { mapBounded } from '../../core/bounded.js';
import { GatehouseError } from '../../core/errors.js';
import type { CallOptions } from '../bucket/bucket.js';
import { repositoryDamaged } from '../errors.js';
import type { BlobIndex } from './blob-index.js';
import type { IndexedPack } from './index-file.js';
import { type ScannedIndex, scanIndex } from './index-scanner.js';
import type { Problem } from './types.js';
import type { UnpackedFiles } from './unpacked.js';

/** Below this size a file takes longer to ask for than to read, bytes. */
const smallBytes = 256 * 1024;
const smallReadsAtOnce = 16;
const largeReadsAtOnce = 2;

export interface LoadIndexOptions extends CallOptions {
  /** Takes what is odd or damaged; a damaged index file is then passed over instead of thrown. */
  readonly onProblem?: (problem: Problem) => void;
}

interface Loaded {
  readonly id: string;
  readonly content: ScannedIndex | readonly IndexedPack[];
}

/** @throws REPOSITORY_DAMAGED for a damaged file when there is no `onProblem`. */
export async function loadIndexFiles(
  files: UnpackedFiles,
  version: 1 | 2,
  index: BlobIndex,
  options?: LoadIndexOptions,
): Promise<void> {
  const small: string[] = [];
  const large: string[] = [];
  for await (const { id, sizeBytes } of files.list('index', options)) {
    if (!files.knownIndexIds.has(id)) (sizeBytes < smallBytes ? small : large).push(id);
  }
  const load = (id: string) => loadFile(files, version, id, options);
  for (const [ids, atOnce] of [
    [small, smallReadsAtOnce],
    [large, largeReadsAtOnce],
  ] as const) {
    for await (const loaded of mapBounded(ids, atOnce, load)) {
      if (loaded === undefined) continue;
      addAll(index, loaded, options);
      files.knownIndexIds.add(loaded.id);
    }
  }
}

async function loadFile(
  files: UnpackedFiles,
  version: 1 | 2,
  id: string,
  options?: LoadIndexOptions,
): Promise<Loaded | undefined> {
  try {
    const json = await files.loadIfThere('index', id, options);
    // One that went since the listing was replaced by another; prune does that.
    if (json === undefined) return undefined;
    const scanned = scanIndex(json);
    if (scanned === undefined) {
      const { decodeIndex } = await import('./index-decoder.js');
      return { id, content: decodeIndex(id, json, version) };
    }
    if (version === 1 && scanned.hasCompressed) {
      throw repositoryDamaged(`index file ${id}`, 'it states compression in a version 1 repository');
    }
    return { id, content: scanned };
  } catch (error) {
    reportDamage(error, id, options);
    return undefined;
  }
}

function addAll(index: BlobIndex, { id, content }: Loaded, options?: LoadIndexOptions): void {
  if ('packIds' in content) {
    for (const [number, packId] of content.packIds.entries()) {
      const count = (content.ends[number] as number) - (content.ends[number - 1] ?? 0);
      addOne(index, packId, count, id, () => index.addScanned(content, number), options);
    }
    return;
  }
  for (const { packId, blobs } of content) {
    addOne(index, packId, blobs.length, id, () => index.addPack(packId, blobs), options);
  }
}

function addOne(
  index: BlobIndex,
  packId: string,
  count: number,
  indexId: string,
  add: () => number,
  options?: LoadIndexOptions,
): void {
  const known = options?.onProblem === undefined ? undefined : index.pack(packId)?.blobCount;
  const added = add();
  if (known === undefined) return;
  // restic since 0.19 takes a pack whose files disagree for damage of the index.
  const isSplit = added > 0 || count !== known;
  const message = isSplit
    ? `Index files, among them ${indexId}, state different blobs of pack ${packId}.`
    : `Pack ${packId} is in several index files, among them ${indexId}.`;
  const what = isSplit
    ? ({ severity: 'error', code: 'PACK_SPLIT' } as const)
    : ({ severity: 'hint', code: 'PACK_DUPLICATE' } as const);
  options?.onProblem?.({ ...what, fileId: packId, message });
}

function reportDamage(error: unknown, indexId: string, options?: LoadIndexOptions): void {
  if (options?.onProblem === undefined || !(error instanceof GatehouseError)) throw error;
  if (error.code !== 'REPOSITORY_DAMAGED') throw error;
  options.onProblem({ severity: 'error', code: 'INDEX_UNREADABLE', fileId: indexId, message: error.message });
}
