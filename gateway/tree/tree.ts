/**
 * A folder's nodes as one blob: `{"nodes":[...]}` and a newline, sorted by the bytes of the names.
 * The newline is part of what is hashed.
 */
import { isUtf8 } from 'node:buffer';
import { isStrayByte, toLossless } from '../files/path-bytes.js';
import { encodeGoJson, type JsonValue, parseGoJson } from '../repository/go-json.js';
import { treeDamaged } from './errors.js';
import { readFlatObject } from './json-fields.js';
import { nodeFromJson, nodeToJson, type TreeNode } from './node.js';

/** The blob of these nodes, which may come in any order. */
export function encodeTree(nodes: readonly TreeNode[]): Buffer {
  const sorted = [...nodes].sort((a, b) => Buffer.compare(a.name, b.name));
  return Buffer.from(`{"nodes":[${sorted.map(encodeNode).join(',')}]}\n`, 'utf8');
}

function encodeNode(node: TreeNode): string {
  const json = encodeGoJson(nodeToJson(node));
  const target = node.linkTarget;
  if (target === undefined || isUtf8(target)) return json;
  const key = '"linktarget":';
  // Inside a string the quotes would be escaped, so that this finds the member and nothing else.
  const shown = `${key}${encodeGoJson(target.toString('utf8'))}`;
  return json.replace(shown, () => `${key}${encodeBytes(target)}`);
}

/**
 * Text that is not all UTF-8 as Go writes it: each stray byte as the escape `\\ufffd`, where a true
 * U+FFFD stands as itself.
 */
function encodeBytes(bytes: Buffer): string {
  const characters = Array.from(toLossless(bytes), (character) =>
    isStrayByte(character) ? '\\ufffd' : encodeGoJson(character).slice(1, -1),
  );
  return `"${characters.join('')}"`;
}

/** Nodes in stored order. @throws TREE_DAMAGED when it is no tree. */
export function decodeTree(blob: Uint8Array): TreeNode[] {
  let json: JsonValue;
  try {
    json = parseGoJson(blob) as JsonValue;
  } catch (cause) {
    throw treeDamaged('it is no JSON', cause);
  }
  const nodes = readFlatObject(json, 'the tree')['nodes'];
  if (nodes === undefined || nodes === null) return [];
  if (!Array.isArray(nodes)) throw treeDamaged('it has no list of nodes');
  return nodes.map((node: JsonValue) => nodeFromJson(readFlatObject(node, 'a node')));
}
