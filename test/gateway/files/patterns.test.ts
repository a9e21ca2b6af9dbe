import { describe, expect, it } from 'vitest';
import { fromLossless, pathComponents, toLossless } from '../../../gateway/files/path-bytes.js';
import { compilePatterns, patternsOfFile } from '../../../gateway/files/patterns.js';

function matches(pattern: string, path: string) {
  return compilePatterns([pattern]).match(path.split('/').filter((part) => part !== ''));
}

describe('patterns', () => {
  it.each([
    ['foo', '/a/foo', true],
    ['foo', '/a/foo/b', true],
    ['foo', '/a/foobar', false],
    ['*.go', '/src/main.go', true],
    ['*.go', '/src/main.go/inner', true],
    ['*.go', '/src/main.c', false],
    ['/foo', '/foo', true],
    ['/foo', '/a/foo', false],
    ['/foo/*/bar', '/foo/x/bar', true],
    ['/foo/*/bar', '/foo/x/y/bar', false],
    ['/foo/**/bar', '/foo/x/y/bar', true],
    ['/foo/**/bar', '/foo/bar', true],
    ['foo/**/*.c', '/a/foo/b/c/d.c', true],
    ['/foo/**', '/foo', true],
    ['a/b', '/x/a/b/y', true],
    ['a/b', '/x/a/y/b', false],
    ['/foo//bar/../baz/', '/foo/baz', true],
    ['[a-c]?', '/b1', true],
    ['[^a-c]?', '/b1', false],
    ['[^a-c]?', '/d\u{1f600}', true],
    ['\\*', '/*', true],
    ['\\*', '/x', false],
    ['a.b', '/aXb', false],
    ['?', '/ab', false],
    ['*', '/line\nbreak', true],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(matches(pattern, path).matched).toBe(expected);
  });

  it('tells whether something below may match', () => {
    expect(matches('/a/b/c', '/a').childMayMatch).toBe(true);
    expect(matches('/a/b/c', '/x').childMayMatch).toBe(false);
    expect(matches('/a/**/c', '/a/x/y').childMayMatch).toBe(true);
    expect(matches('c', '/x').childMayMatch).toBe(true);
  });

  it('takes back with an exclamation mark', () => {
    const list = compilePatterns(['*.log', '!keep.log']);
    expect(list.match(['a', 'x.log']).matched).toBe(true);
    expect(list.match(['a', 'keep.log']).matched).toBe(false);
  });

  it.each(['[', '[a', '[]', 'a\\', '[z-a]', '[-a]'])('refuses %s', (pattern) => {
    expect(() => compilePatterns([pattern])).toThrow(expect.objectContaining({ code: 'PATTERN_MALFORMED' }));
  });

  it('reads exclude files', () => {
    const text = '\ufeff# comment\n\n  *.tmp  \r\n$HOME/cache\n$' + '{HOME}/x\n$$money\n';
    expect(patternsOfFile(text, { HOME: '/home/me' })).toEqual([
      '*.tmp',
      '/home/me/cache',
      '/home/me/x',
      '$money',
    ]);
  });
});

describe('path bytes', () => {
  it('go through strings without loss', () => {
    for (const bytes of [
      [0x61, 0xff, 0xc3, 0xa9, 0x80],
      [0xed, 0xb2, 0x80],
      [0xf0, 0x9f, 0x98, 0x80],
    ]) {
      expect([...fromLossless(toLossless(Buffer.from(bytes)))]).toEqual(bytes);
    }
  });

  it('are cleaned as Go cleans paths', () => {
    expect(pathComponents(Buffer.from('../a/./b//c/..')).map(String)).toEqual(['a', 'b']);
  });
});
