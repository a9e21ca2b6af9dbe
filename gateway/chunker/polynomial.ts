/**
 * Polynomials over GF(2) as bigints (bit n = coefficient of x^n): picking one, and the chunker's
 * tables. Slow on purpose; nothing here runs per byte of data.
 */

/** Every repository's polynomial has exactly this degree. */
export const polynomialDegree = 53;

const windowSizeBytes = 64;
const pickAttempts = 1_000_000;

/** Fingerprint tables for one polynomial, each 256 entries, split for 32-bit arithmetic. */
export interface ChunkerTables {
  /** The share in the fingerprint of a byte that 63 others followed. */
  readonly outHigh: Int32Array;
  readonly outLow: Int32Array;
  /** The same times x^8: its share once one more byte has followed. */
  readonly leaveHigh: Int32Array;
  readonly leaveLow: Int32Array;
  /** Folds the eight bits that shift out at the top back in. */
  readonly modHigh: Int32Array;
  readonly modLow: Int32Array;
}

/** -1 for zero. */
export function degree(a: bigint): number {
  return a === 0n ? -1 : a.toString(2).length - 1;
}

/** The remainder of `a` by `p`; `p` is not zero. */
function modulo(a: bigint, p: bigint): bigint {
  const target = degree(p);
  let rest = a;
  for (let d = degree(rest); d >= target; d = degree(rest)) rest ^= p << BigInt(d - target);
  return rest;
}

/** a · b mod p. */
export function multiplyModulo(a: bigint, b: bigint, p: bigint): bigint {
  let product = 0n;
  let shifted = modulo(a, p);
  for (let rest = b; rest > 0n; rest >>= 1n) {
    if (rest & 1n) product ^= shifted;
    shifted = modulo(shifted << 1n, p);
  }
  return product;
}

export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, modulo(x, y)];
  return x;
}

/** (x^(2^exponent) + x) mod p, the term of Ben-Or's test. */
export function frobeniusDifference(exponent: number, p: bigint): bigint {
  let power = 2n;
  for (let i = 0; i < exponent; i++) power = multiplyModulo(power, power, p);
  return modulo(power ^ 2n, p);
}

/** Ben-Or's test: true when `p` has no factors. */
export function isIrreducible(p: bigint): boolean {
  const half = Math.floor(degree(p) / 2);
  let power = 2n;
  for (let i = 1; i <= half; i++) {
    power = multiplyModulo(power, power, p);
    if (greatestCommonDivisor(p, modulo(power ^ 2n, p)) !== 1n) return false;
  }
  return degree(p) >= 1;
}

/**
 * An irreducible polynomial of degree 53.
 * @param randomBytes hands out that many random bytes at each call; eight are taken per candidate.
 */
export function pickPolynomial(randomBytes: (count: number) => Buffer): bigint {
  for (let attempt = 0; attempt < pickAttempts; attempt++) {
    const low = randomBytes(8).readBigUInt64LE() & ((1n << 54n) - 1n);
    const candidate = low | (1n << 53n) | 1n;
    if (isIrreducible(candidate)) return candidate;
  }
  throw new Error('the random source yields no irreducible polynomial');
}

export function buildTables(polynomial: bigint): ChunkerTables {
  const tables: ChunkerTables = {
    outHigh: new Int32Array(256),
    outLow: new Int32Array(256),
    leaveHigh: new Int32Array(256),
    leaveLow: new Int32Array(256),
    modHigh: new Int32Array(256),
    modLow: new Int32Array(256),
  };
  const top = BigInt(degree(polynomial));
  for (let byte = 0; byte < 256; byte++) {
    let out = modulo(BigInt(byte), polynomial);
    for (let i = 1; i < windowSizeBytes; i++) out = modulo(out << 8n, polynomial);
    const overflow = BigInt(byte) << top;
    const mod = modulo(overflow, polynomial) | overflow;
    put(tables.outHigh, tables.outLow, byte, out);
    put(tables.leaveHigh, tables.leaveLow, byte, modulo(out << 8n, polynomial));
    put(tables.modHigh, tables.modLow, byte, mod);
  }
  return tables;
}

function put(high: Int32Array, low: Int32Array, index: number, value: bigint): void {
  high[index] = Number(value >> 32n);
  low[index] = Number(BigInt.asIntN(32, value));
}
