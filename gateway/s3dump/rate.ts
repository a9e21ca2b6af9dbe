/** The rate of s3dump: whole bytes a second, with k, m, g or t for powers of 1024. */
import { rateMalformed } from '../throttle/rate.js';

const units: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };
const startBytesPerSecond = 256 * 1024;
const leastBytesPerSecond = 1024;
const mostBytesPerSecond = 10 * 1024 ** 2;

/** Bytes per second. @throws RATE_MALFORMED. */
export function parseDumpRate(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)([kmgt]?)$/i.exec(text.trim()) ?? [];
  const rate = Number(digits) * (units[unit.toLowerCase()] ?? 0);
  if (digits === '' || rate < 1 || !Number.isSafeInteger(rate)) throw rateMalformed(text);
  return rate;
}

/** The rate after a signal; undefined is none. From none it starts at 256 KiB/s; beyond its bounds it ends. */
export function changedRate(current: number | undefined, factor: 0.5 | 2): number | undefined {
  const rate = current === undefined ? startBytesPerSecond : current * factor;
  return rate < leastBytesPerSecond || rate > mostBytesPerSecond ? undefined : rate;
}
