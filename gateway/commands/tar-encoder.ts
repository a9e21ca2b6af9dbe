/**
 * Tar headers (POSIX.1-2001 pax) for stored nodes. Ours, because packages take names and values as
 * text: here names, link targets and attribute values stay bytes. What the old fields cannot hold
 * goes into a pax record before the entry.
 */

import { permissionsOf } from '../tree/file-mode.js';
import type { TreeNode } from '../tree/node.js';

const blockBytes = 512;
const nameBytes = 100;
const largestOctal8 = 0o7777777;
const largestOctal12 = 0o77777777777;
const nanosPerSecond = 1_000_000_000n;

const typeFlags: Readonly<Record<string, string>> = {
  file: '0',
  symlink: '2',
  chardev: '3',
  dev: '4',
  dir: '5',
  fifo: '6',
};
const hardLinkFlag = '1';

interface Field {
  readonly key: string;
  readonly value: Buffer;
}

export class TarEncoder {
  /** First paths of files with several names, by device and inode. */
  readonly #firstPaths = new Map<string, Buffer>();
  #furtherName = false;

  /**
   * Everything that comes before the content, in whole blocks. Undefined for sockets, which tar
   * does not know.
   * @throws Error for a type that cannot be archived.
   */
  entry(path: Buffer, node: TreeNode, sizeBytes: number): Buffer | undefined {
    if (node.type === 'socket') return undefined;
    const flag = typeFlags[node.type];
    if (flag === undefined) throw new Error(`tar has no type ${JSON.stringify(node.type)}`);
    const first = this.#firstPathOf(path, node);
    this.#furtherName = first !== undefined;
    const name = node.type === 'dir' ? Buffer.concat([path, Buffer.from('/')]) : path;
    const link = first ?? node.linkTarget ?? Buffer.alloc(0);
    const size = first === undefined ? sizeBytes : 0;
    const fields = paxFields(name, link, size, node);
    const header = encodeHeader({ name, link, flag: first === undefined ? flag : hardLinkFlag, size, node });
    return fields.length === 0 ? header : Buffer.concat([encodePax(fields), header]);
  }

  /** Was the entry just made a further name of an earlier one? Then it has no content. */
  isFurtherName(node: TreeNode): boolean {
    return node.type === 'file' && this.#furtherName;
  }

  /** Zeros after content, up to a whole block. */
  padding(sizeBytes: number): Buffer {
    return Buffer.alloc((blockBytes - (sizeBytes % blockBytes)) % blockBytes);
  }

  /** The end of the archive. */
  end(): Buffer {
    return Buffer.alloc(2 * blockBytes);
  }

  #firstPathOf(path: Buffer, node: TreeNode): Buffer | undefined {
    if (node.type !== 'file' || node.links < 2 || node.inode === 0n) return undefined;
    const key = `${node.deviceId} ${node.inode}`;
    const first = this.#firstPaths.get(key);
    if (first === undefined) this.#firstPaths.set(key, path);
    return first;
  }
}

function paxFields(name: Buffer, link: Buffer, size: number, node: TreeNode): Field[] {
  const fields: Field[] = [];
  const put = (key: string, value: Buffer | string) => fields.push({ key, value: Buffer.from(value) });
  if (needsPax(name)) put('path', name);
  if (needsPax(link)) put('linkpath', link);
  if (size > largestOctal12) put('size', String(size));
  if (node.uid > largestOctal8) put('uid', String(node.uid));
  if (node.gid > largestOctal8) put('gid', String(node.gid));
  if (node.mtimeNs % nanosPerSecond !== 0n || node.mtimeNs < 0n) put('mtime', decimalSeconds(node.mtimeNs));
  for (const { name: attribute, value } of node.extendedAttributes) put(`SCHILY.xattr.${attribute}`, value);
  return fields;
}

/** Plain ASCII that fits needs no record; anything else is exact only there. */
function needsPax(text: Buffer): boolean {
  return text.length > nameBytes || text.some((byte) => byte >= 0x80);
}

function decimalSeconds(ns: bigint): string {
  const sign = ns < 0n ? '-' : '';
  const size = ns < 0n ? -ns : ns;
  return `${sign}${size / nanosPerSecond}.${(size % nanosPerSecond).toString().padStart(9, '0')}`;
}

function encodePax(fields: readonly Field[]): Buffer {
  const body = Buffer.concat(fields.map(paxRecord));
  const header = Buffer.alloc(blockBytes);
  header.write('PaxHeader', 0);
  writeCommon(header, { permissions: 0o644, uid: 0, gid: 0, size: body.length, seconds: 0, flag: 'x' });
  const room = Math.ceil(body.length / blockBytes) * blockBytes;
  return Buffer.concat([header, body, Buffer.alloc(room - body.length)]);
}

/** `length key=value\n`, where the length counts its own digits. */
function paxRecord({ key, value }: Field): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + String(rest.length).length;
  length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function encodeHeader(entry: {
  readonly name: Buffer;
  readonly link: Buffer;
  readonly flag: string;
  readonly size: number;
  readonly node: TreeNode;
}): Buffer {
  const { name, link, flag, size, node } = entry;
  const header = Buffer.alloc(blockBytes);
  header.set(name.subarray(0, nameBytes), 0);
  header.set(link.subarray(0, nameBytes), 157);
  header.write(node.user.slice(0, 31), 265, 31, 'latin1');
  header.write(node.group.slice(0, 31), 297, 31, 'latin1');
  if (node.type === 'dev' || node.type === 'chardev') writeDevice(header, node.device);
  const seconds = Number(node.mtimeNs / nanosPerSecond);
  writeCommon(header, {
    permissions: permissionsOf(node.mode),
    uid: node.uid,
    gid: node.gid,
    size,
    seconds,
    flag,
  });
  return header;
}

interface Common {
  readonly permissions: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly seconds: number;
  readonly flag: string;
}

function writeCommon(header: Buffer, { permissions, uid, gid, size, seconds, flag }: Common): void {
  writeOctal(header, 100, 8, permissions);
  writeOctal(header, 108, 8, uid > largestOctal8 ? 0 : uid);
  writeOctal(header, 116, 8, gid > largestOctal8 ? 0 : gid);
  writeOctal(header, 124, 12, size > largestOctal12 ? 0 : size);
  writeOctal(header, 136, 12, Math.min(largestOctal12, Math.max(0, seconds)));
  header.write(flag, 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  // The sum is taken with spaces in its own place.
  header.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}

function writeOctal(header: Buffer, at: number, width: number, value: number): void {
  header.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1');
}

/** Linux's packing of major and minor numbers in st_rdev. */
function writeDevice(header: Buffer, device: bigint): void {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn);
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn);
  writeOctal(header, 329, 8, Number(major & BigInt(largestOctal8)));
  writeOctal(header, 337, 8, Number(minor & BigInt(largestOctal8)));
}
