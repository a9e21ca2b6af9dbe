/**
 * A delay that differs from machine to machine and from job to job, and stays the same for each, so
 * that a house full of machines does not fall upon one server at the same minute.
 */
import { createHash } from 'node:crypto';

/** @returns milliseconds from 0 up to, not including, `mostMs`. */
export function stableDelayMs(hostName: string, job: string, mostMs: number): number {
  if (mostMs <= 0) return 0;
  const digest = createHash('sha256').update(`${hostName}\n${job}`).digest();
  return Math.floor((digest.readUIntBE(0, 6) / 2 ** 48) * mostMs);
}
