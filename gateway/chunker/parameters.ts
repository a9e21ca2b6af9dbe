/** What decides where chunks end. Every writer of one repository must use the same values. */
export interface ChunkerParameters {
  /** Irreducible over GF(2), degree 53, bit n = coefficient of x^n. */
  readonly polynomial: bigint;
  /** No chunk but the last of a file is shorter, bytes. */
  readonly minSizeBytes: number;
  /** No chunk is longer, bytes. */
  readonly maxSizeBytes: number;
  /** A cut is where this many low bits of the fingerprint are zero; the mean is min + 2^bits. */
  readonly averageBits: number;
}

/** The sizes that restic fixes for every repository: 512 KiB, 8 MiB, 20 bits. */
export function resticChunkerParameters(polynomial: bigint): ChunkerParameters {
  return { polynomial, minSizeBytes: 512 * 1024, maxSizeBytes: 8 * 1024 * 1024, averageBits: 20 };
}
