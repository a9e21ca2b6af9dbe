/**
 * Saves what can be read of damaged packs into new ones, then lets go of the damaged ones: new
 * packs, then the index without the old, then the old packs.
 */
import { GatehouseError } from '../../core/errors.js';
import { repositoryFileMissing } from '../errors.js';
import { openBlob } from '../repository/blob-opener.js';
import { keyOf } from '../repository/layout.js';
import { readPackHeader } from '../repository/pack-format.js';
import type { Repository } from '../repository/repository.js';
import type { BlobEntry, BlobType, CallOptions } from '../repository/types.js';
import { throwIfAborted } from './abort.js';

export interface DamagedPack {
  readonly packId: string;
  /** Undefined when there is no such file any more. */
  readonly sizeBytes: number | undefined;
  /** Blobs that can be read. */
  readonly intact: readonly BlobEntry[];
  /** Blobs that cannot, and lie in no other pack. */
  readonly lost: readonly { readonly type: BlobType; readonly id: string }[];
}

export interface PackRepairPlan {
  readonly packs: readonly DamagedPack[];
}

interface PackRepairOptions extends CallOptions {
  readonly onPack?: (done: number, total: number) => void;
}

/**
 * Reads the packs whole. The index must be loaded; hold the exclusive lock until the plan is
 * carried out. @param packIds whole ids. @throws REPOSITORY_FILE_MISSING for a pack that neither
 * the bucket nor the index has.
 */
export async function planPackRepair(
  repository: Repository,
  packIds: readonly string[],
  options: PackRepairOptions = {},
): Promise<PackRepairPlan> {
  const { onPack = () => {}, ...call } = options;
  const packs: DamagedPack[] = [];
  for (const packId of new Set(packIds)) {
    if (call.signal) throwIfAborted(call.signal);
    packs.push(await inspect(repository, packId, new Set(packIds), call));
    onPack(packs.length, packIds.length);
  }
  return { packs };
}

async function inspect(
  repository: Repository,
  packId: string,
  damaged: ReadonlySet<string>,
  call: CallOptions,
): Promise<DamagedPack> {
  const sizeBytes = await repository.stores.bucket.stat(keyOf('pack', packId), call);
  const listed = await blobsListed(repository, packId, sizeBytes, call);
  if (sizeBytes === undefined && listed.length === 0) throw repositoryFileMissing(`pack ${packId}`);
  const intact: BlobEntry[] = [];
  const lost: { type: BlobType; id: string }[] = [];
  for (const blob of listed) {
    if (sizeBytes !== undefined && (await readBlob(repository, packId, blob, call))) intact.push(blob);
    else if (damaged.has(repository.packOf(blob.type, blob.id)?.packId ?? packId)) lost.push(blob);
  }
  return { packId, sizeBytes, intact, lost: lost.map(({ type, id }) => ({ type, id })) };
}

/** What the index places there, and what the header does if it can be read. */
async function blobsListed(
  repository: Repository,
  packId: string,
  sizeBytes: number | undefined,
  call: CallOptions,
): Promise<BlobEntry[]> {
  const known = new Map<string, BlobEntry>();
  const add = (blob: BlobEntry) => known.set(`${blob.offset} ${blob.type} ${blob.id}`, blob);
  for (const blob of repository.blobsOfPack(packId)) add(blob);
  const read = (offset: number, length: number) => repository.loadRange({ packId, offset, length }, call);
  if (sizeBytes !== undefined) {
    const header = await orDamaged(readPackHeader(packId, sizeBytes, repository.stores.sealer, read));
    for (const blob of header ?? []) add(blob);
  }
  return [...known.values()].sort((a, b) => a.offset - b.offset);
}

/** Undefined when it cannot be read. */
async function readBlob(
  repository: Repository,
  packId: string,
  blob: BlobEntry,
  call: CallOptions,
): Promise<Uint8Array | undefined> {
  const { offset, length } = blob;
  const sealed = await orDamaged(repository.loadRange({ packId, offset, length }, call));
  return sealed && orDamaged(openBlob(repository.stores.sealer, blob, sealed));
}

const damageCodes = new Set(['REPOSITORY_DAMAGED', 'REPOSITORY_FILE_MISSING', 'BUCKET_SHORT_READ']);

async function orDamaged<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof GatehouseError && damageCodes.has(error.code)) return undefined;
    throw error;
  }
}

/** Carries the plan out. @throws INTERRUPTED, bucket errors; then nothing is lost and it can run again. */
export async function repairPacks(
  repository: Repository,
  plan: PackRepairPlan,
  options: PackRepairOptions = {},
): Promise<void> {
  const { onPack = () => {}, ...call } = options;
  const dropPacks = new Set(plan.packs.map(({ packId }) => packId));
  // Only in memory: a blob that no other pack holds then counts as unknown and is stored again.
  repository.stores.index.dropPacks(dropPacks);
  for (const [at, { packId, intact }] of plan.packs.entries()) {
    for (const blob of intact) {
      if (call.signal) throwIfAborted(call.signal);
      if (repository.hasBlob(blob.type, blob.id)) continue;
      const plain = await readBlob(repository, packId, blob, call);
      if (plain !== undefined) await repository.saveBlob(blob.type, plain, call);
    }
    onPack(at + 1, plan.packs.length);
  }
  await repository.rewriteIndex({ ...call, dropPacks });
  for (const packId of dropPacks) await repository.removeFile('pack', packId, call);
}
