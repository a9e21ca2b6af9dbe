/**
 * A tree as text, for changing it without touching what stays: nodes that are kept keep their bytes,
 * fields that we do not know included. Text is latin1, a character per byte.
 */
import type { JsonValue } from '../repository/go-json.js';
import { parseGoJson } from '../repository/go-json.js';
import { treeDamaged, treeNotRepeatable } from './errors.js';
import { unquoteName } from './go-quote.js';
import { readFlatObject, readNumber, readText } from './json-fields.js';

export interface NodeText {
  /** The node's JSON, a character per byte. */
  readonly text: string;
  readonly name: Buffer;
  readonly type: string;
  /** Id of a folder's tree; empty for everything else. */
  readonly subtree: string;
  readonly sizeBytes: number;
}

const head = '{"nodes":[';
const tail = ']}\n';

/**
 * The nodes in stored order.
 * @throws TREE_DAMAGED when it is no tree, TREE_NOT_REPEATABLE when it has more than nodes, or is
 * written otherwise than restic writes it, so that something would be lost.
 */
export function splitTree(id: string, blob: Uint8Array): NodeText[] {
  const text = Buffer.from(blob.buffer, blob.byteOffset, blob.length).toString('latin1');
  if (text === '{"nodes":null}\n') return [];
  if (!text.startsWith(head) || !text.endsWith(tail)) throw treeNotRepeatable(id);
  const texts = splitObjects(text.slice(head.length, -tail.length));
  if (joinTree(texts).toString('latin1') !== text) throw treeNotRepeatable(id);
  return texts.map(readNode);
}

/** The blob of these nodes, which stand in the order of their names' bytes. */
export function joinTree(texts: readonly string[]): Buffer {
  return Buffer.from(`${head}${texts.join(',')}${tail}`, 'latin1');
}

/** @throws TREE_NOT_REPEATABLE when the node's text names its subtree otherwise than once. */
export function withSubtree(node: NodeText, subtree: string): string {
  const parts = node.text.split(`"subtree":"${node.subtree}"`);
  if (parts.length !== 2) throw treeNotRepeatable(node.subtree);
  return parts.join(`"subtree":"${subtree}"`);
}

function readNode(text: string): NodeText {
  let value: JsonValue;
  try {
    value = parseGoJson(Buffer.from(text, 'latin1')) as JsonValue;
  } catch (cause) {
    throw treeDamaged('a node is no JSON', cause);
  }
  const json = readFlatObject(value, 'a node');
  return {
    text,
    name: unquoteName(readText(json, 'name')),
    type: readText(json, 'type'),
    subtree: readText(json, 'subtree'),
    sizeBytes: readNumber(json, 'size'),
  };
}

const mark = /[{}]|"[^"\\]*(?:\\.[^"\\]*)*"/g;

/** The objects of a list, without the commas between them. */
function splitObjects(list: string): string[] {
  const objects: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: found, index } of list.matchAll(mark)) {
    if (found === '{') {
      if (depth++ === 0) start = index;
    } else if (found === '}' && --depth === 0) objects.push(list.slice(start, index + 1));
  }
  return objects;
}
