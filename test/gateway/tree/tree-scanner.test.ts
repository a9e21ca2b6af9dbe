import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { IdList } from '../../../gateway/tree/id-list.js';
import type { TreeNode } from '../../../gateway/tree/node.js';
import { decodeTree, encodeTree } from '../../../gateway/tree/tree.js';
import { TreeScanner } from '../../../gateway/tree/tree-scanner.js';

const idOf = (n: number) => createHash('sha256').update(String(n)).digest('hex');

const file: TreeNode = {
  name: Buffer.from('file'),
  type: 'file',
  mode: 420,
  mtimeNs: 1_500_000_000_123_456_780n,
  atimeNs: 1_500_000_000_000_000_000n,
  ctimeNs: -1n,
  uid: 0,
  gid: 1000,
  user: 'root',
  group: '',
  inode: 2n ** 64n - 1n,
  deviceId: 0n,
  sizeBytes: 12,
  links: 1,
  extendedAttributes: [],
  device: 0n,
  content: [idOf(1)],
  error: '',
};

const nodes: TreeNode[] = [
  file,
  { ...file, name: Buffer.from('empty'), content: [] },
  { ...file, name: Buffer.from('caf\u00e9 "x"\n\\x2d'), content: [idOf(2), idOf(3)] },
  { ...file, name: Buffer.of(0xff, 0xfe), user: 'a\u2028<b>', error: 'it said "no"' },
  { ...file, name: Buffer.from('attributes'), extendedAttributes: [attribute('user.a', 'x')] },
  { ...file, name: Buffer.from('folder'), type: 'dir', content: null, subtree: idOf(4) },
  { ...file, name: Buffer.from('gone'), type: 'dir', content: null, subtree: idOf(5) },
  { ...file, name: Buffer.from('link'), type: 'symlink', content: null, linkTarget: Buffer.of(0x61, 0xff) },
  { ...file, name: Buffer.from('null'), type: 'chardev', content: null, device: 259n },
  { ...file, name: Buffer.from('pipe'), type: 'fifo', content: null },
];

function attribute(name: string, value: string) {
  return { name, value: Buffer.from(value) };
}

const idsOf = (list: IdList) => Array.from({ length: list.length }, (_, at) => list.idAt(at));

/** What a tree refers to, or undefined where the scanner leaves it to `decodeTree`. */
function viaScanner(tree: Uint8Array, scanner = new TreeScanner()) {
  if (!scanner.scan(tree)) return undefined;
  return { chunks: idsOf(scanner.chunks), folders: idsOf(scanner.folders) };
}

function viaDecoder(tree: Uint8Array) {
  const decoded = decodeTree(tree);
  return {
    chunks: decoded.flatMap(({ content }) => content ?? []),
    folders: decoded.flatMap(({ subtree }) => subtree ?? []),
  };
}

describe('the scanner of trees', () => {
  it('finds what a tree refers to, as the general decoder does', () => {
    const tree = encodeTree(nodes);
    expect(viaDecoder(tree).chunks).toHaveLength(5);
    expect(viaDecoder(tree).folders).toEqual([idOf(4), idOf(5)]);
    expect(viaScanner(tree)).toEqual(viaDecoder(tree));
  });

  it('serves one tree after the other, empty and with thousands of chunks', () => {
    const scanner = new TreeScanner();
    const content = Array.from({ length: 5000 }, (_, n) => idOf(n));
    for (const some of [nodes, [{ ...file, content }], [], nodes]) {
      const tree = encodeTree(some);
      expect(viaScanner(tree, scanner)).toEqual(viaDecoder(tree));
    }
  });

  it('takes times with an offset, and trees without a newline at the end', () => {
    const text = encodeTree(nodes)
      .toString()
      .replace(/"atime":"[^"]*"/, '"atime":"2017-07-14T04:40:00+02:00"');
    expect(viaScanner(Buffer.from(text.trimEnd()))).toEqual(viaDecoder(encodeTree(nodes)));
  });

  it.each<[string, (json: string) => string]>([
    ['white space', (json) => json.replace('{"nodes"', '{ "nodes"')],
    ['another order', (json) => json.replace('"uid":0,"gid":1000', '"gid":1000,"uid":0')],
    ['an unknown member', (json) => json.replace(',"content"', ',"colour":1,"content"')],
    ['a member twice', (json) => json.replace('"uid":0', '"uid":0,"uid":1')],
    ['an empty name', (json) => json.replace('"name":"file"', '"name":""')],
    ['an unknown escape in a name', (json) => json.replace('"name":"file"', '"name":"\\\\q"')],
    ['an unknown escape in a text', (json) => json.replace('"user":"root"', '"user":"\\q"')],
    ['half an escape', (json) => json.replace('"user":"root"', '"user":"\\u12"')],
    ['a control character', (json) => json.replace('"user":"root"', '"user":"\t"')],
    ['an unknown type', (json) => json.replace('"type":"file"', '"type":"door"')],
    ['a file without a list', (json) => json.replace(`["${idOf(1)}"]`, 'null')],
    ['a short id', (json) => json.replace(idOf(1), idOf(1).slice(2))],
    ['upper-case digits', (json) => json.replace(idOf(1), idOf(1).toUpperCase())],
    ['a folder without a tree', (json) => json.replace(`,"subtree":"${idOf(4)}"`, '')],
    ['no time', (json) => json.replace('"mtime":"2', '"mtime":"x')],
    ['no number', (json) => json.replace('"uid":0', '"uid":"0"')],
    ['a negative number', (json) => json.replace('"size":12', '"size":-12')],
    ['a leading zero', (json) => json.replace('"size":12', '"size":012')],
    ['a fraction', (json) => json.replace('"size":12', '"size":12.5')],
    ['a size beyond 2^53', (json) => json.replace('"size":12', '"size":9007199254740993')],
    ['a second value', (json) => `${json}{}`],
    ['a cut end', (json) => json.slice(0, -20)],
    ['nothing', () => ''],
  ])('leaves a tree with %s to the general decoder', (_name, change) => {
    const text = encodeTree(nodes).toString();
    expect(change(text)).not.toBe(text);
    expect(viaScanner(Buffer.from(change(text)))).toBeUndefined();
  });

  it('accepts nothing that the general decoder refuses, whatever byte is changed', () => {
    const tree = encodeTree(nodes);
    const scanner = new TreeScanner();
    let accepted = 0;
    for (let at = 0; at < tree.length; at++) {
      for (const byte of [0x00, 0x10, 0x22, 0x30, 0x41, 0x5c, 0x7d, 0xff]) {
        const changed = Buffer.from(tree);
        changed[at] = byte;
        const found = viaScanner(changed, scanner);
        if (found === undefined) continue;
        accepted++;
        expect(viaDecoder(changed)).toEqual(found);
      }
    }
    expect(accepted).toBeGreaterThan(1000);
  });
});
