/**
 * No request has more than so many bytes. With a length told beforehand nothing is read of a longer one;
 * without (chunked, as SDK v3 sends some) reading ends at the limit. Hono's own middleware makes a new
 * Request of the old one there, which fails under Node with this adapter.
 */
import type { MiddlewareHandler } from 'hono';
import { requestTooLarge } from './errors.js';

export function limitBody(maxBytes: number): MiddlewareHandler {
  return async (c, next) => {
    if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw requestTooLarge(maxBytes);
    if (c.req.header('transfer-encoding') !== undefined) {
      const body = Promise.resolve(await readUpTo(c.req.raw.body, maxBytes));
      // The cache holds promises, whatever its type says.
      c.req.bodyCache.arrayBuffer = body as unknown as ArrayBuffer;
    }
    await next();
  };
}

async function readUpTo(stream: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream ?? []) {
    size += part.length;
    if (size > maxBytes) throw requestTooLarge(maxBytes);
    parts.push(part);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole.buffer;
}
