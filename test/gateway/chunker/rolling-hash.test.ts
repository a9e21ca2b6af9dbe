import { describe, expect, it } from 'vitest';
import { openBlockScanner } from '../../../gateway/chunker/block-scanner.js';
import { buildTables } from '../../../gateway/chunker/polynomial.js';
import {
  plainRollingHash,
  type RollingHash,
  rollingHash,
  windowSizeBytes,
} from '../../../gateway/chunker/rolling-hash.js';
import { keyStream, knownPolynomial } from './vectors.js';

const mask = 2 ** 12 - 1;

/** Every place where the fingerprint has twelve low bits of zero, with the fingerprint there. */
function cutsOf(hash: RollingHash, data: Buffer, from: number, pieceBytes: number): string[] {
  const state = new Int32Array(2);
  const cuts: string[] = [];
  hash.warm(state, data, from - windowSizeBytes, from);
  for (let at = from; at < data.length; ) {
    const to = Math.min(data.length, at + pieceBytes);
    const cut = hash.roll(state, data, at, to, mask);
    if (cut >= 0) cuts.push(`${cut} ${state.join(' ')}`);
    at = cut < 0 ? to : cut;
  }
  return cuts;
}

describe('the fingerprint in whole blocks', () => {
  const data = keyStream(1024 * 1024);
  const plain = cutsOf(plainRollingHash(knownPolynomial), data, windowSizeBytes, data.length);

  it('is there in this Node', () => {
    expect(openBlockScanner(buildTables(knownPolynomial))).toBeDefined();
  });

  it.each([1024 * 1024, 100_000, 16_384, 16_383, 50_001])('finds the same cuts in pieces of %i', (piece) => {
    expect(plain.length).toBeGreaterThan(200);
    expect(cutsOf(rollingHash(knownPolynomial), data, windowSizeBytes, piece)).toEqual(plain);
  });

  it('finds the same cuts from any place on', () => {
    const [hash, reference] = [rollingHash(knownPolynomial), plainRollingHash(knownPolynomial)];
    for (const from of [65, 4097, 12_345, 700_001]) {
      expect(cutsOf(hash, data, from, data.length)).toEqual(cutsOf(reference, data, from, data.length));
    }
  });
});
