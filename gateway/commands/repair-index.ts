/**
 * Makes the index name what is in the packs again: packs that it lacks are read (their headers
 * only), packs that are gone are left out, index files that cannot be read are replaced. Nothing
 * but index files is written or removed.
 */

import { mapBounded } from '../../core/bounded.js';
import { GatehouseError } from '../../core/errors.js';
import { BlobSet } from '../repository/blob-set.js';
import { idFromKey, keyOf } from '../repository/layout.js';
import { readPackHeader } from '../repository/pack-format.js';
import type { Repository } from '../repository/repository.js';
import type { BlobEntry, CallOptions } from '../repository/types.js';
import { throwIfAborted } from './abort.js';

const headersAtOnce = 8;

export interface PackToRead {
  readonly packId: string;
  readonly sizeBytes: number;
  /** It is in no index file, has another size than they state, is in several, or all are read. */
  readonly why: 'unknown' | 'size' | 'split' | 'all';
}

export interface IndexRepairPlan {
  /** Index files that cannot be read and go. */
  readonly unreadable: readonly string[];
  readonly toRead: readonly PackToRead[];
  /** Packs that the index names and that are gone. */
  readonly missing: readonly string[];
  /** Packs that several index files state alike; one of them is enough. */
  readonly duplicates: number;
  /** False when there is nothing to do. */
  readonly isNeeded: boolean;
}

export interface IndexRepairResult {
  /** Packs whose headers cannot be read. Those that the index named stay in it, for `repair packs`. */
  readonly damagedPacks: readonly string[];
  readonly written: number;
  readonly removed: number;
}

/** Loads the index by itself. Hold the exclusive lock from here until the plan is carried out. */
export async function planIndexRepair(
  repository: Repository,
  options: CallOptions & { readonly readAllPacks?: boolean } = {},
): Promise<IndexRepairPlan> {
  const { readAllPacks = false, ...call } = options;
  const { index, bucket } = repository.stores;
  const unreadable: string[] = [];
  const split = new Set<string>();
  let duplicates = 0;
  const onProblem = ({ code, fileId }: { code: string; fileId: string }) => {
    if (code === 'INDEX_UNREADABLE') unreadable.push(fileId);
    else if (code === 'PACK_SPLIT') split.add(fileId);
    else duplicates++;
  };
  await repository.loadIndex({ ...call, onProblem });
  const seen = new BlobSet();
  const toRead: PackToRead[] = [];
  for await (const { key, sizeBytes } of bucket.list('data/', call)) {
    const packId = idFromKey(key);
    if (packId === undefined || key !== keyOf('pack', packId)) continue;
    const number = index.packNumberOf(packId);
    if (number >= 0) seen.add(number);
    const why = reasonToRead(index.pack(packId)?.sizeBytes, sizeBytes, split.has(packId), readAllPacks);
    if (why !== undefined) toRead.push({ packId, sizeBytes, why });
  }
  const missing: string[] = [];
  for (const { packId } of index.packs()) if (!seen.has(index.packNumberOf(packId))) missing.push(packId);
  const isNeeded = unreadable.length + toRead.length + missing.length + duplicates > 0;
  return { unreadable, toRead, missing, duplicates, isNeeded };
}

function reasonToRead(
  indexed: number | undefined,
  actual: number,
  isSplit: boolean,
  readAll: boolean,
): PackToRead['why'] | undefined {
  if (readAll) return 'all';
  if (indexed === undefined) return 'unknown';
  if (isSplit) return 'split';
  return indexed === actual ? undefined : 'size';
}

/** Carries the plan out. @param onPack is told after each header. @throws INTERRUPTED, bucket errors. */
export async function repairIndex(
  repository: Repository,
  plan: IndexRepairPlan,
  options: CallOptions & { readonly onPack?: (done: number, total: number) => void } = {},
): Promise<IndexRepairResult> {
  const { onPack = () => {}, ...call } = options;
  const { index } = repository.stores;
  const damagedPacks: string[] = [];
  const read = async (pack: PackToRead) => ({ pack, header: await headerOf(repository, pack, call) });
  let done = 0;
  for await (const { pack, header } of mapBounded(plan.toRead, headersAtOnce, read)) {
    if (call.signal) throwIfAborted(call.signal);
    if (header === undefined) damagedPacks.push(pack.packId);
    else {
      index.dropPacks([pack.packId]);
      index.addPack(pack.packId, header);
    }
    onPack(++done, plan.toRead.length);
  }
  index.dropPacks(plan.missing);
  if (!plan.isNeeded) return { damagedPacks, written: 0, removed: 0 };
  const { written, removed } = await repository.rewriteIndex({ ...call, removeFiles: plan.unreadable });
  return { damagedPacks, written: written.length, removed: removed.length };
}

/** Undefined when it is damaged or the pack has gone. */
async function headerOf(
  repository: Repository,
  pack: PackToRead,
  options: CallOptions,
): Promise<BlobEntry[] | undefined> {
  const { sealer } = repository.stores;
  const read = (offset: number, length: number) =>
    repository.loadRange({ packId: pack.packId, offset, length }, options);
  try {
    return await readPackHeader(pack.packId, pack.sizeBytes, sealer, read);
  } catch (error) {
    const isDamage = error instanceof GatehouseError && damageCodes.has(error.code);
    if (!isDamage) throw error;
    return undefined;
  }
}

const damageCodes = new Set(['REPOSITORY_DAMAGED', 'REPOSITORY_FILE_MISSING', 'BUCKET_SHORT_READ']);
