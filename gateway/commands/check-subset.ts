/** Which packs `--read-data-subset` asks for. */
import { randomInt } from 'node:crypto';
import { subsetMalformed } from './errors.js';

export type Subset =
  | { readonly kind: 'part'; readonly part: number; readonly of: number }
  | { readonly kind: 'percent'; readonly percent: number };

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
  throw subsetMalformed(text);
}

/** Parts are by the first byte of the id as in restic, so that n/t over all n meets every pack once. */
export function packsOfSubset(packIds: readonly string[], text: string | undefined): string[] {
  if (text === undefined) return [];
  const subset = parseSubset(text);
  if (subset.kind === 'part') {
    const { part, of } = subset;
    return packIds.filter((id) => Number.parseInt(id.slice(0, 2), 16) % of === part - 1);
  }
  const count = Math.min(packIds.length, Math.max(1, Math.floor((packIds.length * subset.percent) / 100)));
  return pickAtRandom(packIds, count);
}

function pickAtRandom(items: readonly string[], count: number): string[] {
  const rest = [...items];
  const picked: string[] = [];
  while (picked.length < count) picked.push(...rest.splice(randomInt(rest.length), 1));
  return picked;
}
