/**
 * Fields of the small JSON files of a repository, which others may have written. By hand, and not by
 * schema: every command reads these files, and the schema library takes 12 MB and 50 ms to load.
 */

export type StoredFields = Readonly<Record<string, unknown>>;

/** Undefined when the text is no JSON object. */
export function storedFields(json: Uint8Array | string): StoredFields | undefined {
  try {
    return asFields(JSON.parse(typeof json === 'string' ? json : Buffer.from(json).toString('utf8')));
  } catch {
    return undefined;
  }
}

/** An object within another; undefined when it is none. */
export function asFields(value: unknown): StoredFields | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as StoredFields) : undefined;
}

/** Undefined when the field is no text; `absent` when it is not there. */
export function textField(fields: StoredFields, key: string, absent?: string): string | undefined {
  const value = fields[key];
  if (value === undefined) return absent;
  return typeof value === 'string' ? value : undefined;
}

/** Undefined when the field is no integer that a double holds exactly; `absent` when it is not there. */
export function integerField(fields: StoredFields, key: string, absent?: number): number | undefined {
  const value = fields[key];
  if (value === undefined) return absent;
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

/** Undefined when the field is no text. */
export function base64Field(fields: StoredFields, key: string): Buffer | undefined {
  const text = textField(fields, key);
  return text === undefined ? undefined : Buffer.from(text, 'base64');
}
