/** A folder that a backup is at, and what its walk and the reading of its files tell of it. */
import type { FileReading } from '../engine/readings.js';
import { isSameFile } from '../files/packed-stat.js';
import type { FoundEntry } from '../files/scan.js';
import { FolderContents } from '../state/folder-contents.js';
import type { Below } from '../state/folder-states.js';
import type { Later } from './later.js';
import type { PreviousFolder } from './parent-trees.js';

/** A folder that is stored. */
export interface StoredFolder {
  readonly tree: string;
  /** Its tree is the parent snapshot's. */
  readonly isSame: boolean;
  readonly below: Below;
}

/** A folder under way: what it holds, what is remembered of it, what the parent snapshot has. */
export interface Visit {
  readonly folder: FoundEntry;
  readonly device: bigint;
  readonly entries: readonly FoundEntry[];
  readonly digest: Buffer | undefined;
  readonly previous: PreviousFolder;
  /** Complaints so far: when more come, the folder is not remembered. */
  readonly errorsBefore: number;
  /** Grows as what lies further down is done. */
  readonly below: { files: number; folders: number; bytes: number };
}

/** A folder further down. */
export interface Subfolder {
  readonly entry: FoundEntry;
  readonly walked: Later<StoredFolder | undefined>;
}

export async function areSame(folders: readonly Subfolder[]): Promise<boolean> {
  const stored = await Promise.all(folders.map(({ walked }) => walked.value));
  return stored.every((folder) => folder?.isSame === true);
}

/** Is every file the one that was found, unchanged, and do they hold what they did? */
export function holdsAsBefore(
  read: ReadonlyMap<FoundEntry | undefined, FileReading>,
  before: Buffer,
): boolean {
  const contents = new FolderContents(read.size);
  let file = 0;
  for (const [entry, reading] of read) {
    if (entry === undefined || reading.kind !== 'read' || reading.changed) return false;
    if (!isSameFile(entry.stat, reading.stat)) return false;
    contents.set(file++, reading.content);
  }
  return contents.digest()?.equals(before) === true;
}

export function countFiles(entries: readonly FoundEntry[]): number {
  return entries.reduce((sum, { stat }) => sum + (stat.isFile() ? 1 : 0), 0);
}

export function kindOf({ stat }: FoundEntry): 'file' | 'folder' | 'other' {
  return stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'other';
}
