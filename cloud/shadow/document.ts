/**
 * The algebra of shadow documents, pure: merging a request into a section, its metadata, and what
 * desired asks for beyond reported. Sections are objects; arrays are values; null takes a key away.
 * An object without members is left out, as if it had never been written.
 */
import { isJsonObject, type JsonObject, type JsonValue, memberOf, sameJson } from '../../core/json.js';

export const sections = ['desired', 'reported'] as const;
export type Section = (typeof sections)[number];

/** Absent sections are empty ones. */
export type Sections = { readonly [name in Section]?: JsonObject };

export interface Merged {
  readonly state: JsonObject;
  /** In the shape of the state, `{"timestamp": SECONDS}` at each leaf. */
  readonly metadata: JsonObject;
}

/** `patch` laid over `state`: what it holds is set, what it holds as null is taken away. */
export function merge(before: Merged, patch: JsonObject, timestamp: number): Merged {
  const state = new Map(Object.entries(before.state));
  const metadata = new Map(Object.entries(before.metadata));
  for (const [key, value] of Object.entries(patch)) {
    const next = mergeMember(memberOf(before.state, key), memberOf(before.metadata, key), value, timestamp);
    if (next === undefined) {
      state.delete(key);
      metadata.delete(key);
    } else {
      state.set(key, next.value);
      metadata.set(key, next.metadata);
    }
  }
  return { state: Object.fromEntries(state), metadata: Object.fromEntries(metadata) };
}

function mergeMember(
  state: JsonValue | undefined,
  metadata: JsonValue | undefined,
  value: JsonValue,
  timestamp: number,
): { value: JsonValue; metadata: JsonValue } | undefined {
  if (value === null) return undefined;
  if (!isJsonObject(value)) return { value, metadata: leafMetadata(value, timestamp) };
  const before = {
    state: isJsonObject(state) ? state : {},
    metadata: isJsonObject(state) && isJsonObject(metadata) ? metadata : {},
  };
  const merged = merge(before, value, timestamp);
  if (Object.keys(merged.state).length === 0) return undefined;
  return { value: merged.state, metadata: merged.metadata };
}

/** An array has one entry for each of its leaves, as AWS has it. */
function leafMetadata(value: JsonValue, timestamp: number): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => leafMetadata(item, timestamp));
  if (!isJsonObject(value)) return { timestamp };
  const entries = Object.entries(value).map(([key, item]) => [key, leafMetadata(item, timestamp)] as const);
  return Object.fromEntries(entries);
}

/** What desired holds that reported does not hold or holds otherwise, with desired's metadata. */
export function deltaOf(desired: Merged, reported: JsonObject): Merged {
  const state = new Map<string, JsonValue>();
  const metadata = new Map<string, JsonValue>();
  for (const [key, value] of Object.entries(desired.state)) {
    const actual = memberOf(reported, key);
    if (sameJson(value, actual)) continue;
    const meta = memberOf(desired.metadata, key) ?? {};
    if (isJsonObject(value) && isJsonObject(actual) && isJsonObject(meta)) {
      const inner = deltaOf({ state: value, metadata: meta }, actual);
      if (Object.keys(inner.state).length === 0) continue;
      state.set(key, inner.state);
      metadata.set(key, inner.metadata);
    } else {
      state.set(key, value);
      metadata.set(key, meta);
    }
  }
  return { state: Object.fromEntries(state), metadata: Object.fromEntries(metadata) };
}

/** The part of `metadata` that `patch` names: what `update/accepted` tells. */
export function restrict(metadata: JsonObject, patch: JsonObject): JsonObject {
  const entries: [string, JsonValue][] = [];
  for (const [key, value] of Object.entries(patch)) {
    const meta = memberOf(metadata, key);
    if (meta === undefined) continue;
    entries.push([key, isJsonObject(value) && isJsonObject(meta) ? restrict(meta, value) : meta]);
  }
  return Object.fromEntries(entries);
}

export function hasNullInArray(value: JsonValue, inArray = false): boolean {
  if (value === null) return inArray;
  if (typeof value !== 'object') return false;
  const within = inArray || Array.isArray(value);
  return Object.values(value).some((item: JsonValue) => hasNullInArray(item, within));
}
