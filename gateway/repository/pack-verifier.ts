/**
 * Proves a pack from its bytes: hash, size, header, and every blob down to its id. Knows neither
 * bucket nor index, so that worker threads can run it.
 */

import { throwIfAborted } from '../../core/bounded.js';
import { GatehouseError } from '../../core/errors.js';
import { openBlob, type Scratch } from './blob-opener.js';
import type { Sealer } from './crypto.js';
import { readPackHeader } from './pack-format.js';
import type { BlobEntry, Problem } from './types.js';

export interface PackContent {
  readonly packId: string;
  readonly sizeBytes: number;
  /** By the index; undefined when it does not know the pack. */
  readonly expectedBytes: number | undefined;
  /** What the index places in the pack, by offset; empty when it does not know it. */
  readonly indexed: readonly BlobEntry[];
  /** Brings bytes of the pack, fewer at its end; they are good until the next call. */
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
  /** Of the whole pack, lower-case hex; called last. */
  sha256(): string;
}

interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly scratch?: Scratch;
}

/** Reads in the order of the bytes as far as the index knows them, so that a source need not go back. */
export async function verifyContent(
  pack: PackContent,
  sealer: Sealer,
  options: VerifyOptions = {},
): Promise<Problem[]> {
  const { packId, sizeBytes } = pack;
  const inside = await verifyInside(pack, sealer, options);
  const sha256 = pack.sha256();
  const otherHash = `Pack ${packId} does not have the hash in its name, but ${sha256}.`;
  return [
    ...(sha256 === packId ? [] : [problem('PACK_HASH', packId, otherHash)]),
    ...compareSize(packId, pack.expectedBytes ?? sizeBytes, sizeBytes),
    ...inside,
  ];
}

async function verifyInside(pack: PackContent, sealer: Sealer, options: VerifyOptions): Promise<Problem[]> {
  const { packId, indexed } = pack;
  const isIndexed = indexed.length > 0;
  const ofIndexed = isIndexed ? await verifyBlobs(pack, indexed, sealer, options) : [];
  const header = await headerOf(pack, sealer);
  if (header instanceof GatehouseError) {
    const unreadable = problem('PACK_HEADER', packId, header.message);
    return [unreadable, ...checkLayout(packId, indexed), ...ofIndexed];
  }
  if (isIndexed) {
    return [...compareHeader(packId, header, indexed), ...checkLayout(packId, indexed), ...ofIndexed];
  }
  return [...checkLayout(packId, header), ...(await verifyBlobs(pack, header, sealer, options))];
}

async function verifyBlobs(
  pack: PackContent,
  blobs: readonly BlobEntry[],
  sealer: Sealer,
  { signal, scratch }: VerifyOptions,
): Promise<Problem[]> {
  const { packId, sizeBytes } = pack;
  const problems: Problem[] = [];
  const tell = (blobId: string, message: string) =>
    problems.push(problem('BLOB_DAMAGED', packId, message, blobId));
  for (const blob of blobs) {
    throwIfAborted(signal);
    if (blob.offset + blob.length > sizeBytes) {
      tell(blob.id, `Blob ${blob.id} lies beyond the end of pack ${packId}.`);
      continue;
    }
    const sealed = await pack.read(blob.offset, blob.length);
    try {
      await openBlob(sealer, blob, sealed, scratch);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      tell(blob.id, `${error.message} It lies in pack ${packId}.`);
    }
  }
  return problems;
}

async function headerOf(pack: PackContent, sealer: Sealer): Promise<BlobEntry[] | GatehouseError> {
  try {
    const read = async (offset: number, length: number) => pack.read(offset, length);
    return await readPackHeader(pack.packId, pack.sizeBytes, sealer, read);
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
  // As it always is in a sound pack: no names are made of thousands of places.
  if (header.length === indexed.length && header.every((blob, at) => samePlace(blob, indexed[at]))) return;
  const known = new Set(indexed.map(placeName));
  for (const blob of header) {
    if (known.has(placeName(blob))) continue;
    const message = `The header of pack ${packId} lists ${blob.type} blob ${blob.id}, the index does not.`;
    yield problem('PACK_HEADER', packId, message, blob.id);
  }
}

function samePlace(one: BlobEntry, other: BlobEntry | undefined): boolean {
  return (
    one.type === other?.type &&
    one.id === other.id &&
    one.offset === other.offset &&
    one.length === other.length &&
    one.uncompressedLength === other.uncompressedLength
  );
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

export function* compareSize(
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

export function problem(code: Problem['code'], fileId: string, message: string, blobId?: string): Problem {
  return { severity: 'error', code, fileId, message, ...(blobId === undefined ? {} : { blobId }) };
}

export function hint(code: Problem['code'], fileId: string, message: string): Problem {
  return { severity: 'hint', code, fileId, message };
}
