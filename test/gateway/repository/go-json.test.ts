import { describe, expect, it } from 'vitest';
import { encodeGoJson, parseGoJson } from '../../../gateway/repository/go-json.js';

describe("Go's JSON", () => {
  it.each([
    ['quotes and backslashes', 'a"b\\c', '"a\\"b\\\\c"'],
    ['HTML characters', '<a&b>', '"\\u003ca\\u0026b\\u003e"'],
    ['named controls', '\b\f\n\r\t', '"\\b\\f\\n\\r\\t"'],
    ['other controls', '\u0000\u001f', '"\\u0000\\u001f"'],
    ['line separators', '\u2028\u2029', '"\\u2028\\u2029"'],
    ['no slash, delete or non-ASCII text', '/\u007fé😀\ufffd', '"/\u007fé😀\ufffd"'],
    ['lone surrogates as the replacement character', 'a\ud800b\udc00', '"a\\ufffdb\\ufffd"'],
  ])('escapes %s', (_name, text, expected) => {
    expect(encodeGoJson(text)).toBe(expected);
  });

  it('is compact, keeps the order and leaves undefined members out', () => {
    const value = { z: 1, a: [true, null, 'x'], gone: undefined, big: 18446744073709551615n, empty: {} };
    expect(encodeGoJson(value)).toBe('{"z":1,"a":[true,null,"x"],"big":18446744073709551615,"empty":{}}');
  });

  it('writes safe integers without an exponent and refuses what JSON lacks', () => {
    expect(encodeGoJson(Number.MAX_SAFE_INTEGER)).toBe('9007199254740991');
    expect(() => encodeGoJson(Number.NaN)).toThrow(TypeError);
  });
});

describe('parsing', () => {
  it('keeps integers exact at any size and all else as JSON.parse does', () => {
    const text =
      ' {"inode": 18446744073709551615, "small":[1,-2,3.5,1e3], "safe":9007199254740991, "over":9007199254740992,' +
      ' "s":"\\u003c 12345678901234567890 \\"x\\\\", "n":null, "t":true, "o":{}, "e":[]} ';
    expect(parseGoJson(text)).toEqual({
      inode: 18446744073709551615n,
      small: [1, -2, 3.5, 1000],
      safe: 9007199254740991,
      over: 9007199254740992n,
      s: '< 12345678901234567890 "x\\',
      n: null,
      t: true,
      o: {},
      e: [],
    });
  });

  it('reads bytes as UTF-8', () => {
    expect(parseGoJson(Buffer.from('{"é":"\u{1f600}"}'))).toEqual({ é: '😀' });
  });

  it('keeps a member called __proto__ a member', () => {
    const parsed = parseGoJson('{"__proto__":{"x":1},"n":12345678901234567890}') as object;
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect(Object.keys(parsed)).toEqual(['__proto__', 'n']);
  });

  const long = '12345678901234567890';
  it.each([
    `[${long}`,
    `[${long},]`,
    `{"a":${long},}`,
    `{a:${long}}`,
    `[${long}] x`,
    `[0${long}]`,
    `["${long}\n"]`,
    `[1 ${long}]`,
    `{"a" ${long}}`,
    `${'['.repeat(501)}${long}${']'.repeat(501)}`,
  ])('refuses %s', (text) => {
    expect(() => parseGoJson(text)).toThrow(SyntaxError);
  });

  it('survives a string of many megabytes', () => {
    const text = 'a\\n'.repeat(3_000_000);
    expect(parseGoJson(`["${text}",${long}]`)).toEqual(['a\n'.repeat(3_000_000), BigInt(long)]);
  });

  it('leads back to the same text', () => {
    const text = '{"name":"a\\u0026b","inode":18446744073709551615,"content":null}';
    expect(encodeGoJson(parseGoJson(text) as never)).toBe(text);
  });
});
