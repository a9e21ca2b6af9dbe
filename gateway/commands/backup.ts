/**
 * Backs up files and folders, or one stream, into a repository. The snapshot is written last: a
 * backup that dies leaves blobs that the next one uses, and nothing half.
 */
import { hostname, userInfo } from 'node:os';
import { cwd, getgid, getuid } from 'node:process';
import { loadAccounts } from '../files/accounts.js';
import { displayPath } from '../files/path-bytes.js';
import { loadPosix } from '../files/posix.js';
import { Scanner } from '../files/scan.js';
import { FileSelection } from '../files/selection.js';
import type { Repository } from '../repository/repository.js';
import { formatTime, nanosOfMs } from '../tree/go-time.js';
import {
  encodeSnapshot,
  type Snapshot,
  type SnapshotSummary,
  type StoredSnapshot,
} from '../tree/snapshot.js';
import { throwIfAborted } from './abort.js';
import { Archiver } from './archiver.js';
import { BackupTally } from './backup-tally.js';
import type { BackupOptions, BackupProgress, BackupResult } from './backup-types.js';
import { BlobSink } from './blob-sink.js';
import { countAhead } from './count-ahead.js';
import { nothingToBackUp } from './errors.js';
import { existingPaths } from './existing-paths.js';
import { FileArchiver } from './file-archiver.js';
import { FileQueue } from './file-queue.js';
import { ParentTrees } from './parent-trees.js';
import { findParent, findSnapshot } from './snapshots.js';
import { storeStdin } from './store-stdin.js';
import { plantTargets, type Targets } from './target-tree.js';
import { withLock } from './with-lock.js';

/**
 * Loads the index by itself. The result's `errorCount` above 0 means exit code 3.
 * @throws NOTHING_TO_BACK_UP, PATTERN_MALFORMED, SNAPSHOT_UNKNOWN (of `parent`), LOCKED, LOCK_LOST,
 * INTERRUPTED, and the repository's and the bucket's errors.
 */
export async function backup(
  repository: Repository,
  options: BackupOptions,
  progress: BackupProgress = () => {},
): Promise<BackupResult> {
  const run = (signal: AbortSignal) => runBackup(repository, options, progress, signal);
  if (options.dryRun === true) return run(options.signal ?? new AbortController().signal);
  return withLock(repository, 'shared', options.signal, run);
}

async function runBackup(
  repository: Repository,
  options: BackupOptions,
  progress: BackupProgress,
  signal: AbortSignal,
): Promise<BackupResult> {
  const startMs = options.clock.now();
  const startMonotonicMs = options.clock.monotonicMs();
  const tally = new BackupTally(progress);
  const host = options.host ?? hostname();
  const timeNs = options.timeNs ?? nanosOfMs(startMs);
  const selection = new FileSelection(options);
  const workingFolder = options.workingFolder ?? cwd();
  const given = options.stdin ? [] : await existingPaths(options.paths, workingFolder, tally);
  if (given.length === 0 && !options.stdin) throw nothingToBackUp(options.paths.map(String));
  const targets = await plantTargets(given, workingFolder);
  selection.startAt(targets.absolute);
  const scanner = new Scanner(selection);
  const paths = options.stdin ? [`/${options.stdin.fileName}`] : targets.absolute.map(displayPath);
  const parent = await chooseParent(repository, options, host, paths, timeNs, tally, signal);
  await repository.loadIndex({ signal });
  tally.started(parent?.id);
  const { workers } = options;
  const sink = BlobSink[options.dryRun === true ? 'dry' : 'into'](repository, { signal, workers });
  tally.storesInto(sink.counts);
  const tree = await storeAll({ repository, options, targets, parent, scanner, sink, tally, signal });
  if (tree === undefined) throw nothingToBackUp(paths);
  throwIfAborted(signal);
  const summary = summarize(tally, sink, startMs, options.clock.now());
  const snapshot: Snapshot = {
    timeNs,
    ...(parent === undefined ? {} : { parent: parent.id }),
    tree,
    paths,
    hostname: host,
    ...identity(),
    excludes: options.excludes ?? [],
    tags: options.tags ?? [],
    programVersion: `gatehouse ${options.version}`,
    summary,
  };
  const id = isUnwanted(snapshot, parent, options)
    ? undefined
    : await repository.saveSnapshot(encodeSnapshot(snapshot), { signal });
  return {
    summary: {
      message_type: 'summary',
      ...(options.dryRun === true ? { dry_run: true } : {}),
      ...summary,
      total_duration: (options.clock.monotonicMs() - startMonotonicMs) / 1000,
      ...(id === undefined ? {} : { snapshot_id: id }),
    },
    errorCount: tally.errorCount,
    parent: parent?.id,
  };
}

function isUnwanted(
  { tree }: Snapshot,
  parent: StoredSnapshot | undefined,
  { dryRun = false, skipIfUnchanged = false }: BackupOptions,
): boolean {
  return dryRun || (skipIfUnchanged && parent?.tree === tree);
}

async function chooseParent(
  repository: Repository,
  options: BackupOptions,
  host: string,
  paths: readonly string[],
  timeNs: bigint,
  tally: BackupTally,
  signal: AbortSignal,
): Promise<StoredSnapshot | undefined> {
  if (options.force === true || options.stdin !== undefined) return undefined;
  if (options.parent !== undefined) return findSnapshot(repository, options.parent, { signal });
  const onDamaged = (error: unknown) => tally.warning(undefined, String(error));
  const { host: byHost, paths: byPaths, tags: byTags } = options.groupBy ?? { host: true, paths: true };
  const filter = {
    ...(byHost ? { hosts: [host] } : {}),
    ...(byPaths ? { paths } : {}),
    ...(byTags ? { tags: [(options.tags ?? []).join(',')] } : {}),
  };
  return findParent(repository, filter, timeNs, { signal, onDamaged });
}

interface StoreAll {
  readonly repository: Repository;
  readonly options: BackupOptions;
  readonly targets: Targets;
  readonly parent: StoredSnapshot | undefined;
  readonly scanner: Scanner;
  readonly sink: BlobSink;
  readonly tally: BackupTally;
  readonly signal: AbortSignal;
}

/** @returns the id of the root tree; undefined when nothing could be read. */
async function storeAll(all: StoreAll): Promise<string | undefined> {
  const { repository, options, targets, parent, scanner, sink, tally, signal } = all;
  const posix = await loadPosix();
  if (posix.missing !== undefined) tally.warning(undefined, posix.missing);
  const describer = {
    accounts: await loadAccounts(),
    posix,
    withAtime: options.withAtime ?? false,
    onError: (path: Buffer, error: unknown) => tally.error(path, error),
  };
  const parents = new ParentTrees(repository, signal, (message) => tally.warning(undefined, message));
  const engine = await sink.startEngine();
  const queue = new FileQueue(engine);
  const files = new FileArchiver({
    queue,
    chunkerParameters: repository.chunkerParameters,
    describer,
    sink,
    parents,
    tally,
    rules: {
      force: options.force ?? false,
      ignoreCtime: options.ignoreCtime ?? false,
      ignoreInode: options.ignoreInode ?? false,
    },
    signal,
  });
  if (options.stdin !== undefined) {
    return storeStdin(options.stdin, { files, sink, tally, accounts: describer.accounts }, options.clock);
  }
  const archiver = new Archiver({ scanner, describer, files, queue, sink, parents, tally, signal });
  const counting =
    options.countFirst === false ? undefined : countAhead(targets.root, scanner, tally, signal);
  try {
    const tree = await archiver.storeTargets(targets.root, parent?.tree);
    await engine.finish();
    return tree;
  } finally {
    await engine.close();
    await counting?.stop();
  }
}

/** A user id without a name, as in containers, has no `userInfo`. */
function identity() {
  try {
    const { username, uid, gid } = userInfo();
    return { username, uid, gid };
  } catch {
    return { username: '', uid: getuid?.() ?? 0, gid: getgid?.() ?? 0 };
  }
}

function summarize(tally: BackupTally, sink: BlobSink, startMs: number, endMs: number): SnapshotSummary {
  return {
    backup_start: formatTime(nanosOfMs(startMs)),
    backup_end: formatTime(nanosOfMs(endMs)),
    files_new: tally.files.new,
    files_changed: tally.files.changed,
    files_unmodified: tally.files.unmodified,
    dirs_new: tally.folders.new,
    dirs_changed: tally.folders.changed,
    dirs_unmodified: tally.folders.unmodified,
    data_blobs: sink.counts.dataBlobs,
    tree_blobs: sink.counts.treeBlobs,
    data_added: sink.counts.plainBytes,
    data_added_packed: sink.counts.storedBytes,
    total_files_processed: tally.filesDone,
    total_bytes_processed: tally.bytesDone,
  };
}
