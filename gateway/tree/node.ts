/**
 * One entry of a folder as restic stores it. Encoding is exact: the fields, their order and what is
 * left out decide the tree's id, and restic refuses to rewrite a tree that it would write otherwise.
 * Unknown fields are dropped when reading.
 */
import { isUtf8 } from 'node:buffer';
import type { JsonValue } from '../repository/go-json.js';
import { treeDamaged } from './errors.js';
import { quoteName, unquoteName } from './go-quote.js';
import { formatTime } from './go-time.js';
import {
  type JsonObject,
  readBytes,
  readFlatObject,
  readInteger,
  readNumber,
  readText,
  readTime,
} from './json-fields.js';

const maxAttributeDepth = 500;

export interface ExtendedAttribute {
  readonly name: string;
  readonly value: Buffer;
}

export interface TreeNode {
  readonly name: Buffer;
  /** A `NodeType`, or what another writer put there. */
  readonly type: string;
  /** Go FileMode bits; see `permissionsOf`. */
  readonly mode: number;
  /** Nanoseconds since 1970. */
  readonly mtimeNs: bigint;
  readonly atimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly group: string;
  readonly inode: bigint;
  /** st_dev; 0 unless the file has several names. */
  readonly deviceId: bigint;
  readonly sizeBytes: number;
  readonly links: number;
  readonly linkTarget?: Buffer;
  readonly extendedAttributes: readonly ExtendedAttribute[];
  /** What restic on Windows stores; kept as it is. */
  readonly genericAttributes?: JsonObject;
  /** st_rdev of a device. */
  readonly device: bigint;
  /** Ids of a file's chunks in order; null for everything else. */
  readonly content: readonly string[] | null;
  /** Id of a folder's tree. */
  readonly subtree?: string;
  readonly error: string;
}

/** The node as a JSON object whose keys stand in restic's order. */
export function nodeToJson(node: TreeNode): JsonObject {
  const json: Record<string, JsonValue> = { name: quoteName(node.name), type: node.type };
  if (node.mode !== 0) json['mode'] = node.mode;
  json['mtime'] = formatTime(node.mtimeNs);
  json['atime'] = formatTime(node.atimeNs);
  json['ctime'] = formatTime(node.ctimeNs);
  json['uid'] = node.uid;
  json['gid'] = node.gid;
  putUnlessEmpty(json, 'user', node.user);
  putUnlessEmpty(json, 'group', node.group);
  putUnlessEmpty(json, 'inode', node.inode);
  putUnlessEmpty(json, 'device_id', node.deviceId);
  putUnlessEmpty(json, 'size', node.sizeBytes);
  putUnlessEmpty(json, 'links', node.links);
  putLinkTarget(json, node.linkTarget);
  if (node.extendedAttributes.length > 0) {
    json['extended_attributes'] = node.extendedAttributes.map(({ name, value }) => ({
      name,
      value: value.toString('base64'),
    }));
  }
  if (node.genericAttributes !== undefined) json['generic_attributes'] = node.genericAttributes;
  putUnlessEmpty(json, 'device', node.device);
  json['content'] = node.content;
  if (node.subtree !== undefined) json['subtree'] = node.subtree;
  putUnlessEmpty(json, 'error', node.error);
  return json;
}

function putUnlessEmpty(json: Record<string, JsonValue>, key: string, value: string | number | bigint): void {
  if (value) json[key] = value;
}

function putLinkTarget(json: Record<string, JsonValue>, target: Buffer | undefined): void {
  if (target === undefined || target.length === 0) return;
  json['linktarget'] = target.toString('utf8');
  if (!isUtf8(target)) json['linktarget_raw'] = target.toString('base64');
}

/** @throws TREE_DAMAGED when a field has another type than it must. */
export function nodeFromJson(json: JsonObject): TreeNode {
  const linkTarget = readLinkTarget(json);
  const genericAttributes = json['generic_attributes'];
  if (!isWritable(genericAttributes, maxAttributeDepth))
    throw treeDamaged('generic_attributes cannot be kept');
  const subtree = readText(json, 'subtree');
  const mtimeNs = readTime(json, 'mtime');
  return {
    name: unquoteName(readText(json, 'name')),
    type: readText(json, 'type'),
    mode: readNumber(json, 'mode'),
    mtimeNs,
    atimeNs: readTime(json, 'atime'),
    ctimeNs: readTime(json, 'ctime'),
    uid: readNumber(json, 'uid'),
    gid: readNumber(json, 'gid'),
    user: readText(json, 'user'),
    group: readText(json, 'group'),
    inode: readInteger(json, 'inode'),
    deviceId: readInteger(json, 'device_id'),
    sizeBytes: readNumber(json, 'size'),
    links: readNumber(json, 'links'),
    ...(linkTarget === undefined ? {} : { linkTarget }),
    extendedAttributes: readAttributes(json['extended_attributes']),
    ...(isObject(genericAttributes) ? { genericAttributes } : {}),
    device: readInteger(json, 'device'),
    content: readContent(json['content']),
    ...(subtree === '' ? {} : { subtree }),
    error: readText(json, 'error'),
  };
}

/** What is kept as it is must be fit to be written again: not too deep, no number beyond all bounds. */
function isWritable(value: JsonValue | undefined, room: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return room > 0 && Object.values(value).every((member) => isWritable(member, room - 1));
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readLinkTarget(json: JsonObject): Buffer | undefined {
  const raw = readBytes(json, 'linktarget_raw');
  if (raw.length > 0) return raw;
  const text = readText(json, 'linktarget');
  return text === '' ? undefined : Buffer.from(text, 'utf8');
}

function readAttributes(value: JsonValue | undefined): ExtendedAttribute[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw treeDamaged('extended_attributes is no list');
  return value.map((item: JsonValue) => {
    const attribute = readFlatObject(item, 'an extended attribute');
    return { name: readText(attribute, 'name'), value: readBytes(attribute, 'value') };
  });
}

function readContent(value: JsonValue | undefined): string[] | null {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) throw treeDamaged('content is no list');
  return value.map((id: JsonValue) => {
    if (typeof id === 'string' && /^[0-9a-f]{64}$/.test(id)) return id;
    throw treeDamaged('content holds something that is no blob id');
  });
}
