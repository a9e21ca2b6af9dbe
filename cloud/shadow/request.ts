/** Reads what a device asks of its shadow. A fault is a value, with the code and text that AWS gives. */
import { isDeeperThan, isJsonObject, type JsonObject, type JsonValue, memberOf } from '../../core/json.js';
import { hasNullInArray, type Section, sections } from './document.js';

export interface ShadowLimits {
  /** Of the state, as JSON in UTF-8; metadata does not count. */
  readonly maxStateBytes: number;
  /** Levels of objects and arrays, the section's own among them. */
  readonly maxDepth: number;
  /** Named shadows of one thing. */
  readonly maxNamed: number;
}

export interface Rejection {
  /** As HTTP has them. */
  readonly code: 400 | 403 | 404 | 409 | 413 | 415 | 429 | 500;
  readonly message: string;
}

export interface ShadowUpdate {
  /** Null drops the section. */
  readonly state: { readonly [name in Section]?: JsonObject | null };
  readonly version: number | undefined;
}

const maxTokenBytes = 64;

export function isRejection(value: object): value is Rejection {
  return 'code' in value && 'message' in value;
}

export function reject(code: Rejection['code'], message: string): Rejection {
  return { code, message };
}

/** An absent body counts as `{}` where `emptyAllowed`. */
export function readBody(payload: Uint8Array, emptyAllowed: boolean): JsonObject | Rejection {
  if (payload.length === 0 && emptyAllowed) return {};
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
  } catch {
    return reject(415, 'Unsupported documented encoding; supported encoding is UTF-8');
  }
  try {
    const value = JSON.parse(text) as JsonValue;
    return isJsonObject(value) ? value : reject(400, 'Invalid JSON');
  } catch {
    return reject(400, 'Invalid JSON');
  }
}

/** Undefined when there is none. */
export function readToken(body: JsonObject): string | undefined | Rejection {
  const token = memberOf(body, 'clientToken');
  if (token === undefined) return undefined;
  const fits = typeof token === 'string' && Buffer.byteLength(token) <= maxTokenBytes;
  return fits ? token : reject(400, 'Invalid clientToken');
}

export function readUpdate(body: JsonObject, limits: ShadowLimits): ShadowUpdate | Rejection {
  const state = memberOf(body, 'state');
  if (state === undefined) return reject(400, 'Missing required node: state');
  if (!isJsonObject(state)) return reject(400, 'State node must be an object');
  const version = memberOf(body, 'version');
  if (version !== undefined && version !== null && !isVersion(version)) return reject(400, 'Invalid version');
  if (Object.keys(state).some((key) => !(sections as readonly string[]).includes(key))) {
    return reject(400, 'State contains an invalid node');
  }
  for (const section of sections) {
    const fault = sectionFault(section, memberOf(state, section), limits);
    if (fault !== undefined) return fault;
  }
  return {
    state: state as ShadowUpdate['state'],
    version: typeof version === 'number' ? version : undefined,
  };
}

function sectionFault(
  section: Section,
  value: JsonValue | undefined,
  { maxDepth }: ShadowLimits,
): Rejection | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) {
    return reject(400, `${section === 'desired' ? 'Desired' : 'Reported'} node must be an object`);
  }
  if (isDeeperThan(value, maxDepth)) {
    return reject(400, `JSON contains too many levels of nesting; maximum is ${maxDepth}`);
  }
  return hasNullInArray(value) ? reject(400, 'State contains an invalid node') : undefined;
}

function isVersion(value: JsonValue): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
