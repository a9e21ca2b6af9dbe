/**
 * A folder's nodes as one blob: `{"nodes":[...]}` and a newline, sorted by the bytes of the names.
 * The newline is part of what is hashed.
 */
import { encodeGoJson, type JsonValue, parseGoJson } from '../repository/go-json.js';
import { treeDamaged } from './errors.js';
import { readFlatObject } from './json-fields.js';
import { nodeFromJson, nodeToJson, type TreeNode } from './node.js';

/** The blob of these nodes, which may come in any order. */
export function encodeTree(nodes: readonly TreeNode[]): Buffer {
  const sorted = [...nodes].sort((a, b) => Buffer.compare(a.name, b.name));
  return Buffer.from(`${encodeGoJson({ nodes: sorted.map(nodeToJson) })}\n`, 'utf8');
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
