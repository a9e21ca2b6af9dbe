import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DirectoryRoot } from '../../../gateway/bucket/directory-root.js';
import { makeFolderDurably, removeEmptyFolders } from '../../../gateway/bucket/durable-write.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

describe('the folder of a bucket', () => {
  test('is not written to when another one has taken its place', async () => {
    const path = join(await temporaryFolder(), 'root');
    await mkdir(path);
    const root = new DirectoryRoot(path);
    await root.makeFolder(join(path, 'a'));
    await rename(path, `${path}.before`);
    await expect(root.makeFolder(join(path, 'b'))).rejects.toMatchObject({ code: 'BUCKET_UNKNOWN' });
    await mkdir(path);
    await expect(root.makeFolder(join(path, 'b'))).rejects.toMatchObject({ code: 'BUCKET_EXCHANGED' });
    expect(await readdir(path)).toEqual([]);
  });

  test('loses again what was made in it by mistake, but nothing that others put there', async () => {
    const path = await temporaryFolder();
    const made = await makeFolderDurably(join(path, 'a/b/c'));
    expect(made).toBe(join(path, 'a'));
    await writeFile(join(path, 'a/other'), '');
    await removeEmptyFolders(join(path, 'a/b/c'), join(path, 'a'));
    expect(existsSync(join(path, 'a/b'))).toBe(false);
    expect(existsSync(join(path, 'a/other'))).toBe(true);
    expect(await makeFolderDurably(join(path, 'a'))).toBeUndefined();
  });
});
