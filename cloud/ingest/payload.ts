/** Reads what a device sent: JSON in UTF-8 that fits a schema, or a list of what is wrong with it. */
import type { z } from 'zod';
import { faultsOf } from '../../core/config.js';
import { messageOf } from '../../core/errors.js';

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: string };

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function parsePayload<T extends z.ZodType>(schema: T, payload: Uint8Array): Parsed<z.output<T>> {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(payload));
  } catch (error) {
    return { ok: false, faults: messageOf(error) };
  }
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, faults: faultsOf(result.error).slice(0, 5).join('; ') };
}
