/** Blob entries packed into few objects: copying a message between threads costs by their number. */
import type { BlobEntry } from '../repository/types.js';

const idDigits = 64;
const numbersEach = 4;

export function packEntries(blobs: readonly BlobEntry[]): { ids: string; numbers: Uint32Array } {
  const numbers = new Uint32Array(blobs.length * numbersEach);
  for (const [at, { type, offset, length, uncompressedLength }] of blobs.entries()) {
    numbers.set([type === 'tree' ? 1 : 0, offset, length, uncompressedLength], at * numbersEach);
  }
  return { ids: blobs.map(({ id }) => id).join(''), numbers };
}

export function unpackEntries({ ids, numbers }: { ids: string; numbers: Uint32Array }): BlobEntry[] {
  return Array.from({ length: numbers.length / numbersEach }, (_, at) => {
    const [tree, offset, length, uncompressedLength] = numbers.subarray(
      at * numbersEach,
      (at + 1) * numbersEach,
    );
    return {
      type: tree === 1 ? 'tree' : 'data',
      id: ids.slice(at * idDigits, (at + 1) * idDigits),
      offset: offset as number,
      length: length as number,
      uncompressedLength: uncompressedLength as number,
    };
  });
}
