import { lstatSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFolderReader, withFolder } from '../../../gateway/files/folder-reader.js';
import type { EntryStat } from '../../../gateway/files/packed-stat.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const reader = openFolderReader();

function look(folder: string): Map<string, EntryStat | undefined> {
  const found = withFolder(Buffer.from(folder), (number) => {
    const names = reader?.names(number) ?? [];
    const stats = reader?.stats(number, names) ?? [];
    return new Map(names.map((name, at) => [name, stats[at]]));
  });
  return found ?? new Map();
}

function expectAsNode(folder: string): void {
  const found = look(folder);
  expect([...found.keys()].sort()).toEqual(readdirSync(folder, { encoding: 'latin1' }).sort());
  for (const [name, stat] of found) {
    const path = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]);
    const node = lstatSync(path, { bigint: true });
    const { dev, ino, mode, nlink, uid, gid, rdev, size, atimeNs, mtimeNs, ctimeNs } = node;
    expect(stat, name).toMatchObject({
      dev,
      ino,
      mode,
      nlink,
      uid,
      gid,
      rdev,
      size,
      atimeNs,
      mtimeNs,
      ctimeNs,
    });
    expect([stat?.isFile(), stat?.isDirectory()]).toEqual([node.isFile(), node.isDirectory()]);
  }
}

describe.runIf(reader)('reading a folder by calls of the kernel', () => {
  it('finds the names and the numbers that Node finds', async () => {
    const folder = await temporaryFolder();
    mkdirSync(join(folder, 'folder'));
    symlinkSync('nowhere', join(folder, 'link'));
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff, 0x20, 0xfe)]), 'no UTF-8');
    writeFileSync(join(folder, 'n'.repeat(255)), 'the longest name');
    for (const [at, seconds] of [-1.5, -86_400 * 365, 0, 1e9 + 0.123456, 2 ** 32 + 0.5].entries()) {
      writeFileSync(join(folder, `time ${at}`), '');
      utimesSync(join(folder, `time ${at}`), seconds, seconds + 1);
    }
    for (let at = 0; at < 2000; at++) writeFileSync(join(folder, `one of many ${at}`), '');
    expectAsNode(folder);
  });

  it('knows the numbers of a device', () => {
    const [found] = withFolder(Buffer.from('/dev'), (number) => reader?.stats(number, ['null'])) ?? [];
    const { dev, rdev, mode } = lstatSync('/dev/null', { bigint: true });
    expect(found).toMatchObject({ dev, rdev, mode });
  });

  it('leaves to others what it cannot tell', async () => {
    const folder = await temporaryFolder();
    expect(withFolder(Buffer.from(join(folder, 'none')), () => 'open')).toBeUndefined();
    writeFileSync(join(folder, 'far'), '');
    utimesSync(join(folder, 'far'), 9_300_000_000, 9_300_000_000);
    const stats = withFolder(Buffer.from(folder), (number) => reader?.stats(number, ['far', 'gone']));
    expect(stats).toEqual([undefined, undefined]);
  });
});
