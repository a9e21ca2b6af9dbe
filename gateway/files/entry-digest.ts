/**
 * One short digest over everything that `lstat` tells of a folder's entries: when it is the same, so
 * are their nodes. The access time counts only where nodes keep it.
 */
import { hash } from 'node:crypto';
import type { FileStat } from './scan.js';

export const digestBytes = 16;
const fields = 11;
const formatMask = 0o170000n;
const folderFormat = 0o040000n;

/** The kernel's clock for files ticks every 1 to 10 ms; some file systems keep seconds, or two of them. */
const fineGranuleNs = 20_000_000n;
const coarseGranuleNs = 2_000_000_000n;
const nanosPerSecond = 1_000_000_000n;

let numbers = new BigInt64Array(256 * fields);

/** 16 bytes. The order of the entries counts. */
export function digestOfEntries(
  entries: readonly { readonly name: Buffer; readonly stat: FileStat }[],
  withAtime: boolean,
): Buffer {
  if (numbers.length < entries.length * fields) numbers = new BigInt64Array(entries.length * 2 * fields);
  const names: Buffer[] = [];
  for (const [at, { name, stat }] of entries.entries()) {
    put(stat, at * fields, withAtime);
    names.push(name, separator);
  }
  const used = new Uint8Array(numbers.buffer, 0, entries.length * fields * 8);
  // In one call: to make a hash object costs more than to hash a small folder.
  return hash('sha256', Buffer.concat([used, ...names]), 'buffer').subarray(0, digestBytes);
}

const separator = Buffer.of(0);

function put(stat: FileStat, at: number, withAtime: boolean): void {
  const isFolder = (stat.mode & formatMask) === folderFormat;
  numbers[at] = stat.ino;
  numbers[at + 1] = stat.mode;
  // Of a folder a node has neither links nor size; numbers of devices change with the hardware.
  numbers[at + 2] = isFolder ? 0n : stat.nlink;
  numbers[at + 3] = isFolder ? 0n : stat.size;
  numbers[at + 4] = !isFolder && stat.nlink > 1n ? stat.dev : 0n;
  numbers[at + 5] = stat.uid;
  numbers[at + 6] = stat.gid;
  numbers[at + 7] = stat.rdev;
  numbers[at + 8] = stat.mtimeNs;
  numbers[at + 9] = stat.ctimeNs;
  numbers[at + 10] = withAtime ? stat.atimeNs : 0n;
}

/**
 * Could a file have changed after it was read at `sinceNs` or later, without showing it? True when
 * its times are so young that another change would carry the same ones.
 */
export function isRacy(mtimeNs: bigint, ctimeNs: bigint, sinceNs: bigint): boolean {
  const isCoarse = mtimeNs % nanosPerSecond === 0n && ctimeNs % nanosPerSecond === 0n;
  const youngest = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  return youngest >= sinceNs - (isCoarse ? coarseGranuleNs : fineGranuleNs);
}
