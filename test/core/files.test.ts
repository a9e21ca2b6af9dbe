import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makePrivateFolder, writeFileDurably } from '../../core/files.js';
import { temporaryFolder } from '../support/temporary-folder.js';

describe('writeFileDurably', () => {
  it('writes text and bytes, privately unless told otherwise', async () => {
    const folder = await temporaryFolder();
    await writeFileDurably(join(folder, 'text'), 'Grüße');
    await writeFileDurably(join(folder, 'bytes'), Uint8Array.of(0, 255), { mode: 0o644 });
    expect(await readFile(join(folder, 'text'), 'utf8')).toBe('Grüße');
    expect([...(await readFile(join(folder, 'bytes')))]).toEqual([0, 255]);
    expect((await stat(join(folder, 'text'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'bytes'))).mode & 0o777).toBe(0o644);
  });

  it('replaces a file whole: a reader meets the old content or the new, never a part', async () => {
    const folder = await temporaryFolder();
    const filePath = join(folder, 'file');
    const contents = ['a', 'b', 'c'].map((letter) => letter.repeat(300_000));
    await writeFileDurably(filePath, contents[0]!);
    let writing = true;
    const writer = (async () => {
      for (let i = 0; i < 30; i++) await writeFileDurably(filePath, contents[i % 3]!);
      writing = false;
    })();
    let reads = 0;
    while (writing) {
      expect(contents).toContain(await readFile(filePath, 'utf8'));
      reads++;
    }
    await writer;
    expect(reads).toBeGreaterThan(3);
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('leaves the old file and no remains when it fails', async () => {
    const folder = await temporaryFolder();
    const filePath = join(folder, 'file');
    await mkdir(filePath);
    await writeFile(join(filePath, 'inside'), 'x');
    await expect(writeFileDurably(filePath, 'new')).rejects.toMatchObject({ code: expect.any(String) });
    expect(await readdir(folder)).toEqual(['file']);
    expect(await readdir(filePath)).toEqual(['inside']);
  });
});

describe('makePrivateFolder', () => {
  it('makes a folder that only its owner enters, and does not mind one that is there', async () => {
    const folder = join(await temporaryFolder(), 'a', 'b');
    await makePrivateFolder(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await chmod(folder, 0o750);
    await makePrivateFolder(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o750);
  });
});
