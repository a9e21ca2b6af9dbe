import { expect, it, test } from 'vitest';
import {
  placeholderObject,
  placeholderOf,
  placeholdersIn,
  withUrls,
} from '../../../core/wire/s3-placeholder.js';
import { Fuzz } from '../../support/fuzz.js';

const v2 = (target: string) => `\${aws:iot:s3-presigned-url-v2:${target}}`;
const v1 = (target: string) => `\${aws:iot:s3-presigned-url:${target}}`;

test.each([
  ['as AWS documents it now', v2('https://s3.eu-central-1.amazonaws.com/b-1/a/x.bin'), 'eu-central-1'],
  ['as it did before', v1('https://s3.eu-central-1.amazonaws.com/b-1/a/x.bin'), 'eu-central-1'],
  ['as in the beginning', v1('b-1/a/x.bin'), undefined],
  ['without a region', v1('https://s3.amazonaws.com/b-1/a/x.bin'), undefined],
  ['with a dash before the region', v1('https://s3-us-west-2.amazonaws.com/b-1/a/x.bin'), 'us-west-2'],
  ['with the bucket in the host', v2('https://b-1.s3.eu-west-1.amazonaws.com/a/x.bin'), 'eu-west-1'],
  ['in China', v1('https://b-1.s3.cn-north-1.amazonaws.com.cn/a/x.bin'), 'cn-north-1'],
  [
    'over both kinds of addresses',
    v2('https://s3.dualstack.eu-west-1.amazonaws.com/b-1/a/x.bin'),
    'eu-west-1',
  ],
])('a placeholder is read %s', (_, text, region) => {
  expect(placeholderObject(text)).toEqual({ bucket: 'b-1', key: 'a/x.bin', region, versionId: undefined });
});

it('a key is read as a URL has it, and a version of it may be named', () => {
  expect(
    placeholderObject(v2('https://s3.eu-west-1.amazonaws.com/b-1/a%20b/%7Bx%7D+%C3%BC?versionId=3.x_Y')),
  ).toEqual({
    bucket: 'b-1',
    key: 'a b/{x}+ü',
    region: 'eu-west-1',
    versionId: '3.x_Y',
  });
});

it('what is written is read back, whatever the key holds', () => {
  for (const key of ['x', 'a/b c/{}$!*()\'"?#%41+&=', '…/ü//x/']) {
    for (const region of ['eu-central-1', undefined]) {
      const object = { bucket: 'b.with.dots', key, region, versionId: undefined };
      expect(placeholderObject(placeholderOf(object))).toEqual(object);
    }
  }
});

test.each([
  ['its } is missing', v2('https://s3.eu-west-1.amazonaws.com/b-1/x').slice(0, -1)],
  ['only s3-presigned-url and', `\${aws:iot:code-sign-signature:s3://eu-west-1.b-1/x@v}`],
  ['only s3-presigned-url and', `\${aws:iot:s3-presigned-url-v3:b-1/x}`],
  ['no host of S3', v2('https://example.com/b-1/x')],
  ['no host of S3', v2('https://s3.eu-west-1.amazonaws.com.example.com/b-1/x')],
  ['no host of S3', v2('https://b-1.s3-accelerate.amazonaws.com/x')],
  ['no host of S3', v2('https://s3.eu-west-1.amazonaws.com@example.com/b-1/x')],
  ["cannot be a bucket's name", v2('http://s3.eu-west-1.amazonaws.com/b-1/x')],
  ["cannot be a bucket's name", v2('https://s3.eu-west-1.amazonaws.com/b-1')],
  ["cannot be a bucket's name", v1('/x')],
  ["cannot be a bucket's name", v1('')],
  ['no key', v2('https://s3.eu-west-1.amazonaws.com/b-1/')],
  ['no key', v2('https://s3.eu-west-1.amazonaws.com/b-1/a/../../b-2/x')],
  ['no key', v2('https://s3.eu-west-1.amazonaws.com/b-1/a/%2E%2E/x')],
  ['no key', v2('https://s3.eu-west-1.amazonaws.com/b-1/%zz')],
  ['no key', v2(`https://s3.eu-west-1.amazonaws.com/b-1/${'x'.repeat(1_025)}`)],
  ['its query', v2('https://s3.eu-west-1.amazonaws.com/b-1/x?acl')],
])('it is said why a placeholder means nothing: %s', (fault, text) => {
  expect(placeholdersIn({ files: [{ url: `see ${text}` }] })).toEqual([
    { path: 'files[0].url', text, object: { fault: expect.stringContaining(fault) } },
  ]);
});

it('each is found where it stands and gives way to its URL; the rest of the document stays', () => {
  const [one, other] = [v2('https://s3.eu-west-1.amazonaws.com/b-1/x'), v1('b-1/y')];
  const document = {
    a: `get ${one} and ${other}`,
    b: [1, null, { c: one }],
    [one]: true,
    d: `\${aws:other:x}`,
  };
  expect(placeholdersIn(document).map(({ path, text }) => [path, text])).toEqual([
    ['a', one],
    ['a', other],
    ['b[2].c', one],
  ]);
  const urls = new Map([
    [one, 'https://h/$&?1'],
    [other, 'https://h/2'],
  ]);
  expect(withUrls(document, urls)).toEqual({
    ...document,
    a: 'get https://h/$&?1 and https://h/2',
    b: [1, null, { c: 'https://h/$&?1' }],
  });
});

it('whatever stands there, it is an object that can be written again, or a fault', () => {
  const fuzz = new Fuzz(20_261_129);
  const samples = [
    v2('https://s3.eu-central-1.amazonaws.com/bucket/a%20b/x.bin?versionId=1'),
    v1('https://bucket.s3.cn-north-1.amazonaws.com.cn/key'),
    v1('bucket/key'),
  ];
  let understood = 0;
  for (let at = 0; at < 20_000; at++) {
    for (const { object } of placeholdersIn(fuzz.text(samples))) {
      if ('fault' in object) continue;
      understood++;
      const { versionId, ...unversioned } = object;
      expect(placeholderObject(placeholderOf(unversioned))).toMatchObject(unversioned);
    }
  }
  expect(understood).toBeGreaterThan(500);
});
