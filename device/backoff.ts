/** Waits between attempts: doubling from `minMs` to `maxMs`, each halved at most by chance. */

/** @param attempt 0 for the wait after the first failure. Spreads devices that failed together. */
export function backoffMs(attempt: number, minMs: number, maxMs: number): number {
  const fullMs = Math.min(maxMs, minMs * 2 ** Math.min(attempt, 30));
  return fullMs / 2 + (Math.random() * fullMs) / 2;
}
