/**
 * A snapshot: one root tree with the time, host and paths that it was made from. Encoded with
 * restic's fields, order and omissions.
 */
import { encodeGoJson, type JsonValue, parseGoJson } from '../repository/go-json.js';
import { snapshotDamaged } from './errors.js';
import { formatTime, zoneOffsetSeconds } from './go-time.js';
import { type JsonObject, readFlatObject, readNumber, readText, readTexts, readTime } from './json-fields.js';

/** Counts of one backup, named as restic names them in JSON. Times are RFC 3339. */
export interface SnapshotSummary {
  readonly backup_start: string;
  readonly backup_end: string;
  readonly files_new: number;
  readonly files_changed: number;
  readonly files_unmodified: number;
  readonly dirs_new: number;
  readonly dirs_changed: number;
  readonly dirs_unmodified: number;
  readonly data_blobs: number;
  readonly tree_blobs: number;
  /** Plain bytes of new blobs. */
  readonly data_added: number;
  /** The same as stored. */
  readonly data_added_packed: number;
  readonly total_files_processed: number;
  readonly total_bytes_processed: number;
}

export interface Snapshot {
  readonly timeNs: bigint;
  /** What the zone in which the time was stored is ahead of UTC, seconds; absent for UTC. */
  readonly zoneSeconds?: number;
  readonly parent?: string;
  readonly tree: string;
  readonly paths: readonly string[];
  readonly hostname: string;
  readonly username: string;
  readonly uid: number;
  readonly gid: number;
  readonly excludes: readonly string[];
  readonly tags: readonly string[];
  readonly original?: string;
  readonly programVersion: string;
  readonly summary?: SnapshotSummary;
}

/** A snapshot that is stored, with the id of its file. */
export interface StoredSnapshot extends Snapshot {
  readonly id: string;
}

/** Keys in restic's order. */
export function snapshotToJson(snapshot: Snapshot): JsonObject {
  const json: Record<string, JsonValue> = { time: formatTime(snapshot.timeNs, snapshot.zoneSeconds) };
  if (snapshot.parent !== undefined) json['parent'] = snapshot.parent;
  json['tree'] = snapshot.tree;
  json['paths'] = [...snapshot.paths];
  if (snapshot.hostname !== '') json['hostname'] = snapshot.hostname;
  if (snapshot.username !== '') json['username'] = snapshot.username;
  if (snapshot.uid !== 0) json['uid'] = snapshot.uid;
  if (snapshot.gid !== 0) json['gid'] = snapshot.gid;
  if (snapshot.excludes.length > 0) json['excludes'] = [...snapshot.excludes];
  if (snapshot.tags.length > 0) json['tags'] = [...snapshot.tags];
  if (snapshot.original !== undefined) json['original'] = snapshot.original;
  if (snapshot.programVersion !== '') json['program_version'] = snapshot.programVersion;
  if (snapshot.summary !== undefined) json['summary'] = { ...snapshot.summary };
  return json;
}

export function encodeSnapshot(snapshot: Snapshot): string {
  return encodeGoJson(snapshotToJson(snapshot));
}

/** @throws SNAPSHOT_DAMAGED when it is no snapshot. */
export function decodeSnapshot(id: string, bytes: Uint8Array): StoredSnapshot {
  try {
    return { id, ...snapshotFromJson(parseGoJson(bytes) as JsonValue) };
  } catch (cause) {
    throw snapshotDamaged(id, cause instanceof Error ? cause.message : 'it is no JSON', cause);
  }
}

function snapshotFromJson(value: JsonValue): Snapshot {
  const json = readFlatObject(value, 'it');
  const parent = readText(json, 'parent');
  const original = readText(json, 'original');
  const summary = readSummary(json['summary']);
  const zoneSeconds = zoneOffsetSeconds(readText(json, 'time'));
  return {
    timeNs: readTime(json, 'time'),
    ...(zoneSeconds === 0 ? {} : { zoneSeconds }),
    ...(parent === '' ? {} : { parent }),
    tree: readText(json, 'tree'),
    paths: readTexts(json, 'paths'),
    hostname: readText(json, 'hostname'),
    username: readText(json, 'username'),
    uid: readNumber(json, 'uid'),
    gid: readNumber(json, 'gid'),
    excludes: readTexts(json, 'excludes'),
    tags: readTexts(json, 'tags'),
    ...(original === '' ? {} : { original }),
    programVersion: readText(json, 'program_version'),
    ...(summary === undefined ? {} : { summary }),
  };
}

function readSummary(value: JsonValue | undefined): SnapshotSummary | undefined {
  if (value === undefined || value === null) return undefined;
  const json = readFlatObject(value, 'summary');
  return {
    backup_start: readText(json, 'backup_start'),
    backup_end: readText(json, 'backup_end'),
    files_new: readNumber(json, 'files_new'),
    files_changed: readNumber(json, 'files_changed'),
    files_unmodified: readNumber(json, 'files_unmodified'),
    dirs_new: readNumber(json, 'dirs_new'),
    dirs_changed: readNumber(json, 'dirs_changed'),
    dirs_unmodified: readNumber(json, 'dirs_unmodified'),
    data_blobs: readNumber(json, 'data_blobs'),
    tree_blobs: readNumber(json, 'tree_blobs'),
    data_added: readNumber(json, 'data_added'),
    data_added_packed: readNumber(json, 'data_added_packed'),
    total_files_processed: readNumber(json, 'total_files_processed'),
    total_bytes_processed: readNumber(json, 'total_bytes_processed'),
  };
}
