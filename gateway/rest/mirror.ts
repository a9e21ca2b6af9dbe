/**
 * Copies a repository's files to another bucket as they are, sealed: no password is needed. Packs go
 * before the index that names them, and the index before snapshots, so that the copy is sound at
 * every moment. Locks are not copied.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { mapBounded, throwIfAborted } from '../../core/bounded.js';
import type { Bucket } from '../bucket/bucket.js';
import { idFromKey } from '../repository/layout.js';
import { mirrorDamaged, mirrorMoved } from './errors.js';

/** In the order of copying; removed files go in the opposite order. */
const kinds = ['keys/', 'config', 'data/', 'index/', 'snapshots/'] as const;
const copiesAtOnce = 4;
/** A prune of the source during the copy takes files away; after that the listing is made anew. */
const mostRounds = 3;

export interface MirrorOptions {
  readonly from: Bucket;
  readonly to: Bucket;
  /** For files on their way; needs room for some packs. */
  readonly temporaryFolder: string;
  /** Remove from the copy what the source has no more, as after a prune. */
  readonly remove?: boolean;
  readonly signal?: AbortSignal;
}

export interface MirrorPlan {
  readonly copy: readonly { readonly key: string; readonly sizeBytes: number }[];
  readonly remove: readonly string[];
}

export interface MirrorProgress {
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export interface MirrorResult {
  readonly filesCopied: number;
  readonly bytesCopied: number;
  readonly filesRemoved: number;
}

/**
 * What a mirror would do, in order. Snapshots are listed first: what they need was there before them.
 * Files of equal name and size are taken for equal: names are hashes.
 */
export async function planMirror(options: MirrorOptions): Promise<MirrorPlan> {
  const { from, to, signal } = options;
  const source = await sizes(from, signal);
  const target = await sizes(to, signal);
  const copy = [];
  for (const [key, sizeBytes] of source) if (target.get(key) !== sizeBytes) copy.push({ key, sizeBytes });
  const gone = options.remove === true ? [...target.keys()].filter((key) => !source.has(key)) : [];
  return {
    copy: copy.sort((a, b) => rank(a.key) - rank(b.key)),
    remove: gone.sort((a, b) => rank(b) - rank(a)),
  };
}

/** @throws MIRROR_MOVED, MIRROR_DAMAGED, INTERRUPTED, and the buckets' errors. */
export async function mirror(
  options: MirrorOptions,
  onProgress: (progress: MirrorProgress) => void = () => {},
): Promise<MirrorResult> {
  await options.to.prepare(options);
  let filesCopied = 0;
  let bytesCopied = 0;
  for (let round = 0; round < mostRounds; round++) {
    const plan = await planMirror(options);
    const copied = await copyAll(plan, options, onProgress);
    filesCopied += copied.files;
    bytesCopied += copied.bytes;
    if (copied.vanished) continue;
    for (const key of plan.remove) await options.to.delete(key, options);
    return { filesCopied, bytesCopied, filesRemoved: plan.remove.length };
  }
  throw mirrorMoved(options.from.location);
}

async function copyAll(
  plan: MirrorPlan,
  options: MirrorOptions,
  onProgress: (progress: MirrorProgress) => void,
): Promise<{ files: number; bytes: number; vanished: boolean }> {
  const bytesTotal = plan.copy.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let files = 0;
  let bytes = 0;
  for (const kind of kinds) {
    const some = plan.copy.filter(({ key }) => key.startsWith(kind));
    const copies = mapBounded(some, copiesAtOnce, async (file) => ({
      file,
      done: await copyOne(file.key, options),
    }));
    for await (const { file, done } of copies) {
      throwIfAborted(options.signal);
      if (!done) return { files, bytes, vanished: true };
      files += 1;
      bytes += file.sizeBytes;
      onProgress({ filesDone: files, filesTotal: plan.copy.length, bytesDone: bytes, bytesTotal });
    }
  }
  return { files, bytes, vanished: false };
}

/** @returns false when the source has the file no more. */
async function copyOne(key: string, options: MirrorOptions): Promise<boolean> {
  const { from, to, temporaryFolder, signal } = options;
  const calls = signal === undefined ? {} : { signal };
  const content = await from.getStream(key, calls);
  if (content === undefined) return false;
  const filePath = join(temporaryFolder, `${randomBytes(8).toString('hex')}.mirror`);
  try {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const counted = new Transform({
      transform(piece: Buffer, _encoding, done) {
        hash.update(piece);
        sizeBytes += piece.length;
        done(null, piece);
      },
    });
    await pipeline(content, counted, createWriteStream(filePath, { flags: 'wx', mode: 0o600 }), calls);
    const id = idFromKey(key);
    if (id !== undefined && hash.digest('hex') !== id) throw mirrorDamaged(from.location, key);
    await to.putFile(key, filePath, sizeBytes, calls);
    return true;
  } finally {
    await rm(filePath, { force: true });
  }
}

/** Files that belong to a repository, with their sizes; others are left alone. */
async function sizes(bucket: Bucket, signal: AbortSignal | undefined): Promise<Map<string, number>> {
  const calls = signal === undefined ? {} : { signal };
  const found = new Map<string, number>();
  for (const kind of [...kinds].reverse()) {
    for await (const { key, sizeBytes } of bucket.list(kind, calls)) {
      if (key === 'config' || (kind !== 'config' && idFromKey(key) !== undefined)) found.set(key, sizeBytes);
    }
  }
  return found;
}

function rank(key: string): number {
  return kinds.findIndex((kind) => key.startsWith(kind));
}
