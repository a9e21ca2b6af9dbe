import { describe, expect, test } from 'vitest';
import { fixedPrefix, isUrl, keyTest, parseOperand, urlOf } from '../../../gateway/bucket/operand.js';

describe('what cp, ls and rm work on', () => {
  test.each([
    ['s3://bucket', '', true, false],
    ['s3://bucket/a/b', 'a/b', false, false],
    ['s3://bucket/a/b/', 'a/b', true, false],
    ['gs://bucket/a/*.gz', 'a/*.gz', false, true],
  ])('%s is a bucket and a path in it', (text, path, isFolder, hasWildcard) => {
    const operand = parseOperand(text);
    expect(operand).toMatchObject({
      path,
      isFolder,
      hasWildcard,
      store: { kind: 's3', bucket: 'bucket', prefix: '' },
    });
    expect(urlOf(operand.store, 'x/y')).toBe(`${text.slice(0, 2)}://bucket/x/y`);
  });

  test.each([
    ['/srv/data/file', '/srv/data', 'file', false],
    ['/srv/data/', '/srv', 'data', true],
    ['/srv/*/x', '/srv', '*/x', false],
    ['/*.txt', '/', '*.txt', false],
    ['file:///srv/file', '/srv', 'file', false],
  ])('%s is a folder and a path in it', (text, top, path, isFolder) => {
    expect(parseOperand(text)).toMatchObject({ store: { kind: 'directory', path: top }, path, isFolder });
  });

  test.each([
    ['*.txt', ['a.txt'], ['d/a.txt', 'a.txtx', 'atxt']],
    ['d/**', ['d/a', 'd/e/f'], ['d', 'e/d/a']],
    ['**/x', ['a/x', 'a/b/x'], ['x', 'a/bx']],
    ['a?c', ['abc', 'aüc', 'a😀c'], ['ac', 'a/c']],
    ['[a-c]1', ['a1', 'c1'], ['d1', '-1']],
    ['[!a]1', ['b1'], ['a1', '/1']],
    ['a+(b).c', ['a+(b).c'], ['aab.c', 'ab.c']],
    ['[', ['['], []],
  ])('the pattern %s matches as gsutil has it', (pattern, yes, no) => {
    const matches = keyTest(pattern);
    for (const key of yes) expect(matches(key), key).toBe(true);
    for (const key of no) expect(matches(key), key).toBe(false);
  });

  test('only what can match is listed', () => {
    expect(fixedPrefix('logs/2026-*/x')).toBe('logs/2026-');
    expect(fixedPrefix('logs/a')).toBe('logs/a');
  });

  test('a URL is told from a snapshot and a path', () => {
    for (const text of ['s3://b', 'gs://b/x', 'b2://b', 'file:///x', 's3:https://h/b'])
      expect(isUrl(text)).toBe(true);
    for (const text of ['latest', 'abc123:/folder', '/srv', './s3', 's3']) expect(isUrl(text)).toBe(false);
  });
});
