import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  globbedPaths,
  rawPaths,
  verbatimPaths,
  withoutByteOrderMark,
} from '../../../gateway/files/path-lists.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const strings = (paths: readonly Buffer[]) => paths.map((path) => path.toString('latin1'));

describe('lists of paths', () => {
  it('expand wildcards, folder by folder, and tell what matches nothing', async () => {
    const folder = await temporaryFolder();
    for (const path of ['b/x', 'a/x', 'a/.y', 'c']) {
      mkdirSync(join(folder, path), { recursive: true });
    }
    writeFileSync(join(folder, 'file'), '');
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/a/`), Buffer.of(0xff)]), '');
    const unmatched: string[] = [];
    const list = `\ufeff# no\n  [ab]/*  \r\n\nc\n*/x\nnone\nfile/*\nnone/*\n${folder}/?\n`;
    const found = await globbedPaths(Buffer.from(list), folder, (pattern) => unmatched.push(pattern));
    const absolute = ['a', 'b', 'c'].map((name) => `${folder}/${name}`);
    expect(strings(found)).toEqual(['a/.y', 'a/x', 'a/\xff', 'b/x', 'c', 'a/x', 'b/x', ...absolute]);
    expect(unmatched).toEqual(['none', 'file/*', 'none/*']);
  });

  it('refuse a malformed pattern even where nothing is found', async () => {
    const found = globbedPaths(Buffer.from('none/[\n'), '/', () => {});
    await expect(found).rejects.toMatchObject({ code: 'PATTERN_MALFORMED' });
  });

  it('take lines as they are', () => {
    expect(strings(verbatimPaths(Buffer.from('# a\n b \n\nc*\r\nd')))).toEqual(['# a', ' b ', 'c*', 'd']);
  });

  it('take paths ended by NUL bytes', () => {
    expect(strings(rawPaths(Buffer.from('a\nb\0\xff\0', 'latin1')))).toEqual(['a\nb', '\xff']);
    expect(rawPaths(Buffer.alloc(0))).toEqual([]);
    for (const text of ['a', 'a\0\0b\0', '\0'])
      expect(() => rawPaths(Buffer.from(text))).toThrow(
        expect.objectContaining({ code: 'PATH_LIST_MALFORMED' }),
      );
  });

  it('may be written in UTF-16', () => {
    const little = Buffer.from('\ufeffé\n', 'utf16le');
    expect(withoutByteOrderMark(little).toString()).toBe('é\n');
    expect(withoutByteOrderMark(Buffer.from(little).swap16()).toString()).toBe('é\n');
  });
});
