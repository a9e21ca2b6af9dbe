/** What a backup settles before it reads the first file: sources, parent, how nodes are made. */
import { hostname } from 'node:os';
import { cwd } from 'node:process';
import { loadAccounts } from '../files/accounts.js';
import type { Describer } from '../files/describe.js';
import { displayPath } from '../files/path-bytes.js';
import { loadPosix } from '../files/posix.js';
import { Scanner } from '../files/scan.js';
import { FileSelection } from '../files/selection.js';
import type { Repository } from '../repository/repository.js';
import { BackupMemory } from '../state/backup-memory.js';
import { nanosOfMs, parseTime } from '../tree/go-time.js';
import type { StoredSnapshot } from '../tree/snapshot.js';
import type { BackupTally } from './backup-tally.js';
import type { BackupOptions } from './backup-types.js';
import { nothingToBackUp } from './errors.js';
import { existingPaths } from './existing-paths.js';
import { findParent, findSnapshot } from './snapshots.js';
import { plantTargets, type Targets } from './target-tree.js';

export interface BackupRun extends Making {
  readonly repository: Repository;
  readonly options: BackupOptions;
  readonly tally: BackupTally;
  readonly signal: AbortSignal;
  readonly host: string;
  /** As the snapshot names them. */
  readonly paths: readonly string[];
  readonly targets: Targets;
  readonly scanner: Scanner;
  readonly parent: StoredSnapshot | undefined;
  /** When the parent's files began to be read, nanoseconds since 1970; 0 without a parent. */
  readonly parentStartNs: bigint;
  readonly startMs: number;
  readonly startMonotonicMs: number;
  /** Time of the snapshot. */
  readonly timeNs: bigint;
}

/** Loads the index. @throws NOTHING_TO_BACK_UP, PATTERN_MALFORMED, SNAPSHOT_UNKNOWN, and the repository's errors. */
export async function prepareBackup(
  repository: Repository,
  options: BackupOptions,
  tally: BackupTally,
  signal: AbortSignal,
): Promise<BackupRun> {
  const startMs = options.clock.now();
  const startMonotonicMs = options.clock.monotonicMs();
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
  const latest = await findLatest(repository, options, host, paths, timeNs, tally, signal);
  const parent = options.force === true ? undefined : latest;
  await repository.loadIndex({ signal });
  tally.started(parent?.id);
  const series = [host, ...paths].join('\0');
  const making = await openMaking(repository, options, {
    latest,
    series,
    startNs: nanosOfMs(startMs),
    tally,
  });
  const parentStartNs = startOf(parent);
  return {
    ...making,
    ...{ repository, options, tally, signal, host, paths, targets, scanner, parent },
    ...{ parentStartNs, startMs, startMonotonicMs, timeNs },
  };
}

/** When the files of a snapshot began to be read, nanoseconds since 1970. */
function startOf(snapshot: StoredSnapshot | undefined): bigint {
  if (snapshot === undefined) return 0n;
  return parseTime(snapshot.summary?.backup_start ?? '') ?? snapshot.timeNs;
}

/** The snapshot to compare with. A forced backup has no parent, and still knows folders by it. */
async function findLatest(
  repository: Repository,
  options: BackupOptions,
  host: string,
  paths: readonly string[],
  timeNs: bigint,
  tally: BackupTally,
  signal: AbortSignal,
): Promise<StoredSnapshot | undefined> {
  if (options.stdin !== undefined) return undefined;
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

interface Making {
  readonly describer: Describer;
  readonly memory: BackupMemory;
}

/** How nodes are made, and what is remembered of those made before. */
async function openMaking(
  repository: Repository,
  options: BackupOptions,
  run: {
    readonly latest: StoredSnapshot | undefined;
    readonly series: string;
    readonly startNs: bigint;
    readonly tally: BackupTally;
  },
): Promise<Making> {
  const { latest, series, startNs, tally } = run;
  const { withAtime = false, memoryFolder } = options;
  const posix = await loadPosix();
  if (posix.missing !== undefined) tally.warning(undefined, posix.missing);
  const accounts = await loadAccounts();
  const onError = (path: Buffer, error: unknown) => tally.error(path, error);
  const describer = { accounts, posix, withAtime, onError };
  if (memoryFolder === undefined || options.stdin !== undefined || options.dryRun === true) {
    return { describer, memory: BackupMemory.none() };
  }
  const memory = await BackupMemory.open({
    folder: memoryFolder,
    repositoryId: repository.id,
    series,
    parent: latest?.id,
    describing: `${accounts.digest} ${posix.missing === undefined} ${withAtime}`,
    withAtime,
    startNs,
    resumes: options.force !== true,
    hasPack: (packId) => repository.hasPack(packId),
  });
  return { describer, memory };
}
