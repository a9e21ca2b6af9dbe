import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { packEntries } from '../../../gateway/check/pack-entries.js';
import { openBlob } from '../../../gateway/repository/blob-opener.js';
import { keyMaterialBytes, randomKeyMaterial, Sealer } from '../../../gateway/repository/crypto.js';
import { sha256Hex } from '../../../gateway/repository/layout.js';
import { loadZstd } from '../../../gateway/repository/zstd.js';
import { ResealThreads } from '../../../gateway/reseal/reseal-threads.js';

const contents = [
  { type: 'data', plain: Buffer.from('twice '.repeat(5000)), compressed: true },
  { type: 'tree', plain: Buffer.from('{"nodes":[]}\n'.repeat(40)), compressed: false },
  { type: 'data', plain: Buffer.from('plain '.repeat(5000)), compressed: false },
  { type: 'data', plain: randomBytes(40_000), compressed: false },
  { type: 'data', plain: Buffer.alloc(0), compressed: false },
] as const;

async function stretch(source: Sealer) {
  const parts: Buffer[] = [];
  const blobs = [];
  let offset = 0;
  for (const { type, plain, compressed } of contents) {
    const sealed = source.seal(compressed ? await (await loadZstd()).compress(plain) : plain);
    const uncompressedLength = compressed ? plain.length : 0;
    blobs.push({ type, id: sha256Hex(plain), offset, length: sealed.length, uncompressedLength });
    parts.push(sealed);
    offset += sealed.length;
  }
  return { bytes: new Uint8Array(Buffer.concat(parts)), blobs };
}

it.each([
  ['compresses what is plain', 2],
  ['leaves data plain where it is told to', undefined],
])('%s, and reuses frames, here and in threads', async (_what, level) => {
  const [source, target] = [new Sealer(randomKeyMaterial()), new Sealer(randomKeyMaterial())];
  const keys = { sourceKey: keyMaterialBytes(source.key), targetKey: keyMaterialBytes(target.key) };
  const { bytes, blobs } = await stretch(source);
  const frame = source.open(bytes.subarray(0, blobs[0]?.length));
  for (const threadsFromBytes of [0, Number.POSITIVE_INFINITY]) {
    const threads = new ResealThreads({ ...keys, level }, { count: 1, threadsFromBytes });
    try {
      const resealed = await threads.reseal({ bytes: bytes.slice(), ...packEntries(blobs) });
      for (const [at, { type, id, offset }] of blobs.entries()) {
        const sealed = resealed.bytes.subarray(offset, offset + resealed.sizes[at * 2]!);
        const uncompressedLength = resealed.sizes[at * 2 + 1]!;
        expect(await openBlob(target, { type, id, uncompressedLength }, sealed)).toEqual(contents[at]?.plain);
        expect(source.isIntact(sealed)).toBe(false);
      }
      expect(target.open(resealed.bytes.subarray(0, resealed.sizes[0]))).toEqual(frame);
      const plainSizes = [0, 1, 2, 3, 4].map((at) => resealed.sizes[at * 2 + 1]);
      expect(plainSizes).toEqual([30_000, 520, level === undefined ? 0 : 30_000, 0, 0]);
      const damaged = bytes.slice();
      damaged[100]! ^= 1;
      const call = threads.reseal({ bytes: damaged, ...packEntries(blobs) });
      await expect(call).rejects.toMatchObject({ code: 'REPOSITORY_DAMAGED' });
    } finally {
      await threads.close();
    }
  }
});
