/**
 * Ends a download on which nothing arrives although somebody waits for it. What a slow reader or a
 * limiter holds back is no stall: the time runs only while a chunk is being waited for.
 */
import { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.js';
import { bucketUnreachable } from './errors.js';

const stallLimitMs = 60_000;

/** Fails with BUCKET_UNREACHABLE (retryable) on a stall. Destroying it destroys the source. */
export function stallGuard(
  source: Readable,
  clock: Clock,
  location: string,
  limitMs = stallLimitMs,
): Readable {
  return Readable.from(guarded(source, clock, location, limitMs), {
    objectMode: false,
    highWaterMark: source.readableHighWaterMark,
  }).once('close', () => source.destroy());
}

async function* guarded(source: Readable, clock: Clock, location: string, limitMs: number) {
  const chunks = (source as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  const stall = () => source.destroy(bucketUnreachable({ location, reason: 'stalled' }));
  for (;;) {
    const timer = clock.after(limitMs, stall, { background: true });
    const next = await chunks.next().finally(() => timer.cancel());
    if (next.done === true) return;
    yield next.value;
  }
}
