import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { Chunker } from '../../../gateway/chunker/chunker.js';
import { type ChunkerParameters, resticChunkerParameters } from '../../../gateway/chunker/parameters.js';
import { type ExpectedChunk, expectedChunks, goRandomBytes, keyStream, knownPolynomial } from './vectors.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Chunks `data` as one buffer. The digest of the chunk that the file's end closes means nothing. */
function chunksWithDigests(data: Buffer, parameters: ChunkerParameters): ExpectedChunk[] {
  const chunker = new Chunker(parameters);
  const chunks: ExpectedChunk[] = [];
  let start = 0;
  while (start < data.length) {
    const cut = chunker.nextCut(data, start);
    const end = cut < 0 ? data.length : cut;
    const digest = cut < 0 ? -1n : chunker.digest;
    chunks.push({ sizeBytes: end - start, digest, sha256: sha256(data.subarray(start, end)) });
    start = end;
  }
  return chunks;
}

function expectChunks(actual: ExpectedChunk[], expected: ExpectedChunk[]): void {
  const ofEnd = actual.findIndex((chunk) => chunk.digest === -1n);
  expect([-1, actual.length - 1]).toContain(ofEnd);
  expect(actual).toEqual(expected.map((chunk, i) => (i === ofEnd ? { ...chunk, digest: -1n } : chunk)));
}

describe('the reference test table (32 MiB of Go math/rand, seed 23)', () => {
  let data: Buffer;
  beforeAll(() => {
    data = goRandomBytes(32 * 1024 * 1024);
  });
  const usual = resticChunkerParameters(knownPolynomial);

  it('starts from the reference input', () => {
    expect(sha256(data)).toBe('529617b3a6df2372a77f656f14a5baaf997dc03c1fc458d196f933fed0a46573');
  });

  it('cuts where the reference cuts with the default sizes', () => {
    expectChunks(chunksWithDigests(data, usual), expectedChunks('a-default'));
  });

  it('cuts where the reference cuts with a mask of 19 bits', () => {
    expectChunks(chunksWithDigests(data, { ...usual, averageBits: 19 }), expectedChunks('a-19-bits'));
  });

  it('cuts where the reference cuts between 16 and 32 MiB', () => {
    const large = { ...usual, minSizeBytes: 16 * 1024 * 1024, maxSizeBytes: 32 * 1024 * 1024 };
    expectChunks(chunksWithDigests(data, large), expectedChunks('a-16-to-32-mib'));
  });
});

describe('inputs made with an AES key stream', () => {
  it.each([0x3da3358b4dc173n, 0x26869c2410b7b1n, 0x25b468838dcb75n])('cuts 16 MiB with %s', (polynomial) => {
    const chunks = chunksWithDigests(keyStream(16 * 1024 * 1024), resticChunkerParameters(polynomial));
    expectChunks(chunks, expectedChunks(`b-${polynomial.toString(16)}`));
  });

  it.each([524287, 524288, 524289])('keeps %i bytes in one chunk', (sizeBytes) => {
    const chunks = chunksWithDigests(keyStream(sizeBytes), resticChunkerParameters(knownPolynomial));
    expectChunks(chunks, expectedChunks(`b-${sizeBytes}`));
  });
});

describe('regular inputs', () => {
  const parameters = resticChunkerParameters(knownPolynomial);
  const ramp = Buffer.from(Uint8Array.from({ length: 20 * 1024 * 1024 }, (_, i) => i & 255));

  it.each([
    ['zeros', Buffer.alloc(3 * 524288 + 100)],
    ['ff', Buffer.alloc(20 * 1024 * 1024, 0xff)],
    ['01', Buffer.alloc(20 * 1024 * 1024, 1)],
    ['ramp', ramp],
  ])('cuts %s as the reference does', (name, data) => {
    expectChunks(chunksWithDigests(data, parameters), expectedChunks(`b-${name}`));
  });
});

describe('a chunker after a reset', () => {
  it('has forgotten the bytes before', () => {
    const data = keyStream(4 * 1024 * 1024);
    const chunker = new Chunker(resticChunkerParameters(knownPolynomial));
    const first = chunker.nextCut(data, 0);
    chunker.nextCut(data, first + 1234);
    chunker.reset();
    expect(chunker.nextCut(data, 0)).toBe(first);
  });
});
