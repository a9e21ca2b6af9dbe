import { expect, test } from 'vitest';
import { countOf, sizeText } from '../../../../../cloud/web/app/format/counts.js';

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [1_000, '1 kB'],
  [3_140_000, '3.1 MB'],
  [999_960, '1 MB'],
  [8_200_000_000, '8.2 GB'],
  [123_400_000_000_000, '123 TB'],
])('%i bytes are "%s"', (sizeBytes, text) => {
  expect(sizeText(sizeBytes, 'en')).toBe(text);
});

test('one is singular, everything else plural', () => {
  expect([0, 1, 1_204].map((count) => countOf(count, 'file', 'files', 'en'))).toEqual([
    '0 files',
    '1 file',
    '1,204 files',
  ]);
});
