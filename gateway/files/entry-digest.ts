/**
 * One short digest over everything that `lstat` tells of a folder's entries: when it is the same, so
 * are their nodes. The access time counts only where nodes keep it.
 */
import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type EntryStat, type FileStat, statAt, statFields, statWords } from './packed-stat.js';

export const digestBytes = 16;

/** The kernel's clock for files ticks every 1 to 10 ms; some file systems keep seconds, or two of them. */
const fineGranuleNs = 20_000_000n;
const coarseGranuleNs = 2_000_000_000n;
const nanosPerSecond = 1_000_000_000n;

const wordBytes = 8;

export interface DigestedEntry {
  readonly name: Buffer;
  /** The name as latin1, where it is at hand. */
  readonly nameText?: string;
  readonly stat: FileStat & Pick<EntryStat, 'copyTo'>;
}

/** What is hashed: the words of all entries, then their names, each ended by a NUL. */
let scratch = Buffer.alloc(0);
let words = new BigInt64Array();
let halves = new Int32Array();

/** 16 bytes. The order of the entries counts. */
export function digestOfEntries(entries: readonly DigestedEntry[], withAtime: boolean): Buffer {
  let end = entries.length * statFields * wordBytes;
  makeRoom(end);
  let at = 0;
  for (const { stat } of entries) {
    put(stat, at, withAtime);
    at += statFields;
  }
  for (const entry of entries) end = putName(entry, end);
  // In one call: to make a hash object costs more than to hash a small folder.
  return hash('sha256', scratch.subarray(0, end), 'buffer').subarray(0, digestBytes);
}

/** @returns where the next name goes. */
function putName(entry: DigestedEntry, at: number): number {
  const text = entry.nameText;
  const name = text === undefined ? entry.name : undefined;
  const end = at + (text ?? name ?? '').length;
  makeRoom(end + 1);
  if (text !== undefined) scratch.write(text, at, 'latin1');
  else name?.copy(scratch, at);
  scratch[end] = 0;
  return end + 1;
}

/** Keeps what is there. */
function makeRoom(sizeBytes: number): void {
  if (sizeBytes <= scratch.length) return;
  const larger = Buffer.alloc(Math.ceil(sizeBytes / 4096) * 2 * 4096);
  scratch.copy(larger);
  scratch = larger;
  words = new BigInt64Array(scratch.buffer, scratch.byteOffset, scratch.length / wordBytes);
  halves = new Int32Array(scratch.buffer, scratch.byteOffset, scratch.length / 4);
}

function put(stat: DigestedEntry['stat'], at: number, withAtime: boolean): void {
  if (stat.copyTo === undefined) words.set(statWords(stat), at);
  else stat.copyTo(halves, at * 2);
  const isFolder = (Number(words[at + statAt.mode]) & constants.S_IFMT) === constants.S_IFDIR;
  // Of a folder a node has neither links nor size; numbers of devices change with the hardware.
  if (isFolder || Number(words[at + statAt.nlink]) < 2) forget(at + statAt.dev);
  if (isFolder) forget(at + statAt.nlink);
  if (isFolder) forget(at + statAt.size);
  if (!withAtime) forget(at + statAt.atime);
}

function forget(word: number): void {
  halves[word * 2] = 0;
  halves[word * 2 + 1] = 0;
}

/**
 * Could a file have changed after it was read at `sinceNs` or later, without showing it? True when
 * its times are so young that another change would carry the same ones.
 */
export function isRacy(mtimeNs: bigint, ctimeNs: bigint, sinceNs: bigint): boolean {
  const youngest = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  if (youngest < sinceNs - coarseGranuleNs) return false; // As almost all are.
  const isCoarse = mtimeNs % nanosPerSecond === 0n && ctimeNs % nanosPerSecond === 0n;
  return youngest >= sinceNs - (isCoarse ? coarseGranuleNs : fineGranuleNs);
}
