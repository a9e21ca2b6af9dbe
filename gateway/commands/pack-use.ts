/**
 * What of each pack is needed. A blob that lies in several packs is needed in one of them only: in
 * one that stays for other blobs' sake where there is such a pack.
 */

import type { BlobView } from '../repository/blob-index.js';
import { BlobSet } from '../repository/blob-set.js';
import { packSizeShare } from '../repository/pack-format.js';
import type { PackSummary } from '../repository/pack-table.js';
import type { Repository } from '../repository/repository.js';
import type { BlobEntry } from '../repository/types.js';

export interface PackUse {
  readonly packId: string;
  /** As the index has it. */
  readonly sizeBytes: number;
  readonly kind: 'data' | 'tree' | 'mixed';
  readonly usedBlobs: number;
  /** With what they add to the header; likewise below. */
  readonly usedBytes: number;
  readonly unusedBlobs: number;
  readonly unusedBytes: number;
  /** Of the unused ones, those that are needed but lie elsewhere too. */
  readonly duplicateBlobs: number;
  readonly duplicateBytes: number;
  /** Has used blobs that compression is likely to shrink. */
  readonly isUncompressed: { readonly data: boolean; readonly tree: boolean };
}

/** Sealed trees up to this size may be plain because compression did not shrink them. */
const smallTreeBytes = 200;
/** What a sealed empty blob takes. */
const emptyBlobBytes = 32;

export class PackUses {
  readonly packs: PackUse[] = [];
  readonly #repository: Repository;
  readonly #used: BlobSet;
  /** Numbers of used blobs that lie in several places. */
  readonly #duplicated = new BlobSet();
  /** The places at which duplicated blobs are needed, one of each. */
  readonly #keepers = new BlobSet();

  constructor(repository: Repository, used: BlobSet) {
    this.#repository = repository;
    this.#used = used;
  }

  /** Looks at every pack of the index. */
  static of(repository: Repository, used: BlobSet): PackUses {
    const uses = new PackUses(repository, used);
    uses.#measureAll();
    if (uses.#duplicated.size > 0) {
      uses.#chooseKeepers();
      uses.#measureAll();
    }
    return uses;
  }

  /** The blobs for which the pack is needed, by offset. */
  neededBlobs(packId: string): BlobEntry[] {
    return this.#repository.maintenance.blobsOfPack(packId, (blob) => this.#isNeeded(blob));
  }

  /** Until keepers are chosen it only learns which blobs lie in several places. */
  #measureAll(): void {
    this.packs.length = 0;
    const seen = new BlobSet();
    for (const pack of this.#repository.indexedPacks()) this.packs.push(this.#measure(pack, seen));
  }

  #chooseKeepers(): void {
    const stays: string[] = [];
    const others: string[] = [];
    for (const { packId } of this.#repository.indexedPacks()) {
      (this.#hasOwnBlobs(packId) ? stays : others).push(packId);
    }
    const settled = new BlobSet();
    for (const packId of [...stays, ...others]) {
      this.#repository.maintenance.visitPack(packId, ({ number, place }) => {
        if (this.#duplicated.has(number) && settled.add(number)) this.#keepers.add(place);
      });
    }
  }

  #hasOwnBlobs(packId: string): boolean {
    let hasOwn = false;
    this.#repository.maintenance.visitPack(packId, ({ number }) => {
      hasOwn ||= this.#used.has(number) && !this.#duplicated.has(number);
    });
    return hasOwn;
  }

  #isNeeded({ number, place }: BlobView): boolean {
    return this.#used.has(number) && (!this.#duplicated.has(number) || this.#keepers.has(place));
  }

  #measure({ packId, sizeBytes }: PackSummary, seen: BlobSet): PackUse {
    const counts = { usedBlobs: 0, usedBytes: 0, unusedBlobs: 0, unusedBytes: 0 };
    const duplicates = { duplicateBlobs: 0, duplicateBytes: 0 };
    const isUncompressed = { data: false, tree: false };
    const kinds = new Set<PackUse['kind']>();
    this.#repository.maintenance.visitPack(packId, (blob) => {
      kinds.add(blob.type);
      const share = packSizeShare(blob);
      const isUsed = this.#used.has(blob.number);
      if (isUsed && !seen.add(blob.number)) this.#duplicated.add(blob.number);
      if (this.#isNeeded(blob)) {
        counts.usedBlobs++;
        counts.usedBytes += share;
        if (isWorthCompressing(blob)) isUncompressed[blob.type] = true;
        return;
      }
      counts.unusedBlobs++;
      counts.unusedBytes += share;
      if (!isUsed) return;
      duplicates.duplicateBlobs++;
      duplicates.duplicateBytes += share;
    });
    const [kind = 'data'] = kinds;
    return {
      packId,
      sizeBytes,
      kind: kinds.size > 1 ? 'mixed' : kind,
      ...counts,
      ...duplicates,
      isUncompressed,
    };
  }
}

/** True for a blob that is stored plain though compression is likely to shrink it. */
export function isWorthCompressing({
  type,
  length,
  uncompressedLength,
}: Pick<BlobEntry, 'type' | 'length' | 'uncompressedLength'>): boolean {
  return uncompressedLength === 0 && length > (type === 'tree' ? smallTreeBytes : emptyBlobBytes);
}
