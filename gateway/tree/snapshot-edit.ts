/**
 * Changes fields of a stored snapshot and keeps all others as they are: those that we do not know,
 * and the zone of the time.
 */
import { encodeGoJson, type JsonValue, parseGoJson } from '../repository/go-json.js';
import { type JsonObject, readFlatObject } from './json-fields.js';

/** restic's order; other fields follow. */
const order = [
  'time',
  'parent',
  'tree',
  'paths',
  'hostname',
  'username',
  'uid',
  'gid',
  'excludes',
  'tags',
  'original',
  'program_version',
  'summary',
];

/** `undefined` removes a field. */
export interface SnapshotChanges {
  readonly time?: string;
  readonly parent?: string | undefined;
  readonly tree?: string;
  readonly hostname?: string;
  readonly tags?: readonly string[] | undefined;
  readonly original?: string;
  readonly summary?: JsonObject | undefined;
}

/** @returns the JSON text. @throws TREE_DAMAGED when it is no object, SyntaxError when it is no JSON. */
export function editSnapshot(bytes: Uint8Array, changes: SnapshotChanges): string {
  const before = readFlatObject(parseGoJson(bytes) as JsonValue, 'the snapshot');
  const fields: Record<string, JsonValue | undefined> = { ...before };
  for (const [name, value] of Object.entries(changes)) fields[name] = value as JsonValue | undefined;
  const names = new Set([...order, ...Object.keys(fields)]);
  return encodeGoJson(Object.fromEntries([...names].map((name) => [name, fields[name]])));
}
