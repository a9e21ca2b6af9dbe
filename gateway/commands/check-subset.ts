/** Which packs `--read-data-subset` asks for. */
import { randomInt } from 'node:crypto';
import type { PackSummary } from '../repository/pack-table.js';
import { subsetMalformed } from './errors.js';

export type Subset =
  | { readonly kind: 'part'; readonly part: number; readonly of: number }
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'size'; readonly sizeBytes: number };

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** @throws SUBSET_MALFORMED. */
export function parseSubset(text: string): Subset {
  const fraction = /^(\d+)\/(\d+)$/.exec(text);
  if (fraction !== null) {
    const part = Number(fraction[1]);
    const of = Number(fraction[2]);
    // restic allows 256 parts at most: it sorts packs by the first byte of their ids.
    if (part >= 1 && part <= of && of <= 256) return { kind: 'part', part, of };
  }
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text);
  if (percent !== null) {
    const value = Number(percent[1]);
    if (value > 0 && value <= 100) return { kind: 'percent', percent: value };
  }
  const size = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text);
  if (size !== null) {
    const sizeBytes = Math.floor(Number(size[1]) * (units[(size[2] ?? '').toLowerCase()] ?? 1));
    if (sizeBytes > 0) return { kind: 'size', sizeBytes };
  }
  throw subsetMalformed(text);
}

/** Packs that were chosen; their ids come anew each time, so that millions need not be held. */
export interface ChosenPacks {
  readonly count: number;
  readonly sizeBytes: number;
  readonly largestBytes: number;
  ids(): Iterable<string>;
}

/**
 * Parts are by the first byte of the id as in restic, so that n/t over all n meets every pack once.
 * A percentage or size is drawn at random, at least one pack.
 * @param packs gives all packs anew each time.
 */
export function choosePacks(packs: () => Iterable<PackSummary>, subset: Subset): ChosenPacks {
  if (subset.kind === 'part') {
    const { part, of } = subset;
    return counted(() =>
      filtered(packs(), ({ packId }) => Number.parseInt(packId.slice(0, 2), 16) % of === part - 1),
    );
  }
  const all = [...packs()];
  const total = all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const isEnough =
    subset.kind === 'percent'
      ? (count: number) => count >= Math.max(1, Math.floor((all.length * subset.percent) / 100))
      : (_count: number, sizeBytes: number) => sizeBytes >= Math.min(total, subset.sizeBytes);
  const picked = pickAtRandom(all, isEnough);
  return counted(() => picked);
}

function counted(packs: () => Iterable<PackSummary>): ChosenPacks {
  let count = 0;
  let sizeBytes = 0;
  let largestBytes = 0;
  for (const pack of packs()) {
    count++;
    sizeBytes += pack.sizeBytes;
    largestBytes = Math.max(largestBytes, pack.sizeBytes);
  }
  return { count, sizeBytes, largestBytes, ids: () => idsOf(packs()) };
}

function* filtered(packs: Iterable<PackSummary>, fits: (pack: PackSummary) => boolean) {
  for (const pack of packs) if (fits(pack)) yield pack;
}

function* idsOf(packs: Iterable<PackSummary>) {
  for (const { packId } of packs) yield packId;
}

/** The first of a shuffle, until there are enough. */
function pickAtRandom(
  packs: PackSummary[],
  isEnough: (count: number, sizeBytes: number) => boolean,
): PackSummary[] {
  let sizeBytes = 0;
  let count = 0;
  while (count < packs.length && !isEnough(count, sizeBytes)) {
    const at = count + randomInt(packs.length - count);
    const pack = packs[at] as PackSummary;
    packs[at] = packs[count] as PackSummary;
    packs[count++] = pack;
    sizeBytes += pack.sizeBytes;
  }
  return packs.slice(0, count);
}
