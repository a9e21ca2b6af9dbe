/**
 * One entry of a plan as bytes, so that a plan of a million entries is a few large buffers and
 * goes to threads without being taken apart. Both ends are of one process: there are no versions.
 */
import type { Metadata } from '../files/placing.js';
import { fileTimes } from '../files/posix.js';
import { permissionsOf } from '../tree/file-mode.js';
import type { ExtendedAttribute, TreeNode } from '../tree/node.js';
import type { Kind } from './kinds.js';

export interface EntryRecord extends Metadata {
  readonly kind: Kind;
  /** Number of the folder's entry. */
  readonly parent: number;
  readonly name: Buffer;
  /** Of a file its content's size; of a hard link the number of the first name's entry. */
  readonly size: number;
  readonly linkTarget: Buffer;
  /** st_rdev. */
  readonly device: bigint;
}

export interface EntryOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Where the fields of fixed size lie. */
const at = {
  kind: 0,
  permissions: 2,
  parent: 4,
  uid: 8,
  gid: 12,
  size: 16,
  mtimeSeconds: 24,
  atimeSeconds: 32,
  mtimeNanos: 40,
  atimeNanos: 44,
  device: 48,
  nameLength: 56,
  linkLength: 60,
  attributeCount: 64,
  end: 68,
} as const;

export interface RecordParts {
  readonly kind: Kind;
  readonly parent: number;
  readonly node: TreeNode;
  readonly owner: EntryOwner;
  readonly size: number;
  readonly attributes: readonly ExtendedAttribute[];
}

/** @throws RangeError when a number does not fit where the kernel would take it. */
export function encodeRecord({ kind, parent, node, owner, size, attributes }: RecordParts): Buffer {
  const link = node.linkTarget ?? Buffer.alloc(0);
  const names = attributes.map(({ name }) => Buffer.from(name));
  const attributeBytes = attributes.reduce(
    (sum, { value }, i) => sum + 8 + (names[i]?.length ?? 0) + value.length,
    0,
  );
  const record = Buffer.allocUnsafe(at.end + node.name.length + link.length + attributeBytes);
  record.writeUInt8(kind, at.kind);
  record.writeUInt32LE(attributes.length, at.attributeCount);
  record.writeUInt16LE(permissionsOf(node.mode), at.permissions);
  record.writeUInt32LE(parent, at.parent);
  record.writeUInt32LE(owner.uid, at.uid);
  record.writeUInt32LE(owner.gid, at.gid);
  record.writeDoubleLE(size, at.size);
  const times = fileTimes(node.atimeNs, node.mtimeNs);
  record.writeDoubleLE(times.mtimeSeconds, at.mtimeSeconds);
  record.writeDoubleLE(times.atimeSeconds, at.atimeSeconds);
  record.writeUInt32LE(times.mtimeNanos, at.mtimeNanos);
  record.writeUInt32LE(times.atimeNanos, at.atimeNanos);
  record.writeBigUInt64LE(node.device, at.device);
  record.writeUInt32LE(node.name.length, at.nameLength);
  record.writeUInt32LE(link.length, at.linkLength);
  record.set(node.name, at.end);
  record.set(link, at.end + node.name.length);
  let end = at.end + node.name.length + link.length;
  for (const [i, { value }] of attributes.entries()) {
    const name = names[i] as Buffer;
    end = record.writeUInt32LE(name.length, end);
    end = record.writeUInt32LE(value.length, end);
    record.set(name, end);
    record.set(value, end + name.length);
    end += name.length + value.length;
  }
  return record;
}

/** The entry; its buffers are views of `record`. */
export function decodeRecord(record: Buffer): EntryRecord {
  const nameEnd = at.end + record.readUInt32LE(at.nameLength);
  const linkEnd = nameEnd + record.readUInt32LE(at.linkLength);
  return {
    kind: record.readUInt8(at.kind) as Kind,
    parent: record.readUInt32LE(at.parent),
    permissions: record.readUInt16LE(at.permissions),
    uid: record.readUInt32LE(at.uid),
    gid: record.readUInt32LE(at.gid),
    size: record.readDoubleLE(at.size),
    device: record.readBigUInt64LE(at.device),
    name: record.subarray(at.end, nameEnd),
    linkTarget: record.subarray(nameEnd, linkEnd),
    times: {
      mtimeSeconds: record.readDoubleLE(at.mtimeSeconds),
      mtimeNanos: record.readUInt32LE(at.mtimeNanos),
      atimeSeconds: record.readDoubleLE(at.atimeSeconds),
      atimeNanos: record.readUInt32LE(at.atimeNanos),
    },
    attributes: decodeAttributes(record, linkEnd),
  };
}

function decodeAttributes(record: Buffer, start: number) {
  const attributes: { name: Buffer; value: Buffer }[] = [];
  let end = start;
  for (let left = record.readUInt32LE(at.attributeCount); left > 0; left--) {
    const nameEnd = end + 8 + record.readUInt32LE(end);
    const valueEnd = nameEnd + record.readUInt32LE(end + 4);
    attributes.push({ name: record.subarray(end + 8, nameEnd), value: record.subarray(nameEnd, valueEnd) });
    end = valueEnd;
  }
  return attributes;
}

/** Without taking the rest apart: what paths are made of. */
export function nameInRecord(record: Buffer): Buffer {
  return record.subarray(at.end, at.end + record.readUInt32LE(at.nameLength));
}

export function parentInRecord(record: Buffer): number {
  return record.readUInt32LE(at.parent);
}

export function kindInRecord(record: Buffer): Kind {
  return record.readUInt8(at.kind) as Kind;
}

export function sizeInRecord(record: Buffer): number {
  return record.readDoubleLE(at.size);
}
