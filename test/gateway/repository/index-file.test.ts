import { expect, it } from 'vitest';
import { encodeGoJson } from '../../../gateway/repository/go-json.js';
import { decodeIndex } from '../../../gateway/repository/index-decoder.js';
import { encodeIndex } from '../../../gateway/repository/index-file.js';

const id = (digit: string) => digit.repeat(64);
const most = 0xffffffff;

it('writes the JSON that restic writes, with the largest numbers too', () => {
  const packs = [
    { packId: id('a'), blobs: [] },
    {
      packId: id('b'),
      blobs: [
        { type: 'tree', id: id('1'), offset: most, length: most, uncompressedLength: most },
        { type: 'data', id: id('2'), offset: 0, length: 32, uncompressedLength: 0 },
      ],
    },
  ] as const;
  const json = encodeIndex(packs);
  const expected = {
    packs: [
      { id: id('a'), blobs: [] },
      {
        id: id('b'),
        blobs: [
          { id: id('1'), type: 'tree', offset: most, length: most, uncompressed_length: most },
          { id: id('2'), type: 'data', offset: 0, length: 32 },
        ],
      },
    ],
  };
  expect(json.toString()).toBe(`${encodeGoJson(expected)}\n`);
  expect(decodeIndex(id('c'), json, 2)).toEqual(packs);
  expect(encodeIndex([]).toString()).toBe('{"packs":[]}\n');
});
