import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeGoJson } from '../../../gateway/repository/go-json.js';
import { deviceMode, goMode, permissionsOf, typeOfMode } from '../../../gateway/tree/file-mode.js';
import { quoteName, unquoteName } from '../../../gateway/tree/go-quote.js';
import { formatTime, parseTime, zeroTimeNs } from '../../../gateway/tree/go-time.js';
import { nodeToJson, type TreeNode } from '../../../gateway/tree/node.js';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from '../../../gateway/tree/snapshot.js';
import { decodeTree, encodeTree } from '../../../gateway/tree/tree.js';

const id = 'ab'.repeat(32);
const blank: TreeNode = {
  name: Buffer.from('name'),
  type: 'file',
  mode: 420,
  mtimeNs: 1_500_000_000_123_456_780n,
  atimeNs: 1_500_000_000_000_000_000n,
  ctimeNs: -1n,
  uid: 0,
  gid: 0,
  user: '',
  group: '',
  inode: 0n,
  deviceId: 0n,
  sizeBytes: 0,
  links: 0,
  extendedAttributes: [],
  device: 0n,
  content: null,
  error: '',
};

describe('names', () => {
  it.each([
    ['we"ird\\name', 'we\\"ird\\\\name'],
    ['a\tb\nc', 'a\\tb\\nc'],
    ['\0\u0001\u001f\u007f', '\\x00\\x01\\x1f\\x7f'],
    ['\u0007\b\f\v', '\\a\\b\\f\\v'],
    ['\u00a0\u00ad\u200b\u2028\u3000\ue000', '\\u00a0\\u00ad\\u200b\\u2028\\u3000\\ue000'],
    ['\u{e0001}', '\\U000e0001'],
    ['\u00e9\u{1f600}\ufffde\u0301<&>', '\u00e9\u{1f600}\ufffde\u0301<&>'],
  ])('quotes %j as Go does', (name, quoted) => {
    expect(quoteName(Buffer.from(name))).toBe(quoted);
    expect(unquoteName(quoted)).toEqual(Buffer.from(name));
  });

  it.each([
    [[0xff, 0xfe], '\\xff\\xfe'],
    [[0xed, 0xa0, 0x80], '\\xed\\xa0\\x80'],
    [[0xc0, 0x80], '\\xc0\\x80'],
    [[0xf4, 0x90, 0x80, 0x80], '\\xf4\\x90\\x80\\x80'],
    [[0xe2, 0x82], '\\xe2\\x82'],
  ])('keeps the bytes %j, which are no UTF-8', (bytes, quoted) => {
    expect(quoteName(Buffer.from(bytes))).toBe(quoted);
    expect(unquoteName(quoted)).toEqual(Buffer.from(bytes));
  });

  it('survives every pair of bytes', () => {
    for (let pair = 0; pair < 65536; pair += 7) {
      const name = Buffer.of(pair >> 8, pair & 255, 0x41);
      expect(unquoteName(quoteName(name)).equals(name)).toBe(true);
    }
  });

  it('reads octal escapes and refuses what is none', () => {
    expect(unquoteName('\\101\\"')).toEqual(Buffer.from('A"'));
    for (const bad of ['\\q', '\\x4', '\\ud800', '\\U00110000', '\\']) {
      expect(() => unquoteName(bad)).toThrow(expect.objectContaining({ code: 'TREE_DAMAGED' }));
    }
  });
});

describe('times', () => {
  it.each([
    [0n, '1970-01-01T00:00:00Z'],
    [1n, '1970-01-01T00:00:00.000000001Z'],
    [-1n, '1969-12-31T23:59:59.999999999Z'],
    [1_500_000_000_120_000_000n, '2017-07-14T02:40:00.12Z'],
    [zeroTimeNs, '0001-01-01T00:00:00Z'],
  ])('writes %d as %s', (ns, text) => {
    expect(formatTime(ns)).toBe(text);
    expect(parseTime(text)).toBe(ns);
  });

  it('reads offsets and holds years to four digits', () => {
    expect(parseTime('2017-07-14T04:40:00.5+02:00')).toBe(1_500_000_000_500_000_000n);
    expect(parseTime('1969-12-31T19:00:00-05:00')).toBe(0n);
    expect(formatTime(400_000_000_000n * 1_000_000_000n).slice(0, 4)).toBe('9999');
    expect(formatTime(-90_000_000_000n * 1_000_000_000n).slice(0, 4)).toBe('0000');
    expect(parseTime('yesterday')).toBeUndefined();
  });
});

describe('modes', () => {
  it.each([
    [0o100644, 420, 'file'],
    [0o104755, 8389101, 'file'],
    [0o040755, 2147484141, 'dir'],
    [0o041777, 2148532735, 'dir'],
    [0o120777, 134218239, 'symlink'],
    [0o010644, 33554852, 'fifo'],
    [0o020600, 69206400, 'chardev'],
    [0o060600, 67109248, 'dev'],
    [0o140700, 16777664, 'socket'],
  ])('turns %o into %d', (mode, bits, type) => {
    expect(goMode(mode)).toBe(bits);
    expect(typeOfMode(mode)).toBe(type);
    expect(permissionsOf(bits)).toBe(mode & 0o7777);
  });

  it('gives mknod its kind and permissions', () => {
    expect(deviceMode('dev', goMode(0o061640))).toBe(0o061640);
  });
});

describe('trees', () => {
  it('writes the empty folder that restic knows', () => {
    const blob = encodeTree([]);
    expect(blob.toString()).toBe('{"nodes":[]}\n');
    expect(createHash('sha256').update(blob).digest('hex')).toBe(
      'ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8',
    );
  });

  it('leaves out what is empty and keeps the order of fields', () => {
    expect(encodeTree([blank]).toString()).toBe(
      '{"nodes":[{"name":"name","type":"file","mode":420,"mtime":"2017-07-14T02:40:00.12345678Z",' +
        '"atime":"2017-07-14T02:40:00Z","ctime":"1969-12-31T23:59:59.999999999Z","uid":0,"gid":0,"content":null}]}\n',
    );
  });

  it("writes every field in restic's order and reads it back", () => {
    const full: TreeNode = {
      ...blank,
      name: Buffer.from([0x3c, 0xff]),
      uid: 1000,
      gid: 4_294_967_295,
      user: 'u',
      group: 'g',
      inode: 18_446_744_073_709_551_615n,
      deviceId: 9_007_199_254_740_993n,
      sizeBytes: 5,
      links: 2,
      linkTarget: Buffer.from([0x2f, 0xff]),
      extendedAttributes: [{ name: 'user.a', value: Buffer.from([0, 255]) }],
      genericAttributes: { 'windows.file_attributes': 32 },
      device: 259n,
      content: [id],
      subtree: id,
      error: 'e',
    };
    const blob = encodeTree([full]);
    expect(blob.toString()).toContain(
      '"uid":1000,"gid":4294967295,"user":"u","group":"g","inode":18446744073709551615,' +
        '"device_id":9007199254740993,"size":5,"links":2,"linktarget":"/\\ufffd","linktarget_raw":"L/8=",' +
        '"extended_attributes":[{"name":"user.a","value":"AP8="}],"generic_attributes":{"windows.file_attributes":32},' +
        `"device":259,"content":["${id}"],"subtree":"${id}","error":"e"}]}\n`,
    );
    expect(blob.toString()).toContain('"name":"\\u003c\\\\xff"');
    expect(decodeTree(blob)).toEqual([full]);
  });

  it('writes stray bytes of a link as escapes and a true replacement character as itself', () => {
    const linkTarget = Buffer.from([0xe2, 0x82, 0x41, 0xef, 0xbf, 0xbd, 0x22, 0xff]);
    const blob = encodeTree([{ ...blank, type: 'symlink', linkTarget }]);
    expect(blob.toString()).toContain(
      '"linktarget":"\\ufffd\\ufffdA\ufffd\\"\\ufffd","linktarget_raw":"4oJB77+9Iv8="',
    );
    expect(decodeTree(blob)[0]?.linkTarget).toEqual(linkTarget);
  });

  it('sorts by bytes, not by UTF-16', () => {
    const names = ['\u{1f600}', '\ufffd', 'b', 'B', 'a-', 'a'].map((name) => Buffer.from(name));
    const sorted = decodeTree(encodeTree(names.map((name) => ({ ...blank, name })))).map(({ name }) => name);
    expect(sorted.map(String)).toEqual(['B', 'a', 'a-', 'b', '\ufffd', '\u{1f600}']);
  });

  it.each(['', '{}x', '[]', '{"nodes":7}', '{"nodes":[{"name":7}]}', '{"nodes":[{"content":["zz"]}]}'])(
    'refuses %j',
    (text) => {
      expect(() => decodeTree(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'TREE_DAMAGED' }));
    },
  );

  it('reads fields that are null or unknown as restic does', () => {
    const [node] = decodeTree(
      Buffer.from('{"nodes":[{"name":"a","type":"file","content":null,"new":1,"uid":null}]}'),
    );
    expect(node).toMatchObject({ uid: 0, content: null, mtimeNs: zeroTimeNs });
  });
});

describe('snapshots', () => {
  const snapshot: Snapshot = {
    timeNs: 1_500_000_000_000_000_001n,
    tree: id,
    paths: ['/a<b'],
    hostname: 'h',
    username: '',
    uid: 0,
    gid: 0,
    excludes: [],
    tags: [],
    programVersion: 'gatehouse 1.0.0',
  };

  it('leaves out what is empty', () => {
    expect(encodeSnapshot(snapshot)).toBe(
      `{"time":"2017-07-14T02:40:00.000000001Z","tree":"${id}","paths":["/a\\u003cb"],"hostname":"h","program_version":"gatehouse 1.0.0"}`,
    );
  });

  it('comes back as it was', () => {
    const full = {
      ...snapshot,
      parent: id,
      username: 'u',
      uid: 1,
      gid: 2,
      excludes: ['*.o'],
      tags: ['t'],
      original: id,
    };
    expect(decodeSnapshot('x', Buffer.from(encodeSnapshot(full)))).toEqual({ id: 'x', ...full });
  });

  it('is damaged when it is no JSON', () => {
    expect(() => decodeSnapshot('x', Buffer.from('nope'))).toThrow(
      expect.objectContaining({ code: 'SNAPSHOT_DAMAGED' }),
    );
  });
});

it('encodes plain nodes to the same text as by way of their JSON', () => {
  const attribute = { name: 'user.<x>', value: Buffer.from([1, 2, 255]) };
  const nodes: TreeNode[] = [
    blank,
    {
      ...blank,
      name: Buffer.from('a&b\u007f\u2028"'),
      content: [],
      links: 3,
      deviceId: 2n ** 63n,
      inode: 9n,
    },
    { ...blank, type: 'dir', mode: 2 ** 31, subtree: id, user: 'root', group: 'a"b', uid: 7, gid: 8 },
    { ...blank, content: [id, id], sizeBytes: 5, extendedAttributes: [attribute, attribute] },
    { ...blank, type: 'chardev', mode: 0, device: 1280n, error: '<gone>' },
  ];
  for (const node of nodes) {
    expect(encodeTree([node]).toString()).toBe(`{"nodes":[${encodeGoJson(nodeToJson(node))}]}\n`);
    expect(encodeTree(decodeTree(encodeTree([node]))).equals(encodeTree([node]))).toBe(true);
  }
});
