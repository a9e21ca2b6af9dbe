/**
 * A folder's entries by the kernel's own calls, `getdents64` and `statx`, through the optional package
 * `koffi`: relative to the open folder, into memory that is used again. Several times as fast as by
 * Node's functions, which make an object with bigints and dates of each entry. Whatever goes wrong
 * is left to the caller's slower way, which also words it.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { endianness } from 'node:os';
import { openNativeLibrary } from '../repository/native-library.js';
import { type EntryStat, StatList, statFields } from './packed-stat.js';

export interface FolderReader {
  /** Names as latin1, in no order, without `.` and `..`; undefined when the folder cannot be listed. */
  names(folder: number): string[] | undefined;
  /**
   * The numbers of entries of an open folder; links are not followed. Undefined in the place of one
   * that is gone or cannot be looked at.
   * @param names as latin1.
   */
  stats(folder: number, names: readonly string[]): (EntryStat | undefined)[];
  /** Puts the numbers of an open file at a word of the list. @returns false when they cannot be had. */
  fileStat(file: number, list: StatList, at: number): boolean;
}

interface Calls {
  getdents(folder: number, room: Uint8Array, size: number): number;
  statx(folder: number, name: Uint8Array, flags: number, mask: number, room: Uint8Array): number;
}

const listBytes = 32 * 1024;
/** Of `struct linux_dirent64` (getdents64(2)): where the record's length and the name are. */
const recordLengthAt = 16;
const nameAt = 19;

const doNotFollow = 0x100; // AT_SYMLINK_NOFOLLOW
const openFileItself = 0x1000; // AT_EMPTY_PATH
const basicStats = 0x7ff; // STATX_BASIC_STATS
/** Of `struct statx` (statx(2)), in words of 32 bits. */
const statxWords = { mask: 0, nlink: 4, uid: 5, gid: 6, mode: 7, ino: 8, size: 10 } as const;
const timeWords = { atime: 16, ctime: 24, mtime: 28 } as const;
const deviceWords = { rdev: 32, dev: 34 } as const;
const longestName = 255;

let opened: FolderReader | undefined | null = null;

/** Undefined where the calls are not there. */
export function openFolderReader(): FolderReader | undefined {
  if (opened === null) opened = bind();
  return opened;
}

function bind(): FolderReader | undefined {
  if (process.platform !== 'linux' || endianness() !== 'LE') return undefined;
  try {
    const library = openNativeLibrary([null]);
    if (library === undefined) return undefined;
    return readerWith({
      getdents: library.func('getdents64', 'long', ['int', 'uint8_t*', 'size_t']),
      statx: library.func('statx', 'int', ['int', 'uint8_t*', 'int', 'uint', 'uint8_t*']),
    });
  } catch {
    return undefined;
  }
}

/** Calls `use` with the open folder. @returns undefined when it cannot be opened. */
export function withFolder<T>(path: Buffer, use: (folder: number) => T): T | undefined {
  let folder: number;
  try {
    folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return undefined;
  }
  try {
    return use(folder);
  } finally {
    closeSync(folder);
  }
}

function readerWith(calls: Calls): FolderReader {
  const entries = Buffer.alloc(listBytes);
  const name = Buffer.alloc(longestName + 1);
  const found = new Int32Array(64);
  const room = new Uint8Array(found.buffer);
  const noName = Buffer.alloc(1);
  const look = (folder: number, path: Uint8Array, flags: number) =>
    calls.statx(folder, path, flags, basicStats, room) === 0 &&
    ((found[statxWords.mask] as number) & basicStats) === basicStats;
  return {
    fileStat: (file, list, at) => look(file, noName, openFileItself) && put(list.halves, at * 2, found),
    names(folder) {
      const names: string[] = [];
      for (;;) {
        const filled = Number(calls.getdents(folder, entries, entries.length));
        if (filled === 0) return names;
        if (filled < 0) return undefined;
        takeNames(entries, filled, names);
      }
    },
    stats(folder, names) {
      const list = new StatList(new BigInt64Array(names.length * statFields));
      return names.map((text, index) => {
        if (text.length > longestName) return undefined;
        name[name.write(text, 0, 'latin1')] = 0;
        if (!look(folder, name, doNotFollow)) return undefined;
        const at = index * statFields;
        if (!put(list.halves, at * 2, found)) return undefined;
        return list.stat(at, (found[statxWords.mode] as number) & 0xffff);
      });
    },
  };
}

function takeNames(list: Buffer, filled: number, names: string[]): void {
  for (let at = 0; at < filled; at += list.readUInt16LE(at + recordLengthAt)) {
    const start = at + nameAt;
    let end = start;
    while (list[end] !== 0) end += 1;
    const name = list.toString('latin1', start, end);
    if (name !== '.' && name !== '..') names.push(name);
  }
}

/** In the order of `FileStat`; low words first. @returns false when a time does not fit. */
function put(words: Int32Array, at: number, found: Int32Array): boolean {
  putDevice(words, at, found, deviceWords.dev);
  words[at + 2] = found[statxWords.ino] as number;
  words[at + 3] = found[statxWords.ino + 1] as number;
  words[at + 4] = (found[statxWords.mode] as number) & 0xffff;
  words[at + 6] = found[statxWords.nlink] as number;
  words[at + 8] = found[statxWords.uid] as number;
  words[at + 10] = found[statxWords.gid] as number;
  putDevice(words, at + 12, found, deviceWords.rdev);
  words[at + 14] = found[statxWords.size] as number;
  words[at + 15] = found[statxWords.size + 1] as number;
  return (
    putTime(words, at + 16, found, timeWords.atime) &&
    putTime(words, at + 18, found, timeWords.mtime) &&
    putTime(words, at + 20, found, timeWords.ctime)
  );
}

/** Major and minor number as the C library puts them in one (`makedev`). */
function putDevice(words: Int32Array, at: number, found: Int32Array, from: number): void {
  const major = found[from] as number;
  const minor = found[from + 1] as number;
  words[at] = (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12);
  words[at + 1] = (minor >>> 20) | (major & 0xfffff000);
}

const half = 65_536;
const whole = 2 ** 32;
const nanosPerSecond = 1e9;
/** Further from 1970, in either direction, nanoseconds do not fit into 64 bits: the years 1678 and 2262. */
const mostSeconds = 9_200_000_000;

/** Nanoseconds of 64 bits from seconds and nanoseconds, in numbers that a double holds exactly. */
function putTime(words: Int32Array, at: number, found: Int32Array, from: number): boolean {
  const seconds = (found[from + 1] as number) * whole + ((found[from] as number) >>> 0);
  if (Math.abs(seconds) > mostSeconds) return false;
  const upper = Math.floor(seconds / half);
  const upperNanos = upper * nanosPerSecond; // In units of 65,536 ns.
  const carried = Math.floor(upperNanos / half);
  const low =
    (upperNanos - carried * half) * half +
    (seconds - upper * half) * nanosPerSecond +
    (found[from + 2] as number);
  const overflow = Math.floor(low / whole);
  words[at] = low - overflow * whole;
  words[at + 1] = carried + overflow;
  return true;
}
