import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestBytes } from '../../../gateway/files/entry-digest.js';
import { fillRecord, ReadJournal, sizeOfRecord } from '../../../gateway/state/read-journal.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const digest = Buffer.alloc(digestBytes, 7);
const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
const contents = [[], ids.slice(0, 1), ids];

function recordOf(path: string, content: readonly string[]): Buffer {
  const record = Buffer.alloc(sizeOfRecord(content.length));
  fillRecord(record, Buffer.from(path), digest, content);
  return record;
}

/** Three groups: one record by itself, two that were made elsewhere, one by itself. */
async function writeGroups(filePath: string): Promise<void> {
  const journal = await ReadJournal.open(filePath, 'repository');
  journal.add(Buffer.from('/first'), digest, ids);
  journal.flush();
  const others = contents.slice(0, 2).map((content, at) => recordOf(`/other${at}`, content));
  journal.addRecords(Buffer.concat(others));
  journal.flush();
  journal.add(Buffer.from('/last'), digest, ids);
  journal.close();
}

async function found(filePath: string): Promise<string[]> {
  const journal = await ReadJournal.open(filePath, 'repository');
  const paths = ['/first', '/other0', '/other1', '/last'];
  const known = paths.filter((path) => journal.find(Buffer.from(path), () => digest) !== undefined);
  journal.close();
  return known;
}

describe('the journal of files that were read', () => {
  it('knows them again by path and numbers', async () => {
    const filePath = join(await temporaryFolder(), 'files');
    await writeGroups(filePath);
    const journal = await ReadJournal.open(filePath, 'repository');
    expect(journal.find(Buffer.from('/first'), () => digest)).toEqual(ids);
    expect(journal.find(Buffer.from('/other0'), () => digest)).toEqual([]);
    expect(journal.find(Buffer.from('/other1'), () => digest)).toEqual(ids.slice(0, 1));
    expect(journal.find(Buffer.from('/other1'), () => Buffer.alloc(digestBytes))).toBeUndefined();
    expect(journal.find(Buffer.from('/elsewhere'), () => digest)).toBeUndefined();
    journal.close();
    const other = await ReadJournal.open(filePath, 'another repository');
    expect(other.find(Buffer.from('/first'), () => digest)).toBeUndefined();
    other.close();
  });

  it('forgets what is behind a torn or altered group, and goes on from there', async () => {
    const folder = await temporaryFolder();
    const whole = join(folder, 'whole');
    await writeGroups(whole);
    const size = readFileSync(whole).length;
    const torn = join(folder, 'torn');
    for (let length = size - 1; length > 0; length -= 13) {
      copyFileSync(whole, torn);
      truncateSync(torn, length);
      const known = await found(torn);
      expect(['/first', '/other0', '/other1', '/last'].slice(0, known.length)).toEqual(known);
      expect([0, 1, 3]).toContain(known.length);
    }
    const altered = readFileSync(whole);
    altered[size - 1]! ^= 1;
    writeFileSync(torn, altered);
    expect(await found(torn)).toEqual(['/first', '/other0', '/other1']);
    const journal = await ReadJournal.open(torn, 'repository');
    journal.add(Buffer.from('/last'), digest, []);
    journal.close();
    expect(await found(torn)).toEqual(['/first', '/other0', '/other1', '/last']);
  });
});
