import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { holdsAsBefore } from '../../../gateway/commands/folder-visit.js';
import type { FileReading } from '../../../gateway/engine/readings.js';
import type { FoundEntry } from '../../../gateway/files/scan.js';
import { FolderContents } from '../../../gateway/state/folder-contents.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const ids = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
const [a = '', b = '', c = ''] = ids;

async function someFiles(): Promise<FoundEntry[]> {
  const folder = await temporaryFolder();
  return ['one', 'two'].map((name) => {
    const path = join(folder, name);
    writeFileSync(path, name);
    return { path: Buffer.from(path), name: Buffer.from(name), stat: lstatSync(path, { bigint: true }) };
  });
}

function readingOf({ stat }: FoundEntry, content: readonly string[], changed = false): FileReading {
  return { kind: 'read', stat, sizeBytes: 3, content, changed };
}

function digestOf(...contents: (readonly string[])[]): Buffer {
  const folder = new FolderContents(contents.length);
  for (const [file, content] of contents.entries()) folder.set(file, content);
  return folder.digest() as Buffer;
}

describe('a folder whose files were all read', () => {
  it('holds what it held when every file has the same chunks', async () => {
    const [one, two] = (await someFiles()) as [FoundEntry, FoundEntry];
    const read = new Map([
      [one, readingOf(one, [a])],
      [two, readingOf(two, [b, c])],
    ]);
    expect(holdsAsBefore(read, digestOf([a], [b, c]))).toBe(true);
    for (const other of [
      digestOf([b], [b, c]),
      digestOf([a], [c, b]),
      digestOf([a], [b]),
      Buffer.alloc(32),
    ]) {
      expect(holdsAsBefore(read, other)).toBe(false);
    }
    expect(holdsAsBefore(new Map(), digestOf())).toBe(true);
  });

  it('does not when a file changed under the reading, was replaced before it, or is gone', async () => {
    const [one, two] = (await someFiles()) as [FoundEntry, FoundEntry];
    const before = digestOf([a], [b]);
    const withSecond = (second: FileReading) =>
      new Map([
        [one, readingOf(one, [a])],
        [two, second],
      ]);
    expect(holdsAsBefore(withSecond(readingOf(two, [b])), before)).toBe(true);
    expect(holdsAsBefore(withSecond(readingOf(two, [b], true)), before)).toBe(false);
    expect(holdsAsBefore(withSecond(readingOf(one, [b])), before)).toBe(false);
    expect(holdsAsBefore(withSecond({ kind: 'gone' }), before)).toBe(false);
    expect(holdsAsBefore(withSecond({ kind: 'tooLarge' }), before)).toBe(false);
  });

  it('has no digest while the content of a file is not known', () => {
    const folder = new FolderContents(2);
    folder.set(0, [a]);
    expect(folder.digest()).toBeUndefined();
    folder.set(1, []);
    expect(folder.digest()).toHaveLength(32);
  });
});
