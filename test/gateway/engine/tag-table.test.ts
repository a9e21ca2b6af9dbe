import { randomBytes } from 'node:crypto';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordWords, TagReader, TagTable } from '../../../gateway/engine/tag-table.js';
import { seededRandom } from '../../support/random.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Records with random keys, sizes that are not 0, and an id and tag that tell the key. */
function makeRecords(count: number, seed = 1): Uint32Array {
  const random = seededRandom(seed);
  const words = new Uint32Array(count * recordWords);
  for (let at = 0; at < words.length; at++) words[at] = Math.floor(random() * 2 ** 32);
  for (let at = 3; at < words.length; at += recordWords) words[at] = 1 + (at % 1000);
  return words;
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

function countFound(filePath: string, records: Uint32Array): number {
  const reader = TagReader.open(filePath);
  const into = new Uint32Array(recordWords);
  let found = 0;
  for (let at = 0; at < records.length; at += recordWords) {
    const record = records.subarray(at, at + recordWords);
    if (reader?.find(record.subarray(0, 3), into) === true && into.join() === record.join()) found += 1;
  }
  return found;
}

async function inFile(work: (filePath: string) => Promise<void> | void): Promise<void> {
  await work(join(await temporaryFolder(), 'tags'));
}

describe('the table of tags', () => {
  it('finds what was added, also after it has grown several times', () =>
    inFile(async (filePath) => {
      const records = makeRecords(60_000);
      const table = TagTable.open(filePath);
      table.add(bytesOf(records));
      await table.close();
      // A bucket that is full loses a record; of sixteen places twelve are used at most.
      expect(countFound(filePath, records)).toBeGreaterThan(0.95 * 60_000);
      const again = TagTable.open(filePath);
      const others = makeRecords(100, 2);
      again.add(bytesOf(others));
      await again.close();
      expect(countFound(filePath, others)).toBe(100);
      expect(countFound(filePath, records)).toBeGreaterThan(0.95 * 60_000);
    }));

  it('keeps the latest record of a key, and finds none that was not added', () =>
    inFile(async (filePath) => {
      const first = makeRecords(500);
      const second = first.slice();
      for (let at = recordWords - 1; at < second.length; at += recordWords) second[at] = 7;
      const table = TagTable.open(filePath);
      table.add(bytesOf(first));
      table.flush();
      table.add(bytesOf(second));
      await table.close();
      expect(countFound(filePath, second)).toBe(500);
      expect(countFound(filePath, makeRecords(500, 3))).toBe(0);
    }));

  it('begins anew when it holds more than it may', () =>
    inFile(async (filePath) => {
      const records = makeRecords(1000);
      const table = TagTable.open(filePath);
      table.add(bytesOf(records));
      await table.close();
      await TagTable.open(filePath, 1000).close();
      expect(countFound(filePath, records)).toBe(1000);
      await TagTable.open(filePath, 999).close();
      expect(countFound(filePath, records)).toBe(0);
    }));

  it('is void, and no failure, where the file is something else, cut short, or cannot be made', () =>
    inFile(async (filePath) => {
      writeFileSync(filePath, randomBytes(5000));
      expect(TagReader.open(filePath)).toBeUndefined();
      const records = makeRecords(2000);
      const table = TagTable.open(filePath);
      table.add(bytesOf(records));
      await table.close();
      expect(countFound(filePath, records)).toBe(2000);
      truncateSync(filePath, Math.floor(readFileSync(filePath).length / 2));
      expect(countFound(filePath, records)).toBeLessThan(2000);
      const nowhere = TagTable.open(join(filePath, 'below', 'a file'));
      nowhere.add(bytesOf(records));
      await nowhere.close();
      expect(TagReader.open(join(filePath, 'below', 'a file'))).toBeUndefined();
    }));
});
