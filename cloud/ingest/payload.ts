/** Reads what a device sent: JSON in UTF-8 that fits a schema, or a list of what is wrong with it. */
import type { z } from 'zod';
import { faultsOf } from '../../core/config.js';
import { messageOf } from '../../core/errors.js';

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      /** In words of ours, for counting. */
      readonly reason: 'not JSON in UTF-8' | 'JSON that is not such a message';
      /** What exactly is wrong. */
      readonly faults: string;
    };

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** `plain` may take the usual message before the schema is asked. */
export function parsePayload<T extends z.ZodType>(
  schema: T,
  payload: Uint8Array,
  plain?: (value: unknown) => z.output<T> | undefined,
): Parsed<z.output<T>> {
  let value: unknown;
  try {
    value = JSON.parse(decode(payload));
  } catch (error) {
    return { ok: false, reason: 'not JSON in UTF-8', faults: messageOf(error) };
  }
  const known = plain?.(value);
  if (known !== undefined) return { ok: true, value: known };
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const faults = faultsOf(result.error).slice(0, 5).join('; ');
  return { ok: false, reason: 'JSON that is not such a message', faults };
}

/** As the strict decoder does it, which is asked only where the quick one put in a replacement or a mark. */
function decode(payload: Uint8Array): string {
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
  return text.includes('\ufffd') || text.startsWith('\ufeff') ? strictUtf8.decode(payload) : text;
}
