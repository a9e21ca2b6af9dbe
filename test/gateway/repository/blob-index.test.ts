import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CompactBlobIndex } from '../../../gateway/repository/blob-index.js';
import type { BlobEntry } from '../../../gateway/repository/types.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Ids of packs. */
const [a, b, c, unknown] = ['aa', 'bb', 'cc', 'dd'].map((digits) => digits.repeat(32)) as [
  string,
  string,
  string,
  string,
];

const idOf = (n: number) => createHash('sha256').update(String(n)).digest('hex');

function blob(n: number, more: Partial<BlobEntry> = {}): BlobEntry {
  return { type: 'data', id: idOf(n), offset: n * 100, length: 100, uncompressedLength: 0, ...more };
}

describe('the blob index', () => {
  it('finds each of many blobs after growing', () => {
    const index = new CompactBlobIndex();
    for (let pack = 0; pack < 50; pack++) {
      const blobs = Array.from({ length: 200 }, (_, i) => blob(pack * 200 + i, { uncompressedLength: i }));
      index.addPack(idOf(-1 - pack), blobs);
    }
    expect(index.blobCount).toBe(10_000);
    for (let n = 0; n < 10_000; n++) {
      expect(index.find('data', idOf(n))).toEqual({
        packId: idOf(-1 - Math.floor(n / 200)),
        offset: n * 100,
        length: 100,
        uncompressedLength: n % 200,
      });
    }
    expect(index.has('data', idOf(10_001))).toBe(false);
  });

  it('tells the same bytes as data and as tree apart', () => {
    const index = new CompactBlobIndex();
    index.addPack(a, [blob(1, { type: 'tree' })]);
    expect([index.has('tree', idOf(1)), index.has('data', idOf(1))]).toEqual([true, false]);
    index.addPack(b, [blob(1)]);
    expect(index.find('tree', idOf(1))?.packId).toBe(a);
    expect(index.find('data', idOf(1))?.packId).toBe(b);
  });

  it('takes an exact duplicate once, and a blob of two packs twice with the first in front', () => {
    const index = new CompactBlobIndex();
    index.addPack(a, [blob(1)]);
    index.addPack(a, [blob(1)]);
    index.addPack(b, [blob(1)]);
    expect(index.blobCount).toBe(2);
    expect(index.find('data', idOf(1))?.packId).toBe(a);
    for (let n = 2; n < 2000; n++) index.addPack(c, [blob(n)]);
    expect(index.find('data', idOf(1))?.packId).toBe(a);
    expect(index.blobsOfPack(b)).toEqual([blob(1)]);
  });

  it('knows the size that each pack must have', () => {
    const index = new CompactBlobIndex();
    index.addPack(a, [blob(0), blob(1, { uncompressedLength: 500 }), blob(2, { type: 'tree' })]);
    expect([...index.packs()]).toEqual([
      { packId: a, sizeBytes: 4 + 32 + 300 + 37 + 41 + 37, blobCount: 3, treeCount: 1 },
    ]);
  });

  it('lists the blobs of a pack by offset, also after more came in', () => {
    const index = new CompactBlobIndex();
    index.addPack(a, [blob(3), blob(1)]);
    index.addPack(b, [blob(2)]);
    expect(index.blobsOfPack(a)).toEqual([blob(1), blob(3)]);
    index.addPack(a, [blob(0)]);
    expect(index.blobsOfPack(a)).toEqual([blob(0), blob(1), blob(3)]);
    expect(index.blobsOfPack(unknown)).toEqual([]);
  });

  it('holds offsets and lengths up to the last of 32 bits', () => {
    const index = new CompactBlobIndex();
    const far = blob(1, { offset: 0xffffff00, length: 0xff, uncompressedLength: 0xffffffff });
    index.addPack(a, [far]);
    expect(index.blobsOfPack(a)).toEqual([far]);
  });

  it('forgets dropped packs, and takes their blobs in again', () => {
    const index = new CompactBlobIndex();
    index.addPack(a, [blob(1), blob(2)]);
    index.addPack(b, [blob(1)]);
    index.dropPacks([a, unknown]);
    expect([index.blobCount, index.hasPack(a), index.has('data', idOf(2))]).toEqual([1, false, false]);
    expect(index.find('data', idOf(1))?.packId).toBe(b);
    expect([...index.packs()].map(({ packId }) => packId)).toEqual([b]);
    expect(index.addPack(a, [blob(2)])).toBe(1);
    expect(index.blobsOfPack(a)).toEqual([blob(2)]);
    expect(index.find('data', idOf(2))?.packId).toBe(a);
  });

  it('keeps records beyond what memory holds in a file that has no name', async () => {
    const folder = await temporaryFolder();
    const index = new CompactBlobIndex({ folder, memoryRecords: 1 });
    onTestFinished(() => index.close());
    const packs = 700;
    for (let pack = 0; pack < packs; pack++) {
      const blobs = Array.from({ length: 200 }, (_, i) => blob(pack * 200 + i, { uncompressedLength: i }));
      index.addPack(idOf(-1 - pack), blobs);
    }
    index.addPack(idOf(-1), [blob(9_999_999)]);
    expect(await readdir(folder)).toEqual([]);
    for (const n of [0, 1, 65_535, 65_536, 131_071, 131_072, 139_999]) {
      const packId = idOf(-1 - Math.floor(n / 200));
      expect(index.find('data', idOf(n))).toEqual({
        packId,
        offset: n * 100,
        length: 100,
        uncompressedLength: n % 200,
      });
      expect(index.blobsOfPack(packId)).toContainEqual(blob(n, { uncompressedLength: n % 200 }));
    }
    expect(index.blobsOfPack(idOf(-1))).toHaveLength(201);
    expect(index.has('data', idOf(140_000))).toBe(false);
  });
});
