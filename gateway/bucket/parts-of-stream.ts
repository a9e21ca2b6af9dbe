/**
 * Cuts a stream into parts of one size, the last one shorter. One part is in memory at a time: its
 * bytes are valid until the next one is asked for.
 */
import { interrupted } from '../../core/errors.js';

export interface StreamPart {
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

/**
 * An empty stream is one empty part. Whether a part is the last is known only when the stream has
 * ended or given more, so a full part waits for that.
 */
export async function* partsOfStream(
  content: AsyncIterable<Uint8Array>,
  partBytes: number,
  signal?: AbortSignal,
): AsyncGenerator<StreamPart> {
  let part = Buffer.alloc(0);
  let filled = 0;
  for await (const chunk of content) {
    if (signal?.aborted) throw interrupted(signal.reason);
    for (let at = 0; at < chunk.length; ) {
      if (filled === partBytes) {
        yield { bytes: part, isLast: false };
        filled = 0;
      }
      part = withRoom(part, filled, Math.min(partBytes, filled + chunk.length - at), partBytes);
      const length = Math.min(partBytes - filled, chunk.length - at);
      part.set(chunk.subarray(at, at + length), filled);
      filled += length;
      at += length;
    }
  }
  yield { bytes: part.subarray(0, filled), isLast: true };
}

/** Grows twofold, so that a short stream does not take a whole part of memory. */
function withRoom(part: Buffer, filled: number, wanted: number, most: number): Buffer<ArrayBuffer> {
  if (part.length >= wanted) return part as Buffer<ArrayBuffer>;
  const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(wanted, part.length * 2)));
  larger.set(part.subarray(0, filled));
  return larger;
}
