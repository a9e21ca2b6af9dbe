/**
 * Finds snapshots: all that fit a filter, the newest of them, or one by its id. A damaged snapshot
 * file is told and passed over when listing.
 */

import { snapshotUnknown } from '../errors.js';
import type { Repository } from '../repository/repository.js';
import { formatTime } from '../tree/go-time.js';
import type { JsonObject } from '../tree/json-fields.js';
import { decodeSnapshot, type StoredSnapshot, snapshotToJson } from '../tree/snapshot.js';

export interface SnapshotFilter {
  /** Any of these hosts; all when empty. */
  readonly hosts?: readonly string[];
  /** All of these paths, absolute and clean. */
  readonly paths?: readonly string[];
  /** Any of these; `a,b` asks for both tags, an empty text for a snapshot without tags. */
  readonly tags?: readonly string[];
}

export interface ListOptions extends SnapshotFilter {
  /** Only the newest so many of each host and set of paths. */
  readonly latest?: number;
  readonly signal?: AbortSignal;
  /** Told of each SNAPSHOT_DAMAGED. */
  readonly onDamaged?: (error: unknown) => void;
}

/** Oldest first. @throws SNAPSHOT_DAMAGED when there is no `onDamaged`. */
export async function listSnapshots(
  repository: Repository,
  options: ListOptions = {},
): Promise<StoredSnapshot[]> {
  const found: StoredSnapshot[] = [];
  const call = options.signal === undefined ? {} : { signal: options.signal };
  for await (const { id, bytes } of repository.listSnapshots(call)) {
    try {
      const snapshot = decodeSnapshot(id, bytes);
      if (fitsFilter(snapshot, options)) found.push(snapshot);
    } catch (error) {
      if (options.onDamaged === undefined) throw error;
      options.onDamaged(error);
    }
  }
  found.sort(byTime);
  return options.latest === undefined ? found : newestOfEach(found, options.latest);
}

function byTime(a: StoredSnapshot, b: StoredSnapshot): number {
  if (a.timeNs !== b.timeNs) return a.timeNs < b.timeNs ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

function fitsFilter(snapshot: StoredSnapshot, filter: SnapshotFilter): boolean {
  const { hosts = [], paths = [], tags = [] } = filter;
  if (hosts.length > 0 && !hosts.includes(snapshot.hostname)) return false;
  if (!paths.every((path) => snapshot.paths.includes(path))) return false;
  return tags.length === 0 || tags.some((list) => hasTags(snapshot, list));
}

function hasTags(snapshot: StoredSnapshot, list: string): boolean {
  if (list === '') return snapshot.tags.length === 0;
  return list.split(',').every((tag) => snapshot.tags.includes(tag.trim()));
}

function newestOfEach(sorted: readonly StoredSnapshot[], count: number): StoredSnapshot[] {
  const seen = new Map<string, number>();
  const kept: StoredSnapshot[] = [];
  for (const snapshot of [...sorted].reverse()) {
    const group = JSON.stringify([snapshot.hostname, [...snapshot.paths].sort()]);
    const number = (seen.get(group) ?? 0) + 1;
    seen.set(group, number);
    if (number <= count) kept.push(snapshot);
  }
  return kept.reverse();
}

/**
 * The snapshot that `wanted` names: `latest` (the newest that fits), a full id or the beginning of
 * one. @throws SNAPSHOT_UNKNOWN, SNAPSHOT_AMBIGUOUS, SNAPSHOT_DAMAGED.
 */
export async function findSnapshot(
  repository: Repository,
  wanted: string,
  options: ListOptions = {},
): Promise<StoredSnapshot> {
  const call = options.signal === undefined ? {} : { signal: options.signal };
  if (wanted === 'latest') {
    const newest = (await listSnapshots(repository, options)).at(-1);
    if (newest === undefined) throw snapshotUnknown('latest');
    return newest;
  }
  const id = await repository.resolveSnapshotId(wanted, call);
  return decodeSnapshot(id, await repository.loadSnapshot(id, call));
}

/** Which snapshots a command is about. */
export interface SnapshotChoice extends ListOptions {
  /** `latest`, ids or beginnings of ids; all that fit the filter when empty. */
  readonly snapshots?: readonly string[];
}

/** Oldest first, each once. @throws SNAPSHOT_UNKNOWN, SNAPSHOT_AMBIGUOUS, SNAPSHOT_DAMAGED. */
export async function chooseSnapshots(
  repository: Repository,
  { snapshots: wanted = [], ...options }: SnapshotChoice,
): Promise<StoredSnapshot[]> {
  if (wanted.length === 0) return listSnapshots(repository, options);
  const found = new Map<string, StoredSnapshot>();
  for (const text of wanted) {
    const snapshot = await findSnapshot(repository, text, options);
    found.set(snapshot.id, snapshot);
  }
  const sorted = [...found.values()].sort(byTime);
  return options.latest === undefined ? sorted : newestOfEach(sorted, options.latest);
}

/** Splits `id:folder`; the folder is '/' when there is none. */
export function splitSnapshotPath(text: string): { wanted: string; folder: string } {
  const colon = text.indexOf(':');
  if (colon < 0) return { wanted: text, folder: '/' };
  return { wanted: text.slice(0, colon), folder: text.slice(colon + 1) || '/' };
}

/** The parent that restic would choose: the newest snapshot that fits and is not younger than `notAfterNs`. */
export async function findParent(
  repository: Repository,
  filter: SnapshotFilter,
  notAfterNs: bigint,
  options: Omit<ListOptions, keyof SnapshotFilter>,
): Promise<StoredSnapshot | undefined> {
  const all = await listSnapshots(repository, { ...options, ...filter });
  return all.filter((snapshot) => snapshot.timeNs <= notAfterNs).at(-1);
}

/** restic's `snapshots --json` shape: the snapshot with its id and the first 8 digits of it. */
export function snapshotListing(snapshot: StoredSnapshot): JsonObject {
  return { ...snapshotToJson(snapshot), id: snapshot.id, short_id: snapshot.id.slice(0, 8) };
}

/** `2026-01-02 03:04:05` in UTC, for tables. */
export function shortTime(snapshot: StoredSnapshot): string {
  return formatTime(snapshot.timeNs).slice(0, 19).replace('T', ' ');
}
