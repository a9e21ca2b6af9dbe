/** Restores a snapshot, or a folder of one, into a target folder; with `verify` reads it all again. */
import { mkdir } from 'node:fs/promises';
import { fileFailed } from '../files/errors.js';
import { joinPath, pathBytes, pathComponents } from '../files/path-bytes.js';
import { loadPosix } from '../files/posix.js';
import type { Repository } from '../repository/repository.js';
import type { StoredSnapshot } from '../tree/snapshot.js';
import { decodeTree } from '../tree/tree.js';
import { throwIfAborted } from './abort.js';
import { ContentRestorer } from './content-restorer.js';
import { noSuchFolder } from './errors.js';
import { RestoreTally } from './restore-tally.js';
import type { RestoreOptions, RestoreProgress, RestoreResult } from './restore-types.js';
import { Restorer } from './restorer.js';
import { Selection, walkSnapshot } from './snapshot-walk.js';
import { findSnapshot, splitSnapshotPath } from './snapshots.js';
import { RestoredVerifier } from './verify-restored.js';
import { withLock } from './with-lock.js';

/**
 * Loads the index by itself. Failures of single paths are told by events and counted; a result with
 * `errorCount` above 0 means exit code 1.
 * @throws SNAPSHOT_UNKNOWN, SNAPSHOT_AMBIGUOUS, PATH_NOT_IN_SNAPSHOT, PATTERN_MALFORMED, FILE_FAILED
 * (of the target), LOCKED, LOCK_LOST, INTERRUPTED, and the repository's and the bucket's errors.
 */
export async function restore(
  repository: Repository,
  options: RestoreOptions,
  progress: RestoreProgress = () => {},
): Promise<RestoreResult> {
  return withLock(repository, 'shared', options.signal, (signal) =>
    runRestore(repository, options, progress, signal),
  );
}

async function runRestore(
  repository: Repository,
  options: RestoreOptions,
  progress: RestoreProgress,
  signal: AbortSignal,
): Promise<RestoreResult> {
  const startMs = options.clock.monotonicMs();
  const tally = new RestoreTally(progress);
  const selection = new Selection(options.includes, options.excludes);
  const { wanted, folder } = splitSnapshotPath(options.snapshot);
  const snapshot = await findSnapshot(repository, wanted, { ...options, signal });
  await repository.loadIndex({ signal });
  const tree = await findTree(repository, snapshot, folder, signal);
  const walk = () => walkSnapshot(repository, tree, selection, signal);
  await countAll(walk(), tally);
  tally.started(snapshot.id);
  const target = await prepareTarget(options.target);
  await restoreAll(repository, options, walk(), target, tally, signal);
  if (options.verify === true) await verifyAll(repository, walk(), target, tally, signal);
  return {
    summary: {
      message_type: 'summary',
      seconds_elapsed: (options.clock.monotonicMs() - startMs) / 1000,
      total_files: tally.totalFiles,
      files_restored: tally.filesRestored,
      files_skipped: tally.filesSkipped,
      total_bytes: tally.totalBytes,
      bytes_restored: tally.bytesRestored,
    },
    snapshotId: snapshot.id,
    filesVerified: options.verify === true ? tally.filesVerified : undefined,
    errorCount: tally.errorCount,
  };
}

/** The tree of a folder inside a snapshot; `folder` is '/' for all of it. @throws PATH_NOT_IN_SNAPSHOT. */
export async function findTree(
  repository: Repository,
  snapshot: StoredSnapshot,
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  let tree = snapshot.tree;
  for (const name of pathComponents(pathBytes(folder))) {
    const nodes = decodeTree(await repository.loadBlob('tree', tree, { signal }));
    const subtree = nodes.find((node) => node.name.equals(name))?.subtree;
    if (subtree === undefined) throw noSuchFolder(snapshot.id, folder);
    tree = subtree;
  }
  return tree;
}

type Walk = ReturnType<typeof walkSnapshot>;

async function countAll(walk: Walk, tally: RestoreTally): Promise<void> {
  const firstNames = new Set<string>();
  for await (const step of walk) {
    if (step.kind === 'broken' || step.kind === 'leave' || !step.selected) continue;
    tally.totalFiles += 1;
    const { node } = step;
    const key = node.links > 1 && node.inode !== 0n ? `${node.deviceId} ${node.inode}` : undefined;
    // Content with several names is brought once.
    if (key === undefined || !firstNames.has(key)) tally.totalBytes += node.sizeBytes;
    if (key !== undefined) firstNames.add(key);
  }
}

async function prepareTarget(given: string | Buffer): Promise<Buffer> {
  const target = pathBytes(given);
  try {
    await mkdir(target, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fileFailed(target, 'make the target folder', error);
  }
  return target;
}

async function restoreAll(
  repository: Repository,
  options: RestoreOptions,
  walk: Walk,
  target: Buffer,
  tally: RestoreTally,
  signal: AbortSignal,
): Promise<void> {
  const posix = await loadPosix();
  if (posix.missing !== undefined) tally.warning(posix.missing);
  const sparse = options.sparse ?? true;
  const onBytes = (count: number) => tally.restoredBytes(count);
  const content = new ContentRestorer({ repository, posix, sparse, signal, onBytes });
  const restorer = new Restorer({ target, content, posix, tally, signal });
  try {
    for await (const step of walk) await restorer.take(step);
  } finally {
    await restorer.settle();
  }
  restorer.throwIfFatal();
}

async function verifyAll(
  repository: Repository,
  walk: Walk,
  target: Buffer,
  tally: RestoreTally,
  signal: AbortSignal,
): Promise<void> {
  const verifier = new RestoredVerifier(repository);
  for await (const step of walk) {
    throwIfAborted(signal);
    if (step.kind !== 'leaf' || step.node.type !== 'file') continue;
    try {
      await verifier.verify(joinPath(target, step.path), step.node);
      tally.verified(step.node.sizeBytes);
    } catch (error) {
      tally.error(step.path, error);
    }
  }
}
