/** Reads typed fields of a parsed JSON object by Go's rules: absent and null mean the zero value. */
import type { JsonValue } from '../repository/go-json.js';
import { treeDamaged } from './errors.js';
import { parseTime, zeroTimeNs } from './go-time.js';

export type JsonObject = { readonly [key: string]: JsonValue | undefined };

/** All: @throws TREE_DAMAGED when the field is there and has another type. */
export function readText(json: JsonObject, key: string): string {
  const value = json[key];
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw treeDamaged(`${key} is no string`);
  return value;
}

export function readInteger(json: JsonObject, key: string): bigint {
  const value = json[key];
  if (value === undefined || value === null) return 0n;
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  throw treeDamaged(`${key} is no integer`);
}

/** For counts and sizes, which a double holds exactly. */
export function readNumber(json: JsonObject, key: string): number {
  const value = Number(readInteger(json, key));
  if (!Number.isSafeInteger(value) || value < 0) throw treeDamaged(`${key} is out of range`);
  return value;
}

export function readBytes(json: JsonObject, key: string): Buffer {
  return Buffer.from(readText(json, key), 'base64');
}

export function readTime(json: JsonObject, key: string): bigint {
  const text = readText(json, key);
  if (text === '') return zeroTimeNs;
  const time = parseTime(text);
  if (time === undefined) throw treeDamaged(`${key} is no time: ${text}`);
  return time;
}

export function readTexts(json: JsonObject, key: string): string[] {
  const value = json[key];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw treeDamaged(`${key} is no list`);
  return value.map((item: JsonValue) => {
    if (typeof item !== 'string') throw treeDamaged(`${key} holds something that is no string`);
    return item;
  });
}

export function readFlatObject(value: JsonValue | undefined, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw treeDamaged(`${what} is no object`);
  }
  return value as JsonObject;
}
