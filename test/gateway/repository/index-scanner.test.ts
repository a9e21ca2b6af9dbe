import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CompactBlobIndex } from '../../../gateway/repository/blob-index.js';
import { decodeIndex } from '../../../gateway/repository/index-decoder.js';
import { encodeIndex, type IndexedPack } from '../../../gateway/repository/index-file.js';
import { scanIndex } from '../../../gateway/repository/index-scanner.js';

const idOf = (n: number) => createHash('sha256').update(String(n)).digest('hex');

const packs: IndexedPack[] = [0, 100, 200].map((start) => ({
  packId: idOf(-1 - start),
  blobs: Array.from({ length: 1 + start / 10 }, (_, i) => ({
    type: i % 3 === 0 ? 'tree' : 'data',
    id: idOf(start + i),
    offset: i * 1000,
    length: 1000,
    uncompressedLength: i % 2 === 0 ? 0 : 0xffffffff - i,
  })),
}));

/** What the index makes of a scanned text, for comparison with the general parser. */
function viaScanner(json: Uint8Array): IndexedPack[] | undefined {
  const scanned = scanIndex(json);
  if (scanned === undefined) return undefined;
  const index = new CompactBlobIndex();
  return scanned.packIds.map((packId, number) => {
    index.addScanned(scanned, number);
    return { packId, blobs: index.blobsOfPack(packId) };
  });
}

describe('the scanner of index files', () => {
  it('reads what we write as the general parser does', () => {
    const json = encodeIndex(packs);
    expect(viaScanner(json)).toEqual(packs);
    expect(decodeIndex('x', json, 2)).toEqual(packs);
    expect(scanIndex(json)?.hasCompressed).toBe(true);
  });

  it('passes over the list of replaced files that restic wrote up to 0.17', () => {
    const text = encodeIndex(packs)
      .toString()
      .replace('{', `{"supersedes":["${idOf(1)}","${idOf(2)}"],`);
    expect(viaScanner(Buffer.from(text))).toEqual(packs);
  });

  it.each<[string, (json: string) => string]>([
    ['white space', (json) => json.replace('{"packs"', '{ "packs"')],
    ['another order', (json) => json.replace(/"type":"tree","offset":0/, '"offset":0,"type":"tree"')],
    ['an unknown member', (json) => json.replace(']}]}', ']}],"packs_to_delete":[]}')],
    ['upper-case digits', (json) => json.replace(idOf(101), idOf(101).toUpperCase())],
    ['a number beyond 32 bits', (json) => json.replace('"length":1000', '"length":4294967296')],
    ['a negative number', (json) => json.replace('"offset":0', '"offset":-1')],
    ['a leading zero', (json) => json.replace('"offset":1000', '"offset":01000')],
    ['a fraction', (json) => json.replace('"offset":1000', '"offset":1000.5')],
    ['a short id', (json) => json.replace(idOf(101), idOf(101).slice(2))],
    ['no packs', () => '{"packs":[]}'],
    ['a second value', (json) => `${json}{}`],
    ['nothing', () => ''],
  ])('leaves a text with %s to the general parser', (_name, change) => {
    const json = encodeIndex(packs).toString();
    const changed = change(json);
    expect(changed).not.toBe(json);
    expect(scanIndex(Buffer.from(changed))).toBeUndefined();
  });

  it('leaves a text that ends early to the general parser, wherever it ends', () => {
    const json = encodeIndex(packs.slice(0, 2)).subarray(0, -1);
    for (let end = 0; end < json.length; end++) expect(scanIndex(json.subarray(0, end))).toBeUndefined();
    expect(scanIndex(json)).toBeDefined();
  });
});
