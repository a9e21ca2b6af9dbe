import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Scanner, statEntry } from '../../../gateway/files/scan.js';
import { FileSelection, type SelectionOptions } from '../../../gateway/files/selection.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

function leftOut(options: SelectionOptions, folder: string, names: readonly string[]): string[] {
  const filter = new FileSelection(options).inFolder(Buffer.from(folder), (name) => names.includes(name));
  return names.filter((name) => filter?.(Buffer.from(name).toString('latin1')) === true);
}

describe('a selection', () => {
  it('asks nothing of a folder from which nothing is left out', () => {
    expect(new FileSelection().inFolder(Buffer.from('/a'), () => true)).toBeUndefined();
    const marked = new FileSelection({ excludeIfPresent: [{ fileName: '.no', header: '' }] });
    expect(marked.inFolder(Buffer.from('/a'), () => false)).toBeUndefined();
  });

  it.each<[string[], string, string[], string[]]>([
    [['cache', '*.o'], '/x', ['cache', 'a.o', 'a.c'], ['cache', 'a.o']],
    [['/x/a'], '/x', ['a', 'b'], ['a']],
    [['/x/a'], '/y', ['a'], []],
    [['/x/a'], '/x/y', ['a'], []],
    [['y/a'], '/x/y', ['a', 'y'], ['a']],
    [['/x/**/a'], '/x/y/z', ['a', 'b'], ['a']],
    [['/x/**/a'], '/x', ['a'], ['a']],
    [['/x/**'], '/x', ['a'], ['a']],
    [['a/**/b/**/c'], '/a/q/b', ['c', 'd'], ['c']],
    [['*', '!keep*'], '/x', ['keep.me', 'drop'], ['drop']],
    [['/x/*', '!/x/a', '/x/a'], '/x', ['a', 'b'], ['a', 'b']],
    [['/x', '!/x/y'], '/x/y', ['a'], []],
    [['?', '[é-ü]x'], '/x', ['é', 'éx', 'ab'], ['é', 'éx']],
  ])('with %j in %s leaves out of %j: %j', (excludes, folder, names, expected) => {
    expect(leftOut({ excludes }, folder, names)).toEqual(expected);
  });

  it('ignores case where it is told to, and only there', () => {
    const options = { excludes: ['*.tmp', '!a.BAK'], insensitiveExcludes: ['*.bak', '/X/É'] };
    const names = ['a.BAK', 'b.TMP', 'c.tmp', 'é'];
    expect(leftOut(options, '/x', names)).toEqual(['a.BAK', 'c.tmp', 'é']);
  });

  it('gives the same answer by folder as for the whole path', () => {
    const excludes = ['a/*', '!a/b', '/r/**/z', '**', '!**/k?'];
    for (const folder of ['/', '/a', '/r/a/b', '/r/q'])
      for (const name of ['b', 'z', 'k1', 'a']) {
        const whole = new FileSelection({ excludes }).excludesPath(Buffer.from(join(folder, name)));
        expect([folder, name, leftOut({ excludes }, folder, [name]).length === 1]).toEqual([
          folder,
          name,
          whole,
        ]);
      }
  });

  it('keeps of a marked folder the marker only, and of one with two markers nothing', async () => {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, '.nobackup'), 'yes, really');
    const marker = (header: string) => ({ excludeIfPresent: [{ fileName: '.nobackup', header }] });
    const names = ['.nobackup', 'data'];
    expect(leftOut(marker(''), folder, names)).toEqual(['data']);
    expect(leftOut(marker('yes'), folder, names)).toEqual(['data']);
    expect(leftOut(marker('no'), folder, names)).toEqual([]);
    expect(leftOut(marker('yes, really, and more than there is'), folder, names)).toEqual([]);
    writeFileSync(join(folder, '.other'), '');
    const both = { excludeIfPresent: ['.nobackup', '.other'].map((fileName) => ({ fileName, header: '' })) };
    expect(leftOut(both, folder, ['.nobackup', '.other'])).toEqual(['.nobackup', '.other']);
    expect(new FileSelection(marker('')).excludesPath(Buffer.from(join(folder, 'data')))).toBe(true);
  });

  it('stays on the file system of the nearest starting point', async () => {
    const selection = new FileSelection({ oneFileSystem: true });
    const [root, proc] = await Promise.all(['/', '/proc'].map(entry));
    selection.startAt([Buffer.from('/')]);
    const count = async (scanner: Scanner) => {
      let found = 0;
      for await (const _ of scanner.entriesOf(proc!, proc!.stat.dev, () => {})) found++;
      return found;
    };
    // "/" is walked by its entries; a mounted one among them is no starting point of its own.
    expect(await count(new Scanner(selection))).toBe(0);
    expect(selection.deviceOf(Buffer.from('/proc/self'), 0n)).toBe(root!.stat.dev);
    selection.startAt([Buffer.from('/proc')]);
    expect(selection.deviceOf(Buffer.from('/proc/self'), 0n)).toBe(proc!.stat.dev);
    expect(await count(new Scanner(selection))).toBeGreaterThan(0);
  });

  it('leaves out what is too large, but no folder', async () => {
    const folder = await temporaryFolder();
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'three'), 'abc');
    writeFileSync(join(folder, 'four'), 'abcd');
    const scanner = new Scanner(new FileSelection({ excludeLargerThan: 3 }));
    const names: string[] = [];
    for await (const { name } of scanner.entriesOf((await entry(folder))!, 0n, () => {}))
      names.push(String(name));
    expect(names).toEqual(['sub', 'three']);
  });

  it('is not held up by patterns made to be slow', () => {
    const excludes = [`${'*a'.repeat(60)}b`, `${'**/a/'.repeat(60)}b`];
    const deep = `/${'a/'.repeat(1_000)}${'a'.repeat(250)}`;
    expect(new FileSelection({ excludes }).excludesPath(Buffer.from(deep))).toBe(false);
  }, 1_000);
});

const entry = (path: string) => statEntry(Buffer.from(path), Buffer.from('start'), () => {});
