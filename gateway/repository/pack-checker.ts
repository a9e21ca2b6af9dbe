/**
 * Compares packs with the index, and reads packs to prove them. Reports problems; changes nothing.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GatehouseError } from '../../core/errors.js';
import type { Bucket, CallOptions } from '../bucket/bucket.js';
import type { BlobIndex } from './blob-index.js';
import { openBlob } from './blob-opener.js';
import { throwIfAborted } from './bounded.js';
import type { Sealer } from './crypto.js';
import { folderOf, idFromKey, keyOf } from './layout.js';
import { readPackHeader } from './pack-format.js';
import type { BlobEntry, Problem } from './types.js';

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
  const sizes = new Map<string, number>();
  for await (const { key, sizeBytes } of bucket.list(folderOf('pack'), options)) {
    const packId = idFromKey(key);
    if (packId !== undefined && key === keyOf('pack', packId)) sizes.set(packId, sizeBytes);
  }
  for (const pack of index.packs()) {
    const { packId, blobCount, treeCount } = pack;
    yield* compareSize(packId, pack.sizeBytes, sizes.get(packId));
    sizes.delete(packId);
    if (treeCount > 0 && treeCount < blobCount) {
      yield hint('PACK_MIXED', packId, `Pack ${packId} holds both data and trees.`);
    }
  }
  for (const packId of sizes.keys()) {
    yield hint(
      'PACK_ORPHAN',
      packId,
      `Pack ${packId} is in no index; an interrupted backup leaves such packs.`,
    );
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
    const { sizeBytes, sha256 } = await spool(stream, filePath, options?.signal);
    if (sha256 !== packId) {
      yield problem('PACK_HASH', packId, `Pack ${packId} does not have the hash in its name, but ${sha256}.`);
    }
    yield* compareSize(packId, expected ?? sizeBytes, sizeBytes);
    yield* verifySpooled(context, packId, filePath, sizeBytes, options);
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
  sizeBytes: number,
  options?: CallOptions,
): AsyncGenerator<Problem> {
  const file = await open(filePath, 'r');
  try {
    const read = (offset: number, length: number) => readExactly(file, offset, length);
    const indexed = context.index.blobsOfPack(packId);
    const header = await headerOf(context, packId, sizeBytes, read);
    if (header instanceof GatehouseError) yield problem('PACK_HEADER', packId, header.message);
    else if (indexed.length > 0) yield* compareHeader(packId, header, indexed);
    const blobs = indexed.length > 0 || header instanceof GatehouseError ? indexed : header;
    yield* checkLayout(packId, blobs);
    for (const blob of blobs) {
      throwIfAborted(options?.signal);
      if (blob.offset + blob.length > sizeBytes) {
        yield problem(
          'BLOB_DAMAGED',
          packId,
          `Blob ${blob.id} lies beyond the end of pack ${packId}.`,
          blob.id,
        );
        continue;
      }
      yield* verifyBlob(context, packId, blob, await read(blob.offset, blob.length));
    }
  } finally {
    await file.close();
  }
}

async function* verifyBlob(
  context: PackCheckContext,
  packId: string,
  blob: BlobEntry,
  sealed: Uint8Array,
): AsyncGenerator<Problem> {
  try {
    await openBlob(context.sealer, blob, sealed);
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    yield problem('BLOB_DAMAGED', packId, `${error.message} It lies in pack ${packId}.`, blob.id);
  }
}

async function headerOf(
  context: PackCheckContext,
  packId: string,
  sizeBytes: number,
  read: (offset: number, length: number) => Promise<Uint8Array>,
): Promise<BlobEntry[] | GatehouseError> {
  try {
    return await readPackHeader(packId, sizeBytes, context.sealer, read);
  } catch (error) {
    if (error instanceof GatehouseError) return error;
    throw error;
  }
}

function* compareHeader(
  packId: string,
  header: readonly BlobEntry[],
  indexed: readonly BlobEntry[],
): Generator<Problem> {
  const known = new Set(indexed.map(placeName));
  for (const blob of header) {
    if (known.has(placeName(blob))) continue;
    const message = `The header of pack ${packId} lists ${blob.type} blob ${blob.id}, the index does not.`;
    yield problem('PACK_HEADER', packId, message, blob.id);
  }
}

function placeName(blob: BlobEntry): string {
  return `${blob.type} ${blob.id} ${blob.offset} ${blob.length} ${blob.uncompressedLength}`;
}

function* checkLayout(packId: string, blobs: readonly BlobEntry[]): Generator<Problem> {
  let end = 0;
  for (const blob of blobs) {
    if (blob.offset !== end) {
      const message = `Blob ${blob.id} of pack ${packId} begins at ${blob.offset}, not at ${end}.`;
      yield problem('PACK_LAYOUT', packId, message, blob.id);
    }
    end = blob.offset + blob.length;
  }
}

function* compareSize(
  packId: string,
  expected: number | undefined,
  actual: number | undefined,
): Generator<Problem> {
  if (actual === undefined) {
    yield problem('PACK_MISSING', packId, `Pack ${packId} is not in the bucket.`);
  } else if (expected !== undefined && expected !== actual) {
    const message = `Pack ${packId} has ${actual} bytes; by the index it has ${expected}.`;
    yield problem('PACK_SIZE', packId, message);
  }
}

async function readExactly(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  return bytes.subarray(0, bytesRead);
}

function problem(code: Problem['code'], fileId: string, message: string, blobId?: string): Problem {
  return { severity: 'error', code, fileId, message, ...(blobId === undefined ? {} : { blobId }) };
}

function hint(code: Problem['code'], fileId: string, message: string): Problem {
  return { severity: 'hint', code, fileId, message };
}
