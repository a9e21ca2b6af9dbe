/** The limits of prune as they are written on a command line. */
import { limitMalformed } from './errors.js';

/** How much of a repository may be unused after prune. */
export type UnusedLimit = { readonly percent: number } | { readonly bytes: number } | 'unlimited';

const powers: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4 };

/** Bytes from `500M` and the like, in powers of 1024. @throws LIMIT_MALFORMED. */
export function parseSize(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  if (digits === undefined || unit === undefined) throw limitMalformed(text);
  const power = powers[unit.toLowerCase()] ?? 0;
  const bytes = Math.round(Number(digits) * 1024 ** power);
  if (!Number.isSafeInteger(bytes)) throw limitMalformed(text);
  return bytes;
}

/** `5%`, `500M`, `0` or `unlimited`. @throws LIMIT_MALFORMED. */
export function parseUnusedLimit(text: string): UnusedLimit {
  if (text.trim() === 'unlimited') return 'unlimited';
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text.trim()) ?? [];
  if (percent === undefined) return { bytes: parseSize(text) };
  if (Number(percent) >= 100) throw limitMalformed(text);
  return { percent: Number(percent) };
}
