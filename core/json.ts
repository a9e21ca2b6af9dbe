/** Values that JSON can hold, as types. Readers of foreign JSON narrow with `isJsonObject`. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member of that name that the object itself holds; never one that it inherits. */
export function memberOf(object: JsonObject | undefined, key: string): JsonValue | undefined {
  return object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
}

/**
 * Levels of objects and arrays that JSON from outside may have. `JSON.parse` takes any number; schemas, and
 * whoever walks what they let through, recurse.
 */
export const maxJsonLevels = 100;

/** True beyond `limit` levels of objects and arrays; a bare value has none. Looks no deeper than that. */
export function isDeeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  return Object.values(value).some((item: unknown) => isDeeperThan(item, limit - 1));
}

/** What is said of such JSON: "the body" and this. */
export const tooManyLevels = `nests deeper than ${maxJsonLevels} levels`;

/** Undefined when the bytes are not UTF-8 or not JSON. */
export function parseJson(bytes: Uint8Array): JsonValue | undefined {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as JsonValue;
  } catch {
    return undefined;
  }
}

/** Equal as JSON: the order of members does not count, that of elements does. */
export function sameJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameJson(memberOf(a, key), memberOf(b, key)))
  );
}
