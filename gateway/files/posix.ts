/**
 * System calls that Node lacks: times in nanoseconds, also of symbolic links; fifos and devices;
 * extended attributes. Paths are bytes. Through the optional package `koffi`; without it times are
 * set to the microsecond and the rest is not there, which `missing` says.
 */
import { futimesSync, lutimesSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';

export interface Posix {
  /** What this machine cannot do, one sentence, for a warning; undefined when all is there. */
  readonly missing: string | undefined;
  /** Sets access and modification time of the name itself, never of a link's target. */
  setTimes(path: Buffer, times: FileTimes): void;
  /** As `setTimes`, of an open file. */
  setFileTimes(file: number, times: FileTimes): void;
  makeFifo(path: Buffer, mode: number): void;
  /** `mode` holds S_IFBLK, S_IFCHR or S_IFSOCK and permission bits; `device` is the kernel's st_rdev. */
  makeDevice(path: Buffer, mode: number, device: bigint): void;
  /**
   * Names of the extended attributes; none where the file system has none. Links are not followed.
   * @param of a path, or the descriptor of an open file: several times as fast.
   */
  listAttributes(of: Buffer | number): readonly Buffer[];
  /** The value, or undefined when the attribute went away. */
  getAttribute(of: Buffer | number, name: Buffer): Buffer | undefined;
  setAttribute(path: Buffer, name: Buffer, value: Buffer): void;
  removeAttribute(path: Buffer, name: Buffer): void;
}

/** Whole seconds since 1970 and nanoseconds (0..999,999,999), as the kernel takes them. */
export interface FileTimes {
  readonly atimeSeconds: number;
  readonly atimeNanos: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanos: number;
}

/** A failed system call, shaped as Node's own: `code` is `ENOENT` and the like. */
class SystemCallError extends Error {
  readonly code: string;
  readonly syscall: string;

  constructor(syscall: string, errno: number) {
    const code = getSystemErrorName(-errno);
    super(`${code}: ${syscall}`);
    this.name = 'SystemCallError';
    this.code = code;
    this.syscall = syscall;
  }
}

const currentFolder = -100; // AT_FDCWD
const doNotFollow = 0x100; // AT_SYMLINK_NOFOLLOW
const nanosPerSecond = 1_000_000_000n;

let loaded: Promise<Posix> | undefined;

/** Loads the system calls once per process. */
export function loadPosix(): Promise<Posix> {
  loaded ??= openPosix();
  return loaded;
}

async function openPosix(): Promise<Posix> {
  if (process.platform !== 'linux') return plainPosix;
  try {
    // Not a literal, so that the compiler does not look the package up.
    const packageName: string = 'koffi';
    const { default: koffi } = (await import(packageName)) as { default: Koffi };
    return nativePosix(koffi);
  } catch {
    return plainPosix;
  }
}

/** What Node alone can do. Exported so that tests and callers can choose it. */
export const plainPosix: Posix = {
  missing:
    'The optional package "koffi" is not installed: times are kept to the microsecond, and extended attributes, fifos and devices are left out.',
  setTimes: (path, times) => lutimesSync(path, accessTime(times), modificationTime(times)),
  setFileTimes: (file, times) => futimesSync(file, accessTime(times), modificationTime(times)),
  makeFifo: () => unavailable('mkfifo'),
  makeDevice: () => unavailable('mknod'),
  listAttributes: () => [],
  getAttribute: () => undefined,
  setAttribute: () => unavailable('lsetxattr'),
  removeAttribute: () => unavailable('lremovexattr'),
};

// A double holds microseconds exactly enough for any date of this age.

function accessTime({ atimeSeconds, atimeNanos }: FileTimes): number {
  return atimeSeconds + Math.floor(atimeNanos / 1000) / 1e6;
}

function modificationTime({ mtimeSeconds, mtimeNanos }: FileTimes): number {
  return mtimeSeconds + Math.floor(mtimeNanos / 1000) / 1e6;
}

function unavailable(syscall: string): never {
  throw new SystemCallError(syscall, 38); // ENOSYS
}

/** What is used of the package; stated here, so that this compiles where it is not installed. */
interface Koffi {
  load(library: null): { func<F>(name: string, result: string, parameters: readonly unknown[]): F };
  pointer(type: unknown): unknown;
  out(type: unknown): unknown;
  errno(): number;
}

function nativePosix(koffi: Koffi): Posix {
  const calls = bindCalls(koffi);
  const check = (syscall: string, result: number): number => {
    if (result < 0) throw new SystemCallError(syscall, koffi.errno());
    return result;
  };
  return {
    missing: undefined,
    setTimes(path, times) {
      fillTimes(times);
      check('utimensat', calls.utimensat(currentFolder, terminated(path), timesBytes, doNotFollow));
    },
    setFileTimes(file, times) {
      fillTimes(times);
      check('futimens', calls.futimens(file, timesBytes));
    },
    makeFifo: (path, mode) => void check('mkfifo', calls.mkfifo(terminated(path), mode)),
    makeDevice: (path, mode, device) => void check('mknod', calls.mknod(terminated(path), mode, device)),
    listAttributes(of) {
      const path = typeof of === 'number' ? undefined : terminated(of);
      const ask = (room: Buffer, size: number) =>
        path === undefined ? calls.flistxattr(of as number, room, size) : calls.llistxattr(path, room, size);
      // Of almost every file the list is empty; then nothing is made of it.
      if (ask(shared, shared.length) === 0) return nothing;
      const list = readGrowing(ask, koffi);
      return list === undefined ? nothing : splitNames(list);
    },
    getAttribute(of, name) {
      const wanted = terminated(name);
      return readGrowing(
        typeof of === 'number'
          ? (room, size) => calls.fgetxattr(of, wanted, room, size)
          : (room, size) => calls.lgetxattr(terminated(of), wanted, room, size),
        koffi,
      );
    },
    setAttribute(path, name, value) {
      check('lsetxattr', calls.lsetxattr(terminated(path), terminated(name), value, value.length, 0));
    },
    removeAttribute: (path, name) =>
      void check('lremovexattr', calls.lremovexattr(terminated(path), terminated(name))),
  };
}

interface Calls {
  utimensat(folder: number, path: Buffer, times: Buffer, flags: number): number;
  futimens(file: number, times: Buffer): number;
  mkfifo(path: Buffer, mode: number): number;
  mknod(path: Buffer, mode: number, device: bigint): number;
  llistxattr(path: Buffer, list: Buffer, size: number): number;
  flistxattr(file: number, list: Buffer, size: number): number;
  lgetxattr(path: Buffer, name: Buffer, value: Buffer, size: number): number;
  fgetxattr(file: number, name: Buffer, value: Buffer, size: number): number;
  lsetxattr(path: Buffer, name: Buffer, value: Buffer, size: number, flags: number): number;
  lremovexattr(path: Buffer, name: Buffer): number;
}

function bindCalls(koffi: Koffi): Calls {
  const libc = koffi.load(null);
  const bytes = koffi.pointer('uint8_t');
  const room = koffi.out(koffi.pointer('uint8_t'));
  return {
    utimensat: libc.func('utimensat', 'int', ['int', bytes, bytes, 'int']),
    futimens: libc.func('futimens', 'int', ['int', bytes]),
    mkfifo: libc.func('mkfifo', 'int', [bytes, 'uint32_t']),
    mknod: libc.func('mknod', 'int', [bytes, 'uint32_t', 'uint64_t']),
    llistxattr: libc.func('llistxattr', 'long', [bytes, room, 'size_t']),
    flistxattr: libc.func('flistxattr', 'long', ['int', room, 'size_t']),
    lgetxattr: libc.func('lgetxattr', 'long', [bytes, bytes, room, 'size_t']),
    fgetxattr: libc.func('fgetxattr', 'long', ['int', bytes, room, 'size_t']),
    lsetxattr: libc.func('lsetxattr', 'int', [bytes, bytes, bytes, 'size_t', 'int']),
    lremovexattr: libc.func('lremovexattr', 'int', [bytes, bytes]),
  };
}

/** Two times as `struct timespec[2]`: access, then modification. Filled before each call. */
const timesBytes = Buffer.alloc(32);
/** The C library's `long` and `time_t`, bytes. */
const wordBytes = process.arch === 'arm' || process.arch === 'ia32' ? 4 : 8;

function fillTimes({ atimeSeconds, atimeNanos, mtimeSeconds, mtimeNanos }: FileTimes): void {
  fillWord(0, atimeSeconds);
  fillWord(1, atimeNanos);
  fillWord(2, mtimeSeconds);
  fillWord(3, mtimeNanos);
}

function fillWord(index: number, value: number): void {
  timesBytes.writeInt32LE(value | 0, index * wordBytes);
  if (wordBytes === 8) timesBytes.writeInt32LE(Math.floor(value / 2 ** 32), index * wordBytes + 4);
}

/** From nanoseconds since 1970. */
export function fileTimes(atimeNs: bigint, mtimeNs: bigint): FileTimes {
  const mtime = splitTime(mtimeNs);
  const atime = atimeNs === mtimeNs ? mtime : splitTime(atimeNs);
  return {
    atimeSeconds: atime.seconds,
    atimeNanos: atime.nanos,
    mtimeSeconds: mtime.seconds,
    mtimeNanos: mtime.nanos,
  };
}

function splitTime(ns: bigint): { seconds: number; nanos: number } {
  const rest = ((ns % nanosPerSecond) + nanosPerSecond) % nanosPerSecond;
  return { seconds: Number((ns - rest) / nanosPerSecond), nanos: Number(rest) };
}

function terminated(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.of(0)]);
}

const shared = Buffer.alloc(4096);
const nothing: Buffer[] = [];

/**
 * Reads a list or value of unknown size. Undefined when the file system has no attributes or this
 * one is gone; both are no failure.
 */
function readGrowing(call: (room: Buffer, size: number) => number, koffi: Koffi): Buffer | undefined {
  let room = shared;
  for (let attempt = 0; attempt < 4; attempt++) {
    const length = call(room, room.length);
    if (length >= 0) return Buffer.from(room.subarray(0, length));
    const errno = koffi.errno();
    const name = getSystemErrorName(-errno);
    if (name === 'ENOTSUP' || name === 'ENODATA' || name === 'ENOSYS') return undefined;
    if (name !== 'ERANGE') throw new SystemCallError('getxattr', errno);
    room = Buffer.alloc(room.length * 16);
  }
  return undefined;
}

function splitNames(list: Buffer): Buffer[] {
  const names: Buffer[] = [];
  let start = 0;
  for (let end = list.indexOf(0); end >= 0; end = list.indexOf(0, start)) {
    names.push(Buffer.from(list.subarray(start, end)));
    start = end + 1;
  }
  return names;
}
