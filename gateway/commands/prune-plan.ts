/**
 * Which packs prune keeps, repacks and deletes: a pure function of what each pack holds and what
 * the bucket has. Nothing here touches the repository.
 */
import { isArchiveClass } from '../bucket/storage-class.js';
import type { StoredFile } from '../repository/types.js';
import { packsNotAsIndexed } from './errors.js';
import type { PackUse } from './pack-use.js';
import type { UnusedLimit } from './prune-limits.js';

export interface PruneRules {
  /** 5 % unless told. */
  readonly maxUnused?: UnusedLimit;
  /** Bytes read and written again at most; no limit unless told. */
  readonly maxRepackBytes?: number;
  /** Repack packs of trees only. */
  readonly repackCacheableOnly?: boolean;
  /** Repack packs below 80 % of the size that new ones get. */
  readonly repackSmall?: boolean;
  /** Compress data that is stored plain (format 2). Trees are compressed in any case. */
  readonly repackUncompressed?: boolean;
  /**
   * Repack archived packs too: they must be fetched first, which costs hours and money. Without it
   * they go only when nothing of them is needed.
   */
  readonly repackArchived?: boolean;
}

/** Blobs and bytes, those of the header among them. */
export interface PruneAmount {
  readonly blobs: number;
  readonly bytes: number;
}

export interface PruneStats {
  /** In packs that the index names. */
  readonly used: PruneAmount;
  readonly unused: PruneAmount;
  /** Of the unused ones: needed, but elsewhere too. */
  readonly duplicate: PruneAmount;
  readonly toRepack: PruneAmount;
  /** What repacking leaves out. */
  readonly repackRemoves: PruneAmount;
  /** In packs deleted whole. */
  readonly toDelete: PruneAmount;
  /** Packs that no index names. */
  readonly unreferenced: { readonly packs: number; readonly bytes: number };
  readonly totalRemoved: PruneAmount;
  readonly remaining: PruneAmount;
  readonly unusedAfterBytes: number;
  /** Of what stays unused: in archived packs that are left as they are for being archived. */
  readonly unusedArchived: PruneAmount & { readonly packs: number };
  readonly packs: { readonly keep: number; readonly repack: number; readonly delete: number };
}

export interface PrunePlan {
  /** Packs whose needed blobs go to new packs, in the order of the work. */
  readonly repack: readonly string[];
  /** Those among `repack` that may have to be fetched from the archive first. */
  readonly archived: readonly string[];
  /** Indexed packs without a needed blob. */
  readonly delete: readonly string[];
  /** Packs in the bucket that the index does not name. */
  readonly unreferenced: readonly string[];
  /** Packs that the index names and the bucket lacks, of which nothing is needed. */
  readonly absent: readonly string[];
  readonly stats: PruneStats;
}

export interface PlanInput {
  readonly uses: readonly PackUse[];
  readonly stored: readonly StoredFile[];
  readonly rules: PruneRules;
  readonly version: 1 | 2;
  /** The size that new packs get. */
  readonly packSizeBytes: number;
}

/** Fewer small packs than this are not worth the trouble; it also ends repacking the last one anew. */
const fewestSmallPacks = 2;
const defaultLimit: UnusedLimit = { percent: 5 };

/** @throws PACKS_NOT_AS_INDEXED when a pack with needed blobs is absent or has another size. */
export function planPrune(input: PlanInput): PrunePlan {
  const sizes = new Map(input.stored.map(({ id, sizeBytes }) => [id, sizeBytes]));
  throwIfNotAsIndexed(input.uses, sizes);
  const indexed = new Set(input.uses.map(({ packId }) => packId));
  const needed = input.uses.filter(({ usedBlobs }) => usedBlobs > 0);
  const unneeded = input.uses.filter(({ usedBlobs }) => usedBlobs === 0);
  const archived = new Set(input.stored.filter(isArchived).map(({ id }) => id));
  const reachable =
    input.rules.repackArchived === true ? needed : needed.filter(({ packId }) => !archived.has(packId));
  const repack = chooseRepacks(reachable, input);
  const repackIds = repack.map(({ packId }) => packId);
  const unreferenced = input.stored.filter(({ id }) => !indexed.has(id));
  return {
    repack: repackIds,
    archived: repackIds.filter((packId) => archived.has(packId)),
    delete: unneeded.filter(({ packId }) => sizes.has(packId)).map(({ packId }) => packId),
    unreferenced: unreferenced.map(({ id }) => id),
    absent: unneeded.filter(({ packId }) => !sizes.has(packId)).map(({ packId }) => packId),
    stats: {
      ...measure(input.uses, unneeded, repack, unreferenced),
      unusedArchived: leftAlone(needed, reachable),
    },
  };
}

function isArchived({ storageClass }: StoredFile): boolean {
  return isArchiveClass(storageClass);
}

function leftAlone(needed: readonly PackUse[], reachable: readonly PackUse[]) {
  const within = new Set(reachable);
  const left = needed.filter((pack) => pack.unusedBlobs > 0 && !within.has(pack));
  return { ...sum(left, 'unusedBlobs', 'unusedBytes'), packs: left.length };
}

function throwIfNotAsIndexed(uses: readonly PackUse[], sizes: ReadonlyMap<string, number>): void {
  const needed = uses.filter(({ usedBlobs }) => usedBlobs > 0);
  const missing = needed.filter(({ packId }) => !sizes.has(packId));
  if (missing.length > 0)
    throw packsNotAsIndexed(
      'missing',
      missing.map(({ packId }) => packId),
    );
  const wrong = needed.filter(({ packId, sizeBytes }) => sizes.get(packId) !== sizeBytes);
  if (wrong.length > 0)
    throw packsNotAsIndexed(
      'of the wrong size',
      wrong.map(({ packId }) => packId),
    );
}

/** @param reachable packs with needed blobs; the limit of what may stay unused concerns them alone. */
function chooseRepacks(reachable: readonly PackUse[], input: PlanInput): PackUse[] {
  const { rules, packSizeBytes } = input;
  const smallBytes = packSizeBytes * 0.8;
  const compresses = (pack: PackUse) => mustCompress(pack, input);
  const mayRepack = reachable.filter(({ kind }) => rules.repackCacheableOnly !== true || kind === 'tree');
  const wasteful = mayRepack.filter(
    (pack) => pack.unusedBlobs > 0 || pack.kind === 'mixed' || compresses(pack),
  );
  const small = new Set(rules.repackSmall === true ? smallPacks(mayRepack, wasteful, smallBytes) : []);
  const isUrgent = (pack: PackUse) => pack.kind !== 'data' || compresses(pack) || small.has(pack);
  const candidates = [...wasteful, ...small].sort((a, b) => {
    if (isUrgent(a) !== isUrgent(b)) return isUrgent(a) ? -1 : 1;
    return b.unusedBytes * a.usedBytes - a.unusedBytes * b.usedBytes;
  });
  const limitBytes = unusedLimitBytes(reachable, rules.maxUnused ?? defaultLimit);
  let unusedBytes = reachable.reduce((sum, pack) => sum + pack.unusedBytes, 0);
  let repackBytes = 0;
  return candidates.filter((pack) => {
    const wouldRepack = repackBytes + pack.usedBytes + pack.unusedBytes;
    if (wouldRepack > (rules.maxRepackBytes ?? Number.POSITIVE_INFINITY)) return false;
    if (unusedBytes <= limitBytes && !isUrgent(pack)) return false;
    repackBytes = wouldRepack;
    unusedBytes -= pack.unusedBytes;
    return true;
  });
}

function mustCompress({ isUncompressed }: PackUse, { version, rules }: PlanInput): boolean {
  return version === 2 && (isUncompressed.tree || (isUncompressed.data && rules.repackUncompressed === true));
}

/** Whole packs that are small, when there are several of a kind with those repacked anyway. */
function smallPacks(
  mayRepack: readonly PackUse[],
  wasteful: readonly PackUse[],
  smallBytes: number,
): PackUse[] {
  const others = new Set(wasteful);
  const small = mayRepack.filter((pack) => pack.sizeBytes < smallBytes && !others.has(pack));
  const counts = { data: 0, tree: 0, mixed: 0 };
  for (const { kind } of [...small, ...wasteful]) counts[kind]++;
  return small.filter(({ kind }) => counts[kind] >= fewestSmallPacks);
}

function unusedLimitBytes(reachable: readonly PackUse[], limit: UnusedLimit): number {
  if (limit === 'unlimited') return Number.POSITIVE_INFINITY;
  if ('bytes' in limit) return limit.bytes;
  const usedBytes = reachable.reduce((sum, pack) => sum + pack.usedBytes, 0);
  return (usedBytes * limit.percent) / (100 - limit.percent);
}

function measure(
  uses: readonly PackUse[],
  unneeded: readonly PackUse[],
  repack: readonly PackUse[],
  unreferenced: readonly StoredFile[],
): Omit<PruneStats, 'unusedArchived'> {
  const used = sum(uses, 'usedBlobs', 'usedBytes');
  const unused = sum(uses, 'unusedBlobs', 'unusedBytes');
  const repackRemoves = sum(repack, 'unusedBlobs', 'unusedBytes');
  const toDelete = sum(unneeded, 'unusedBlobs', 'unusedBytes');
  const kept = sum(repack, 'usedBlobs', 'usedBytes');
  const unreferencedBytes = unreferenced.reduce((bytes, pack) => bytes + pack.sizeBytes, 0);
  const gone = plus(repackRemoves, toDelete);
  return {
    used,
    unused,
    duplicate: sum(uses, 'duplicateBlobs', 'duplicateBytes'),
    toRepack: plus(kept, repackRemoves),
    repackRemoves,
    toDelete,
    unreferenced: { packs: unreferenced.length, bytes: unreferencedBytes },
    totalRemoved: { blobs: gone.blobs, bytes: gone.bytes + unreferencedBytes },
    remaining: {
      blobs: used.blobs + unused.blobs - gone.blobs,
      bytes: used.bytes + unused.bytes - gone.bytes,
    },
    unusedAfterBytes: unused.bytes - gone.bytes,
    packs: {
      keep: uses.length - unneeded.length - repack.length,
      repack: repack.length,
      delete: unneeded.length,
    },
  };
}

type AmountKey =
  | 'usedBlobs'
  | 'usedBytes'
  | 'unusedBlobs'
  | 'unusedBytes'
  | 'duplicateBlobs'
  | 'duplicateBytes';

function sum(packs: readonly PackUse[], blobs: AmountKey, bytes: AmountKey): PruneAmount {
  const add = (key: AmountKey) => packs.reduce((total, pack) => total + pack[key], 0);
  return { blobs: add(blobs), bytes: add(bytes) };
}

function plus(a: PruneAmount, b: PruneAmount): PruneAmount {
  return { blobs: a.blobs + b.blobs, bytes: a.bytes + b.bytes };
}
