/**
 * Backs up files and folders, or one stream, into a repository. The snapshot is written last: a
 * backup that dies leaves blobs that the next one uses, and nothing half.
 */
import { userInfo } from 'node:os';
import { getgid, getuid } from 'node:process';
import type { FolderChanges } from '../journal/change-journal.js';
import type { Repository } from '../repository/repository.js';
import { formatTime, nanosOfMs } from '../tree/go-time.js';
import {
  encodeSnapshot,
  type Snapshot,
  type SnapshotSummary,
  type StoredSnapshot,
} from '../tree/snapshot.js';
import { throwIfAborted } from './abort.js';
import { type BackupRun, prepareBackup } from './backup-run.js';
import { BackupTally } from './backup-tally.js';
import type { BackupOptions, BackupProgress, BackupResult } from './backup-types.js';
import { BlobSink } from './blob-sink.js';
import { countAhead } from './count-ahead.js';
import { nothingToBackUp } from './errors.js';
import { FileArchiver } from './file-archiver.js';
import { FileQueue } from './file-queue.js';
import { ParentTrees } from './parent-trees.js';
import { storeStdin } from './store-stdin.js';
import { TargetArchiver } from './target-archiver.js';
import { withIndex } from './with-lock.js';

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
  return withIndex(repository, options.signal, run);
}

async function runBackup(
  repository: Repository,
  options: BackupOptions,
  progress: BackupProgress,
  signal: AbortSignal,
): Promise<BackupResult> {
  const run = await prepareBackup(repository, options, new BackupTally(progress), signal);
  try {
    return await makeSnapshot(run);
  } finally {
    run.memory.close();
  }
}

async function makeSnapshot(run: BackupRun): Promise<BackupResult> {
  const { repository, options, memory, parent, paths, tally, signal } = run;
  const { workers } = options;
  const isDry = options.dryRun === true;
  const { accounts, withAtime = false } = run.describer;
  const sink = BlobSink[isDry ? 'dry' : 'into'](repository, {
    signal,
    workers,
    tagsFile: memory.tagsFile,
    describing: { accounts: accounts.texts, withAtime, journalStartNs: memory.journalStartNs },
    keepRecords: (records) => memory.keepRecords(records),
  });
  tally.storesInto(sink.counts);
  const tree = await storeAll(run, sink);
  if (tree === undefined) throw nothingToBackUp(paths);
  tally.finished();
  throwIfAborted(signal);
  const summary = summarize(tally, sink, run.startMs, options.clock.now());
  const snapshot: Snapshot = {
    timeNs: run.timeNs,
    ...(parent === undefined ? {} : { parent: parent.id }),
    tree,
    paths,
    hostname: run.host,
    ...identity(),
    excludes: options.excludes ?? [],
    tags: options.tags ?? [],
    programVersion: `gatehouse ${options.version}`,
    summary,
  };
  const id = isUnwanted(snapshot, parent, options)
    ? undefined
    : await repository.saveSnapshot(encodeSnapshot(snapshot), { signal });
  if (id !== undefined) {
    await memory.save(id, packIdsOf(repository));
    options.journalTurn?.succeeded(id);
  }
  return {
    summary: {
      message_type: 'summary',
      ...(isDry ? { dry_run: true } : {}),
      ...summary,
      total_duration: (options.clock.monotonicMs() - run.startMonotonicMs) / 1000,
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

/** @returns the id of the root tree; undefined when nothing could be read. */
async function storeAll(run: BackupRun, sink: BlobSink): Promise<string | undefined> {
  const { repository, options, targets, parent, scanner, tally, describer, memory, signal } = run;
  const parents = new ParentTrees(repository, signal, (message) => tally.warning(undefined, message));
  const engine = await sink.startEngine();
  const queue = new FileQueue(engine);
  const files = new FileArchiver({
    queue,
    chunkerParameters: repository.chunkerParameters,
    describer,
    sink,
    parents,
    memory,
    tally,
    rules: {
      parentStartNs: run.parentStartNs,
      force: options.force ?? false,
      ignoreCtime: options.ignoreCtime ?? false,
      ignoreInode: options.ignoreInode ?? false,
    },
    signal,
  });
  if (options.stdin !== undefined) {
    await engine.close();
    return storeStdin(options.stdin, { files, sink, tally, accounts: describer.accounts }, options.clock);
  }
  const archiver = new TargetArchiver({
    ...{ scanner, describer, files, queue, sink, parents, memory, tally, signal },
    changes: changesSince(parent, options),
    rereads: options.force ?? false,
  });
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

/** A journal counts from one snapshot; compared with any other, every folder has to be looked at. */
function changesSince(
  parent: StoredSnapshot | undefined,
  { journalTurn }: BackupOptions,
): FolderChanges | undefined {
  if (journalTurn === undefined || parent?.id === journalTurn.baseSnapshot) return journalTurn?.changes;
  return { ...journalTurn.changes, isUnchanged: () => false };
}

function* packIdsOf(repository: Repository): Iterable<string> {
  for (const { packId } of repository.indexedPacks()) yield packId;
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
