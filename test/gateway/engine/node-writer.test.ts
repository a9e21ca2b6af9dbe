import { createHash } from 'node:crypto';
import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FilePieces } from '../../../gateway/engine/file-pieces.js';
import { NodeWriter } from '../../../gateway/engine/node-writer.js';
import { idsOf, type ReadFile, readingsOf } from '../../../gateway/engine/readings.js';
import { Slot } from '../../../gateway/engine/slot.js';
import { SlotWriter } from '../../../gateway/engine/slot-writer.js';
import { loadAccounts } from '../../../gateway/files/accounts.js';
import { describeEntry } from '../../../gateway/files/describe.js';
import { digestOfEntries } from '../../../gateway/files/entry-digest.js';
import { loadPosix, type Posix } from '../../../gateway/files/posix.js';
import { ReadJournal } from '../../../gateway/state/read-journal.js';
import { textOfNode } from '../../../gateway/tree/tree.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const mib = 1024 ** 2;
const polynomial = 0x3da3358b4dc173n;
const minuteNs = 60_000_000_000n;
const farAheadNs = BigInt(Date.now()) * 1_000_000n + minuteNs;

interface Read {
  readonly readings: readonly ReadFile[];
  /** Records for the journal. */
  readonly records: Buffer;
}

async function read(paths: readonly Buffer[], posix: Posix, journalStartNs = farAheadNs): Promise<Read> {
  const { texts: accounts } = await loadAccounts();
  const nodes = new NodeWriter({ accounts, withAtime: false, journalStartNs }, posix);
  const list = new SlotWriter(Slot.create({ content: 8 * mib, leastChunk: mib / 2 }));
  const names = paths.map((path) => path.toString('latin1'));
  const reply = new FilePieces(polynomial, undefined).readWhole(list, names, nodes);
  const ids = idsOf(list.slot, reply.chunks);
  const readings = readingsOf(list.slot, paths.length, ids, reply.faults) as ReadFile[];
  return { readings, records: Buffer.from(list.slot.fileRecords.subarray(0, reply.fileRecordBytes)) };
}

function textOf({ node }: ReadFile): string | undefined {
  return node?.bytes.toString('utf8', node.start, node.end);
}

async function someFiles(contents: Readonly<Record<string, string>>): Promise<Buffer[]> {
  const folder = await temporaryFolder();
  return Object.entries(contents).map(([name, content]) => {
    const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
    writeFileSync(path, content);
    return path;
  });
}

const files = { plain: 'some text', 'an "odd" \xff name': 'more', empty: '', '\xc3\xa9': 'UTF-8' };

describe('the nodes of files, where they are read', () => {
  it('are those that the main thread would make', async () => {
    const posix = await loadPosix();
    const paths = await someFiles(files);
    posix.setAttribute(paths[0] as Buffer, Buffer.from('user.kept'), Buffer.from('value'));
    const { readings } = await read(paths, posix);
    const accounts = await loadAccounts();
    for (const [at, content] of Object.values(files).entries()) {
      const path = paths[at] as Buffer;
      const entry = {
        path,
        name: path.subarray(path.lastIndexOf('/') + 1),
        stat: lstatSync(path, { bigint: true }),
      };
      const described = describeEntry(entry, { accounts, posix, onError: () => {} });
      const ids = content === '' ? [] : [createHash('sha256').update(content).digest('hex')];
      expect(textOf(readings[at] as ReadFile)).toBe(textOfNode({ ...described, content: ids }));
      expect(readings[at]).toMatchObject({ content: ids, sizeBytes: content.length, changed: false });
    }
    expect(textOf(readings[0] as ReadFile)).toContain('user.kept');
  });

  it('are left to it where they have no room, or their attributes cannot be read', async () => {
    const posix = await loadPosix();
    const paths = await someFiles({ large: 'a', larger: 'b', small: 'c', troubled: 'd' });
    const value = Buffer.alloc(70_000);
    const asked: number[] = [];
    const crowded: Posix = {
      ...posix,
      listAttributes: (of) => {
        const at = asked.push(of as number) - 1;
        if (at === 3) throw new Error('refused');
        return at < 2 ? [Buffer.from('user.large')] : [];
      },
      getAttribute: () => value,
    };
    const { readings } = await read(paths, crowded);
    expect(readings.map(({ node }) => node !== undefined)).toEqual([true, false, true, false]);
    expect(textOf(readings[2] as ReadFile)).toContain('"name":"small"');
    expect(readings.every(({ kind }) => kind === 'read')).toBe(true);
  });

  it('come with records for the journal, but of files that are as young as the backup', async () => {
    const posix = await loadPosix();
    const paths = await someFiles(files);
    const { records, readings } = await read(paths, posix);
    const filePath = join(await temporaryFolder(), 'files');
    const journal = await ReadJournal.open(filePath, 'repository');
    journal.addRecords(records);
    journal.close();
    const reopened = await ReadJournal.open(filePath, 'repository');
    for (const [at, path] of paths.entries()) {
      const stat = lstatSync(path, { bigint: true });
      const kept = reopened.find(path, () => digestOfEntries([{ name: path, stat }], false));
      expect(kept).toEqual(readings[at]?.content);
    }
    reopened.close();
    const young = await read(paths, posix, farAheadNs - 2n * minuteNs);
    expect(young.records).toHaveLength(0);
  });
});
