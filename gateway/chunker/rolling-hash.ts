/**
 * The rolling fingerprint itself: one closure per polynomial. The engine then treats the tables as
 * constants, which makes the loop half as fast again as with tables reached through an object.
 */
import { buildTables, type ChunkerTables } from './polynomial.js';

export const windowSizeBytes = 64;

/** A fingerprint split for 32-bit arithmetic: [high 21 bits, low 32 bits]. */
export type Fingerprint = Int32Array;

export interface RollingHash {
  /** Rolls data[from..to) in; no byte leaves the window yet. */
  warm(state: Fingerprint, data: Uint8Array, from: number, to: number): void;
  /**
   * Rolls data[from..to) in and the bytes 64 before each out, until the bits of `mask` are all zero.
   * `from` is at least 64. @returns the index after the byte that did it, or -1.
   */
  roll(state: Fingerprint, data: Uint8Array, from: number, to: number, mask: number): number;
}

const built = new Map<bigint, RollingHash>();

/** Tables are made once per polynomial and process (some ten milliseconds). */
export function rollingHash(polynomial: bigint): RollingHash {
  const known = built.get(polynomial);
  if (known !== undefined) return known;
  const hash = fromTables(buildTables(polynomial));
  built.set(polynomial, hash);
  return hash;
}

function fromTables({ leaveHigh, leaveLow, modHigh, modLow }: ChunkerTables): RollingHash {
  return {
    warm(state, data, from, to) {
      let high = state[0] as number;
      let low = state[1] as number;
      for (let i = from; i < to; i++) {
        const top = (high >>> 13) & 0xff;
        high = (high << 8) ^ (low >>> 24) ^ (modHigh[top] as number);
        low = (low << 8) ^ (data[i] as number) ^ (modLow[top] as number);
      }
      state[0] = high;
      state[1] = low;
    },
    roll(state, data, from, to, mask) {
      let high = state[0] as number;
      let low = state[1] as number;
      let cut = -1;
      let i = from;
      while (i < to) {
        const out = data[i - windowSizeBytes] as number;
        const top = (high >>> 13) & 0xff;
        // The leaving byte's share is already multiplied by x^8: it need not wait for the fingerprint.
        high = (high << 8) ^ (low >>> 24) ^ (leaveHigh[out] as number) ^ (modHigh[top] as number);
        low = (low << 8) ^ (data[i] as number) ^ (leaveLow[out] as number) ^ (modLow[top] as number);
        i++;
        if ((low & mask) === 0) {
          cut = i;
          break;
        }
      }
      state[0] = high;
      state[1] = low;
      return cut;
    },
  };
}
