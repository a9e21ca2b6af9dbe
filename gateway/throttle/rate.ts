/**
 * Rates as people write them. A plain number is KiB per second, as with restic's `--limit-upload`;
 * `k`, `M` and `G` are powers of 1024 bytes per second: `500`, `300k`, `2M`, `1.5M`.
 */
import { GatehouseError } from '../../core/errors.js';

const unitBytes: Readonly<Record<string, number>> = { '': 1024, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes per second. @throws RATE_MALFORMED when the text is no rate above zero. */
export function parseRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmg]?)$/i.exec(text.trim());
  const [, amount = '', suffix = ''] = match ?? [];
  const bytesPerSecond = Math.floor(Number(amount) * (unitBytes[suffix.toLowerCase()] ?? 0));
  if (match === null || !Number.isSafeInteger(bytesPerSecond) || bytesPerSecond < 1) {
    throw rateMalformed(text);
  }
  return bytesPerSecond;
}

/** Raised for a rate that cannot be read or is zero; the user writes it as the hint shows. */
export function rateMalformed(text: string): GatehouseError {
  return new GatehouseError('RATE_MALFORMED', `"${text}" is not a transfer rate.`, {
    context: { text },
    hint: 'Write KiB per second as a plain number (500), or with a unit: 300k, 2M, 1G (per second).',
  });
}
