import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  buildTables,
  degree,
  frobeniusDifference,
  greatestCommonDivisor,
  isIrreducible,
  multiplyModulo,
  pickPolynomial,
} from '../../../gateway/chunker/polynomial.js';
import { keyStream, knownPolynomial } from './vectors.js';

describe('polynomials over GF(2)', () => {
  it.each([0x3da3358b4dc173n, 0x2482734cacca49n])('finds %s irreducible', (p) => {
    expect(isIrreducible(p)).toBe(true);
  });

  it.each([
    0x38f1e565e288dfn,
    0x30a8295b9d5c91n,
    0x255f4350b962cbn,
    0x267f776110a235n,
    0x2f4dae10d41227n,
    0x312daf4b284899n,
    0x200d57aa6fdacbn,
    0x3143d0464b3299n,
  ])('finds %s reducible', (p) => {
    expect(isIrreducible(p)).toBe(false);
  });

  it.each([
    [1, 0x6n],
    [2, 0x12n],
    [3, 0x102n],
    [4, 0x10002n],
    [5, 0x100000002n],
    [6, 0xc8314de9e1bf5n],
    [26, 0x274dfae555501n],
  ])('computes x^(2^%i) + x modulo the known polynomial', (exponent, expected) => {
    expect(frobeniusDifference(exponent, knownPolynomial)).toBe(expected);
  });

  it('multiplies and divides without carry', () => {
    expect(multiplyModulo(0x1230n, 0x230n, 0x55n)).toBe(0x22n);
    expect(multiplyModulo(0x0eae8c07dbbb3026n, 0xd5d6db9de04771den, 0xdd2bda3b77c9n)).toBe(0x425ae8595b7an);
    expect(greatestCommonDivisor(knownPolynomial, 0x230d2259defdn)).toBe(1n);
    expect(greatestCommonDivisor(0x230d2259defdn, 0x51b492b3eff2n)).toBe(0b10011n);
  });

  it('picks the polynomial that the reference picks from the same random bytes', () => {
    const random = keyStream(64 * 1024);
    let taken = 0;
    const picked = pickPolynomial((count) => {
      taken += count;
      return random.subarray(taken - count, taken);
    });
    expect(picked.toString(16)).toBe('26869c2410b7b1');
    expect(degree(picked)).toBe(53);
  });
});

describe('chunker tables of the known polynomial', () => {
  const tables = buildTables(knownPolynomial);
  const entry = (high: Int32Array, low: Int32Array, index: number) =>
    ((BigInt(high[index]! >>> 0) << 32n) | BigInt(low[index]! >>> 0)).toString(16).padStart(16, '0');
  const out = (index: number) => entry(tables.outHigh, tables.outLow, index);
  const mod = (index: number) => entry(tables.modHigh, tables.modLow, index);
  const hashOf = (of: (index: number) => string) =>
    createHash('sha256')
      .update(Array.from({ length: 256 }, (_, i) => of(i)).join(''), 'hex')
      .digest('hex');

  it('match the reference at sampled bytes', () => {
    expect([0, 1, 2, 127, 128, 254, 255].map((i) => [out(i), mod(i)])).toEqual([
      ['0000000000000000', '0000000000000000'],
      ['0017eb4232e19216', '003da3358b4dc173'],
      ['001275b1ee8ee55f', '0046e55e9dd64395'],
      ['000e35fddf06a8c6', '0fe507dfe8dcdbea'],
      ['0005b54453ea6b5c', '1012ab55b228ad4d'],
      ['001c6bfbbe0d518c', '1fca0fbfd1b9b7d4'],
      ['000b80b98cecc39a', '1ff7ac8a5af476a7'],
    ]);
  });

  it('match the reference as a whole', () => {
    expect(hashOf(out)).toBe('193afff4e0cea8c874f96f381913e0a2d6598aaa0ade815649340cc8813ffa77');
    expect(hashOf(mod)).toBe('3d513ffd8fe45990518f54a94c77e0109f3d24e7f5f45a79944e16dbe1bac5a0');
  });
});
