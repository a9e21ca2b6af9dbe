import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadAccounts } from '../../../gateway/files/accounts.js';
import { Scanner, statEntry } from '../../../gateway/files/scan.js';
import { FileSelection, type SelectionOptions } from '../../../gateway/files/selection.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function found(root: string, options: SelectionOptions): Promise<string[]> {
  const scanner = new Scanner(new FileSelection(options));
  const fail = (_path: Buffer, error: unknown) => {
    throw error;
  };
  const start = await statEntry(Buffer.from(root), Buffer.from('root'), fail);
  const paths: string[] = [];
  for await (const { path } of scanner.walk(start!, fail)) paths.push(path.toString().slice(root.length));
  return paths.sort();
}

async function makeFolder(): Promise<string> {
  const root = await temporaryFolder();
  mkdirSync(join(root, 'a/cache'), { recursive: true });
  writeFileSync(join(root, 'a/cache/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n# more');
  writeFileSync(join(root, 'a/cache/data'), '');
  writeFileSync(join(root, 'a/keep.txt'), '');
  writeFileSync(join(root, 'a/drop.o'), '');
  return root;
}

describe('scanning', () => {
  it('leaves out what the patterns name', async () => {
    const root = await makeFolder();
    const expected = ['', '/a', '/a/keep.txt'];
    expect(await found(root, { excludes: ['*.o', `${root}/a/cache`] })).toEqual(expected);
  });

  it('keeps only the tag of a cache folder', async () => {
    const root = await makeFolder();
    const paths = await found(root, { excludeCaches: true });
    expect(paths).toContain('/a/cache/CACHEDIR.TAG');
    expect(paths).not.toContain('/a/cache/data');
    writeFileSync(join(root, 'a/cache/CACHEDIR.TAG'), 'no signature');
    expect(await found(root, { excludeCaches: true })).toContain('/a/cache/data');
  });

  it('stays on one file system but keeps the mount point', async () => {
    const scanner = new Scanner(new FileSelection({ oneFileSystem: true }));
    const fail = () => {};
    const root = await statEntry(Buffer.from('/'), Buffer.from('/'), fail);
    const proc = await statEntry(Buffer.from('/proc'), Buffer.from('proc'), fail);
    const names: string[] = [];
    for await (const { name } of scanner.entriesOf(root!, root!.stat.dev, fail)) names.push(name.toString());
    expect(names).toContain('proc');
    for await (const { name } of scanner.entriesOf(proc!, root!.stat.dev, fail)) names.push(name.toString());
    expect(names).not.toContain('self');
  });

  it('names users and groups by the first line of their id', async () => {
    const folder = await temporaryFolder();
    const passwd = join(folder, 'passwd');
    writeFileSync(passwd, 'root:x:0:0::/:\n\ntoor:x:0:0::/:\nme:x:1000:100::/:\nbroken\n');
    const accounts = await loadAccounts({ passwd, group: join(folder, 'absent') });
    expect([0, 1000, 7].map((uid) => accounts.userName(uid))).toEqual(['root', 'me', '']);
    expect(accounts.groupName(0)).toBe('');
  });
});
