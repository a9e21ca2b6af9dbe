/** The packs of an index by number: id, totals, and which runs of blob records are theirs. */
import { IdTable } from './id-table.js';
import { packOverheadBytes, packSizeShare } from './pack-format.js';

export interface PackSummary {
  readonly packId: string;
  /** The size that the file must have, from its blobs and header. */
  readonly sizeBytes: number;
  readonly blobCount: number;
  readonly treeCount: number;
}

/** Record numbers from `first` on. */
export interface RecordRun {
  readonly first: number;
  count: number;
}

export class PackTable {
  readonly #ids = new IdTable();
  readonly #sizes: number[] = [];
  readonly #treeCounts: number[] = [];
  /** The first run of each pack; nearly always the only one. */
  readonly #firsts: number[] = [];
  readonly #counts: number[] = [];
  readonly #moreRuns = new Map<number, RecordRun[]>();
  readonly #dropped = new Set<number>();

  /** The pack's number, or -1 when it is unknown or dropped. */
  find(packId: string): number {
    const number = this.#ids.find(packId);
    return number >= 0 && this.#dropped.has(number) ? -1 : number;
  }

  add(packId: string): number {
    const known = this.find(packId);
    if (known >= 0) return known;
    this.#sizes.push(packOverheadBytes);
    this.#treeCounts.push(0);
    this.#firsts.push(0);
    this.#counts.push(0);
    return this.#ids.addNew(packId);
  }

  idOf(number: number): string {
    return this.#ids.idOf(number);
  }

  isDropped(number: number): boolean {
    return this.#dropped.size > 0 && this.#dropped.has(number);
  }

  /** @returns how many blobs went with it. */
  drop(number: number): number {
    this.#dropped.add(number);
    return this.#blobCount(number);
  }

  /** Numbers of the packs that are there now. */
  *numbers(): Generator<number> {
    const { size } = this.#ids;
    for (let number = 0; number < size; number++) if (!this.isDropped(number)) yield number;
  }

  summary(number: number): PackSummary {
    return {
      packId: this.idOf(number),
      sizeBytes: this.#sizes[number] as number,
      blobCount: this.#blobCount(number),
      treeCount: this.#treeCounts[number] as number,
    };
  }

  runs(number: number): RecordRun[] {
    const first = { first: this.#firsts[number] as number, count: this.#counts[number] as number };
    return [first, ...(this.#moreRuns.get(number) ?? [])];
  }

  /** Counts a record as the pack's. */
  count(number: number, record: number, isTree: boolean, length: number, uncompressedLength: number): void {
    (this.#sizes[number] as number) += packSizeShare({ length, uncompressedLength });
    if (isTree) (this.#treeCounts[number] as number) += 1;
    const count = this.#counts[number] as number;
    if (count === 0) this.#firsts[number] = record;
    if (record === (this.#firsts[number] as number) + count) this.#counts[number] = count + 1;
    else this.#countInMoreRuns(number, record);
  }

  #countInMoreRuns(number: number, record: number): void {
    const runs = this.#moreRuns.get(number) ?? [];
    const last = runs.at(-1);
    if (last !== undefined && record === last.first + last.count) last.count++;
    else runs.push({ first: record, count: 1 });
    this.#moreRuns.set(number, runs);
  }

  #blobCount(number: number): number {
    return this.runs(number).reduce((sum, { count }) => sum + count, 0);
  }
}
