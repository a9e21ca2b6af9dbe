import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resticChunkerParameters } from '../../../gateway/chunker/parameters.js';
import { ContentTags, type KnownChunks, tagKeyBytes } from '../../../gateway/engine/content-tags.js';
import { FileCutter } from '../../../gateway/engine/file-cutter.js';
import { TagTable } from '../../../gateway/engine/tag-table.js';
import { noise } from '../../support/nasty-tree.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const mib = 1024 ** 2;
const polynomial = 0x3da3358b4dc173n;

interface Cut {
  readonly ids: readonly string[];
  readonly hashedBytes: number;
}

/** Reads one file again and again, as its content changes. */
class Rereader {
  readonly #filePath: string;
  readonly #key = randomBytes(tagKeyBytes);
  readonly #table: TagTable;
  readonly #records: Buffer[] = [];

  private constructor(filePath: string) {
    this.#filePath = filePath;
    this.#table = TagTable.open(filePath);
  }

  static async start(): Promise<Rereader> {
    return new Rereader(join(await temporaryFolder(), 'tags'));
  }

  /** As if its bucket had been full. @param number of the chunk's record, as they were added. */
  loseRecord(number: number): void {
    const record = this.#records[number] as Buffer;
    const bytes = readFileSync(this.#filePath);
    const at = bytes.indexOf(record);
    expect(at).toBeGreaterThan(0);
    writeFileSync(this.#filePath, bytes.fill(0, at, at + record.length));
  }

  /** @param readBytes how much comes at a time. */
  cut(content: Buffer, readBytes = content.length, key = this.#key): Cut {
    const known = new ContentTags(key, this.#filePath).of('/file');
    const cut = cutAll(known, content, readBytes, (record) => {
      this.#records.push(Buffer.from(record));
      this.#table.add(record);
    });
    this.#table.flush();
    return cut;
  }
}

function cutAll(
  known: KnownChunks | undefined,
  content: Buffer,
  readBytes: number,
  record: (record: Uint8Array) => void,
): Cut {
  const cutter = new FileCutter(resticChunkerParameters(polynomial));
  cutter.begin(known);
  const ids: string[] = [];
  let hashedBytes = 0;
  let start = 0;
  const taker = {
    unknown(chunk: Uint8Array, _start: number, number: number, isLast: boolean) {
      hashedBytes += chunk.length;
      const id = createHash('sha256').update(chunk).digest('hex');
      ids.push(id);
      if (known !== undefined) record(known.recordOf(number, id, chunk, isLast));
    },
    known: (id: string) => void ids.push(id),
    record,
  };
  for (let filled = 0, isEnd = false; !isEnd; ) {
    isEnd = filled === content.length;
    filled = Math.min(content.length, filled + readBytes);
    start = cutter.cut(content.subarray(0, filled), start, isEnd, taker);
  }
  return { ids, hashedBytes };
}

/** As without anything known. */
function idsOf(content: Buffer): readonly string[] {
  return cutAll(undefined, content, content.length, () => {}).ids;
}

function edited(content: Buffer, at: number, bytes: number): Buffer {
  const copy = Buffer.from(content);
  copy.set(noise(bytes, at + 1), at);
  return copy;
}

const original = noise(24 * mib, 1);
/** Chunks that are all alike, between others. */
const holey = Buffer.concat([
  Buffer.alloc(6 * mib),
  noise(8 * mib, 2),
  Buffer.alloc(6 * mib),
  noise(6 * mib, 3),
]);

/** Each as a change of `original`, with the most that may have to be hashed: a few chunks of at most 8 MiB. */
const changes: readonly (readonly [string, Buffer, number])[] = [
  ['nothing', original, 0],
  ['a byte in the middle', edited(original, 12 * mib, 1), 12 * mib],
  ['two places far apart', edited(edited(original, 2 * mib, 100), 20 * mib, 100), 20 * mib],
  ['an insertion near the front', Buffer.concat([noise(100, 9), original]), 12 * mib],
  [
    'a part that is gone',
    Buffer.concat([original.subarray(0, 5 * mib), original.subarray(9 * mib)]),
    12 * mib,
  ],
  ['more at the end', Buffer.concat([original, noise(3 * mib, 8)]), 12 * mib],
  ['less at the end', original.subarray(0, 17 * mib + 5), 9 * mib],
  ['other content', noise(10 * mib, 77), 10 * mib],
  ['no content', Buffer.alloc(0), 0],
];

describe('a file that is read again', () => {
  for (const [title, content, mostHashed] of changes) {
    it(`is cut as if nothing were known of it: ${title}`, async () => {
      const rereader = await Rereader.start();
      expect(rereader.cut(original).ids).toEqual(idsOf(original));
      for (const readBytes of [content.length, mib, 77_777]) {
        const again = await Rereader.start();
        again.cut(original);
        const { ids, hashedBytes } = again.cut(content, Math.max(readBytes, 1));
        expect(ids).toEqual(idsOf(content));
        expect(hashedBytes).toBeLessThanOrEqual(mostHashed);
        expect(again.cut(content).hashedBytes).toBe(0);
      }
    });
  }

  it('is known again behind chunks that are all alike', async () => {
    const inserted = Buffer.concat([holey.subarray(0, mib), noise(23, 5), holey.subarray(mib)]);
    for (const content of [inserted, edited(holey, 2 * mib, 4096), edited(holey, 15 * mib, 4096)]) {
      const rereader = await Rereader.start();
      rereader.cut(holey);
      const { ids, hashedBytes } = rereader.cut(content, mib);
      expect(ids).toEqual(idsOf(content));
      expect(hashedBytes).toBeLessThanOrEqual(14 * mib);
    }
  });

  it('is hashed when the tags were made with another key', async () => {
    const rereader = await Rereader.start();
    rereader.cut(original);
    expect(rereader.cut(original, mib, randomBytes(tagKeyBytes))).toEqual({
      ids: idsOf(original),
      hashedBytes: original.length,
    });
  });

  it('is known again beyond chunks whose tags were lost', async () => {
    const rereader = await Rereader.start();
    rereader.cut(original);
    rereader.loseRecord(0);
    expect(rereader.cut(original).hashedBytes).toBeLessThanOrEqual(8 * mib);
    rereader.loseRecord(5);
    const { ids, hashedBytes } = rereader.cut(original);
    expect(ids).toEqual(idsOf(original));
    expect(hashedBytes).toBeGreaterThan(0);
    expect(hashedBytes).toBeLessThanOrEqual(8 * mib);
  });

  it('keeps what it was when it is small, empty or as long as a chunk can be', async () => {
    for (const size of [1, 4096, 524_288, 524_289, 8 * mib]) {
      const rereader = await Rereader.start();
      const content = size === 8 * mib ? Buffer.alloc(size) : noise(size, size);
      expect(rereader.cut(content).hashedBytes).toBe(size);
      expect(rereader.cut(content, Math.max(1, size >> 2))).toEqual({ ids: idsOf(content), hashedBytes: 0 });
    }
  });
});
