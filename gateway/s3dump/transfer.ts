/** Streams into and out of the bucket, with one part in memory. */
import { randomBytes } from 'node:crypto';
import type { Bucket, CallOptions, PutStreamOptions } from '../bucket/bucket.js';
import { bucketUnfit, dumpUnknown } from './errors.js';

/** As the original: few requests, and memory for one part only. */
const partBytes = 50 * 1000 * 1000;

/** @returns bytes stored. Nothing appears under the key until all of it is there. */
export function storeDump(
  bucket: Bucket,
  key: string,
  content: AsyncIterable<Uint8Array>,
  options: PutStreamOptions = {},
): Promise<number> {
  return bucket.putStream(key, content, { ...options, partBytes, kind: 'cold' });
}

/** The objects one after the other. @throws DUMP_UNKNOWN when one is gone. */
export async function* readDump(
  bucket: Bucket,
  keys: readonly string[],
  options: CallOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const key of keys) {
    const content = await bucket.getStream(key, options);
    if (content === undefined) throw dumpUnknown(key);
    yield* content as AsyncIterable<Uint8Array>;
  }
}

/** Makes the bucket and proves it: writes, reads and deletes an object. @throws BUCKET_UNFIT. */
export async function initBucket(bucket: Bucket, options: CallOptions = {}): Promise<void> {
  await bucket.prepare(options);
  const key = `s3dump-test-${randomBytes(8).toString('hex')}`;
  const content = randomBytes(1024);
  await bucket.put(key, content, options);
  try {
    const read = await bucket.get(key, options);
    if (read === undefined) throw bucketUnfit(bucket.location, 'what was written is not there');
    if (!content.equals(read)) throw bucketUnfit(bucket.location, 'what was written came back changed');
  } finally {
    await bucket.delete(key, options);
  }
  if ((await bucket.stat(key, options)) !== undefined) {
    throw bucketUnfit(bucket.location, 'what was deleted is still there');
  }
}
