import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { chunksOf } from '../../../gateway/chunker/chunk-stream.js';
import { Chunker } from '../../../gateway/chunker/chunker.js';
import { resticChunkerParameters } from '../../../gateway/chunker/parameters.js';
import { expectedChunks, keyStream, knownPolynomial } from './vectors.js';

const data = keyStream(16 * 1024 * 1024);
const expected = expectedChunks('b-3da3358b4dc173').map((chunk) => chunk.sha256);

function* inPieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function hashes(source: Iterable<Uint8Array>): Promise<string[]> {
  const chunker = new Chunker(resticChunkerParameters(knownPolynomial));
  const found: string[] = [];
  for await (const chunk of chunksOf(source, chunker)) {
    found.push(createHash('sha256').update(chunk).digest('hex'));
  }
  return found;
}

describe('a stream of buffers', () => {
  it.each([
    ['one buffer', [data.length]],
    ['64 KiB', [65536]],
    ['odd sizes around the window', [1, 63, 64, 65, 7, 100_003, 0, 2]],
    ['3 MiB and a bit', [3 * 1024 * 1024 + 17]],
    [
      'three bytes at a time near the first cuts',
      [524_200, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 26_000],
    ],
  ])('gives the same chunks in pieces of %s', async (_name, sizes) => {
    expect(await hashes(inPieces(data, sizes))).toEqual(expected);
  });

  it('has no chunk when it is empty', async () => {
    expect(await hashes([])).toEqual([]);
    expect(await hashes([new Uint8Array(0)])).toEqual([]);
  });

  it('hands a chunk that lies in one buffer on without copying it', async () => {
    const chunker = new Chunker(resticChunkerParameters(knownPolynomial));
    const first = await chunksOf([data], chunker).next();
    expect(first.value?.buffer).toBe(data.buffer);
  });
});
