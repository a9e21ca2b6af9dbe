/**
 * The rolling fingerprint itself: one closure per polynomial. The engine then treats the tables as
 * constants, which makes the loop half as fast again as with tables reached through an object. Whole
 * blocks go through WebAssembly where it is there, six times as fast.
 */
import { type BlockScanner, openBlockScanner } from './block-scanner.js';
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

/** In JavaScript alone; for tests. */
export function plainRollingHash(polynomial: bigint): RollingHash {
  return fromTables(buildTables(polynomial));
}

/** Tables are made once per polynomial and process (some ten milliseconds). */
export function rollingHash(polynomial: bigint): RollingHash {
  const known = built.get(polynomial);
  if (known !== undefined) return known;
  const tables = buildTables(polynomial);
  const plain = fromTables(tables);
  const scanner = openBlockScanner(tables);
  const hash = scanner === undefined ? plain : withBlocks(plain, scanner);
  built.set(polynomial, hash);
  return hash;
}

/** A fingerprint depends on 64 bytes only: after blocks it is made anew from those. */
function withBlocks(plain: RollingHash, scanner: BlockScanner): RollingHash {
  return {
    warm: plain.warm,
    roll(state, data, from, to, mask) {
      const blocksEnd = to - ((to - from) % scanner.blockBytes);
      if (blocksEnd === from) return plain.roll(state, data, from, to, mask);
      const cut = scanner.scan(data, from, blocksEnd, mask);
      const end = cut < 0 ? blocksEnd : cut;
      state.fill(0);
      plain.warm(state, data, end - windowSizeBytes, end);
      return cut < 0 ? plain.roll(state, data, end, to, mask) : cut;
    },
  };
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
