/** What a month of storage costs. Prices are estimates: lines `price CLASS DOLLARS` of the key file win. */
import type { Catalogue } from './catalogue.js';

/** Dollars per GiB and month in us-east-1, first 50 TB, from AWS's price list as of 2026. */
const defaultPrices: ReadonlyMap<string, number> = new Map([
  ['STANDARD', 0.023],
  ['INTELLIGENT_TIERING', 0.023],
  ['STANDARD_IA', 0.0125],
  ['ONEZONE_IA', 0.01],
  ['GLACIER_IR', 0.004],
  ['GLACIER', 0.0036],
  ['DEEP_ARCHIVE', 0.00099],
  ['REDUCED_REDUNDANCY', 0.024],
]);

const bytesPerGib = 1024 ** 3;

export interface Totals {
  readonly bytes: number;
  readonly objects: number;
  readonly dollarsPerMonth: number;
}

export function totalsOf({ dumps, others }: Catalogue, prices: ReadonlyMap<string, number>): Totals {
  const entries = [...dumps.flatMap(({ pieces }) => pieces), ...others];
  let bytes = 0;
  let dollarsPerMonth = 0;
  for (const { sizeBytes, storageClass = 'STANDARD' } of entries) {
    const price = prices.get(storageClass) ?? defaultPrices.get(storageClass) ?? 0.023;
    bytes += sizeBytes;
    dollarsPerMonth += (sizeBytes / bytesPerGib) * price;
  }
  return { bytes, objects: entries.length, dollarsPerMonth };
}
