/**
 * Compares packs with the index, and reads packs to prove them. Reports problems; changes nothing.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Bucket, CallOptions } from '../bucket/bucket.js';
import type { BlobIndex } from './blob-index.js';
import { BlobSet } from './blob-set.js';
import type { Sealer } from './crypto.js';
import { folderOf, idFromKey, keyOf } from './layout.js';
import { compareSize, hint, verifyContent } from './pack-verifier.js';
import type { Problem } from './types.js';

export interface PackCheckContext {
  readonly bucket: Bucket;
  readonly sealer: Sealer;
  readonly index: BlobIndex;
  /** A pack being read is spooled here, so that memory stays flat. */
  readonly folder: string;
}

/** Missing packs, wrong sizes, orphans and packs that mix types, from listings alone. */
export async function* checkPacks(context: PackCheckContext, options?: CallOptions): AsyncGenerator<Problem> {
  const { bucket, index } = context;
  const seen = new BlobSet();
  for await (const { key, sizeBytes } of bucket.list(folderOf('pack'), options)) {
    const packId = idFromKey(key);
    if (packId === undefined || key !== keyOf('pack', packId)) continue;
    const pack = index.pack(packId);
    if (pack === undefined) {
      const message = `Pack ${packId} is in no index; an interrupted backup leaves such packs.`;
      yield hint('PACK_ORPHAN', packId, message);
      continue;
    }
    seen.add(index.packNumberOf(packId));
    yield* compareSize(packId, pack.sizeBytes, sizeBytes);
  }
  for (const { packId, sizeBytes, blobCount, treeCount } of index.packs()) {
    if (!seen.has(index.packNumberOf(packId))) yield* compareSize(packId, sizeBytes, undefined);
    if (treeCount > 0 && treeCount < blobCount) {
      yield hint('PACK_MIXED', packId, `Pack ${packId} holds both data and trees.`);
    }
  }
}

/** See `Repository.verifyPack`. */
export async function* verifyPack(
  context: PackCheckContext,
  packId: string,
  level: 'size' | 'data',
  options?: CallOptions,
): AsyncGenerator<Problem> {
  const expected = context.index.pack(packId)?.sizeBytes;
  if (level === 'size') {
    const actual = await context.bucket.stat(keyOf('pack', packId), options);
    yield* compareSize(packId, expected ?? actual, actual);
    return;
  }
  const stream = await context.bucket.getStream(keyOf('pack', packId), options);
  if (stream === undefined) {
    yield* compareSize(packId, expected, undefined);
    return;
  }
  const filePath = join(context.folder, `${randomBytes(8).toString('hex')}.check`);
  try {
    const spooled = await spool(stream, filePath, options?.signal);
    yield* verifySpooled(context, packId, filePath, spooled, options?.signal);
  } finally {
    await unlink(filePath).catch(() => {});
  }
}

async function spool(
  stream: Readable,
  filePath: string,
  signal: AbortSignal | undefined,
): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const count = async function* (source: AsyncIterable<Uint8Array>) {
    for await (const bytes of source) {
      hash.update(bytes);
      sizeBytes += bytes.length;
      yield bytes;
    }
  };
  await pipeline(
    stream,
    count,
    createWriteStream(filePath, { flags: 'wx', mode: 0o600 }),
    signal ? { signal } : {},
  );
  return { sizeBytes, sha256: hash.digest('hex') };
}

async function* verifySpooled(
  context: PackCheckContext,
  packId: string,
  filePath: string,
  spooled: { readonly sizeBytes: number; readonly sha256: string },
  signal: AbortSignal | undefined,
): AsyncGenerator<Problem> {
  const file = await open(filePath, 'r');
  try {
    const content = {
      packId,
      sizeBytes: spooled.sizeBytes,
      sha256: () => spooled.sha256,
      expectedBytes: context.index.pack(packId)?.sizeBytes,
      indexed: context.index.blobsOfPack(packId),
      read: (offset: number, length: number) => readExactly(file, offset, length),
    };
    yield* await verifyContent(content, context.sealer, { signal });
  } finally {
    await file.close();
  }
}

async function readExactly(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  return bytes.subarray(0, bytesRead);
}
