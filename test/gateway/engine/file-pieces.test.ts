import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ContentTags, tagKeyBytes } from '../../../gateway/engine/content-tags.js';
import { FilePieces } from '../../../gateway/engine/file-pieces.js';
import { fileState, Slot } from '../../../gateway/engine/slot.js';
import { SlotWriter } from '../../../gateway/engine/slot-writer.js';
import { TagTable } from '../../../gateway/engine/tag-table.js';
import { noise } from '../../support/nasty-tree.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const mib = 1024 ** 2;
const polynomial = 0x3da3358b4dc173n;

/** Reads a large file to its end, hashing what reading leaves over. @returns the ids of its chunks. */
function readLarge(path: string, tags: ContentTags, table: TagTable): string[] {
  const pieces = new FilePieces(polynomial, tags);
  const list = new SlotWriter(Slot.create({ content: 8 * mib, leastChunk: mib / 2 }));
  const { slot } = list;
  const keep = ({ tagRecordBytes }: { tagRecordBytes: number }) =>
    table.add(slot.tagRecords.subarray(0, tagRecordBytes));
  const ids: string[] = [];
  for (let piece = 0; piece < 100; piece++) {
    const reply = pieces.readPiece(list, { file: 1, path, hashes: piece % 2 === 0 });
    expect(slot.states[0]).toBe(fileState.read);
    keep(reply);
    keep(pieces.hash(list, path, reply.chunks));
    for (let chunk = 0; chunk < reply.chunks; chunk++) ids.push(slot.idOf(chunk));
    if (!reply.goesOn) return ids;
  }
  throw new Error('the file does not end');
}

describe('a large file', () => {
  it('is read to its end, whatever the table of tags says', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'file');
    const tagsPath = join(folder, 'tags');
    const key = randomBytes(tagKeyBytes);
    writeFileSync(path, noise(30 * mib, 4));
    const table = TagTable.open(tagsPath);
    const ids = readLarge(path, new ContentTags(key, tagsPath), table);
    await table.close();
    const bytes = readFileSync(tagsPath);
    const sizes = [1, 8 * mib, 8 * mib + 1, 2 ** 31 - 1, 2 ** 31 + 8 * mib, 2 ** 32 - 1];
    // First sizes that cannot be, then a bit in each third byte of what is behind the key.
    for (let round = 0; round < sizes.length + 17; round++) {
      const damaged = Buffer.from(bytes);
      for (let at = 1024; at < damaged.length; at += 64) {
        if (damaged.readUInt32LE(at + 12) === 0) continue;
        if (round < sizes.length) damaged.writeUInt32LE(sizes[round] as number, at + 12);
        else damaged[at + 12 + 3 * (round - sizes.length)]! ^= 1;
      }
      writeFileSync(tagsPath, damaged);
      const nowhere = TagTable.open(join(folder, 'other tags'));
      expect(readLarge(path, new ContentTags(key, tagsPath), nowhere)).toEqual(ids);
      await nowhere.close();
    }
  });
});
