/**
 * Numbers of many files in one array, eleven words of 64 bits each: an entry of a folder is looked at
 * by the hundred thousand, and an object with a bigint per number costs more than to ask the kernel.
 */
import { constants } from 'node:fs';

/** Words per file: dev, ino, mode, nlink, uid, gid, rdev, size, atime, mtime, ctime (nanoseconds). */
export const statFields = 11;
/** Where some of them stand. */
export const statAt = { dev: 0, mode: 2, nlink: 3, size: 7, atime: 8, mtime: 9 } as const;

/** The numbers of a stat that a node is made of. */
export interface FileStat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mode: bigint;
  readonly nlink: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly rdev: bigint;
  readonly size: bigint;
  /** Nanoseconds since 1970. */
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** What tells the kinds of entries apart; `BigIntStats` of Node is one too. */
export interface EntryStat extends FileStat {
  isFile(): boolean;
  isDirectory(): boolean;
  /** Copies all words, as halves of 32 bits, low ones first; not every stat can. */
  copyTo?(halves: Int32Array, at: number): void;
}

/** In the order of their words. */
export function statWords(stat: FileStat): bigint[] {
  const { dev, ino, mode, nlink, uid, gid, rdev, size, atimeNs, mtimeNs, ctimeNs } = stat;
  return [dev, ino, mode, nlink, uid, gid, rdev, size, atimeNs, mtimeNs, ctimeNs];
}

/** Do they tell the same file, unchanged? Access times do not count. */
export function isSameFile(one: FileStat, other: FileStat): boolean {
  return (
    one.mtimeNs === other.mtimeNs &&
    one.ctimeNs === other.ctimeNs &&
    one.size === other.size &&
    one.ino === other.ino &&
    one.dev === other.dev &&
    one.mode === other.mode &&
    one.nlink === other.nlink &&
    one.uid === other.uid &&
    one.gid === other.gid
  );
}

/** Words of many files, and the same memory as halves of 32 bits. */
export class StatList {
  readonly words: BigInt64Array;
  readonly halves: Int32Array;

  constructor(words: BigInt64Array) {
    this.words = words;
    this.halves = new Int32Array(words.buffer, words.byteOffset, words.length * 2);
  }

  /** The file whose words begin at `at`; they must not change any more. */
  stat(at: number, mode = Number(this.words[at + 2])): EntryStat {
    return new ListedStat(this, at, mode);
  }
}

/** One file of a `StatList`, read when asked for. */
class ListedStat implements EntryStat {
  readonly #list: StatList;
  readonly #at: number;
  readonly #mode: number;

  constructor(list: StatList, at: number, mode: number) {
    this.#list = list;
    this.#at = at;
    this.#mode = mode;
  }

  get dev(): bigint {
    return BigInt.asUintN(64, this.#word(0));
  }

  get ino(): bigint {
    return BigInt.asUintN(64, this.#word(1));
  }

  get mode(): bigint {
    return this.#word(2);
  }

  get nlink(): bigint {
    return this.#word(3);
  }

  get uid(): bigint {
    return this.#word(4);
  }

  get gid(): bigint {
    return this.#word(5);
  }

  get rdev(): bigint {
    return BigInt.asUintN(64, this.#word(6));
  }

  get size(): bigint {
    return this.#word(7);
  }

  get atimeNs(): bigint {
    return this.#word(8);
  }

  get mtimeNs(): bigint {
    return this.#word(9);
  }

  get ctimeNs(): bigint {
    return this.#word(10);
  }

  isFile(): boolean {
    return this.#isOf(constants.S_IFREG);
  }

  isDirectory(): boolean {
    return this.#isOf(constants.S_IFDIR);
  }

  copyTo(halves: Int32Array, at: number): void {
    const from = this.#at * 2;
    for (let half = 0; half < statFields * 2; half++) {
      halves[at + half] = this.#list.halves[from + half] as number;
    }
  }

  #isOf(format: number): boolean {
    return (this.#mode & constants.S_IFMT) === format;
  }

  #word(field: number): bigint {
    return this.#list.words[this.#at + field] as bigint;
  }
}
