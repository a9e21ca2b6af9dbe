/**
 * The kernel's inotify interface (inotify(7)), through the optional package `koffi`. Knows watches by
 * number only. Reading never blocks.
 */
import { closeSync, readSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { systemCode } from '../../core/errors.js';
import { openNativeLibrary } from '../repository/native-library.js';

/** From <sys/inotify.h>; equal on all processors. */
export const masks = {
  modify: 0x2,
  attributes: 0x4,
  closeWrite: 0x8,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  deleteSelf: 0x400,
  moveSelf: 0x800,
  unmount: 0x2000,
  overflow: 0x4000,
  ignored: 0x8000,
  onlyFolders: 0x1000000,
  doNotFollow: 0x2000000,
  excludeUnlinked: 0x4000000,
  isFolder: 0x40000000,
} as const;

const watched =
  masks.modify |
  masks.attributes |
  masks.closeWrite |
  masks.movedFrom |
  masks.movedTo |
  masks.create |
  masks.delete |
  masks.deleteSelf |
  masks.moveSelf |
  masks.onlyFolders |
  masks.doNotFollow |
  masks.excludeUnlinked;

const nonBlocking = 0o4000; // IN_NONBLOCK
const closeOnExec = 0o2000000; // IN_CLOEXEC
const headerBytes = 16;
const bufferBytes = 64 * 1024;

export interface InotifyEvent {
  /** Number of the watch; -1 for an overflow. */
  readonly watch: number;
  readonly mask: number;
  /** Name inside the watched folder; empty for the folder itself. */
  readonly name: Buffer;
}

/** What adding a watch came to: its number, or why there is none. */
export type WatchResult = { readonly watch: number } | { readonly refused: string };

interface Calls {
  init(flags: number): number;
  add(fd: number, path: Buffer, mask: number): number;
  remove(fd: number, watch: number): number;
  errno(): number;
}

export class Inotify {
  readonly #calls: Calls;
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafeSlow(bufferBytes);
  #closed = false;

  private constructor(calls: Calls, fd: number) {
    this.#calls = calls;
    this.#fd = fd;
  }

  /** Undefined, with the reason told, where it cannot be had. */
  static open(onMissing: (reason: string) => void): Inotify | undefined {
    const calls = process.platform === 'linux' ? bind() : undefined;
    if (calls === undefined) {
      onMissing('changes cannot be watched here: that needs Linux and the optional package "koffi"');
      return undefined;
    }
    const fd = calls.init(nonBlocking | closeOnExec);
    if (fd < 0) {
      onMissing(`the kernel gives no inotify instance (${getSystemErrorName(-calls.errno())})`);
      return undefined;
    }
    return new Inotify(calls, fd);
  }

  /** Watches a folder. Refused with `ENOSPC` when the kernel's limit of watches is reached. */
  add(path: Buffer): WatchResult {
    const watch = this.#calls.add(this.#fd, Buffer.concat([path, Buffer.of(0)]), watched);
    return watch >= 0 ? { watch } : { refused: getSystemErrorName(-this.#calls.errno()) };
  }

  /** One that is gone already is no error. */
  remove(watch: number): void {
    this.#calls.remove(this.#fd, watch);
  }

  /** All that has happened until now, in order. */
  *events(): Generator<InotifyEvent, void, undefined> {
    for (let length = this.#read(); length > 0; length = this.#read()) {
      const bytes = Buffer.from(this.#buffer.subarray(0, length));
      for (let at = 0; at + headerBytes <= bytes.length; ) {
        const nameBytes = readWord(bytes, at + 12);
        const name = bytes.subarray(at + headerBytes, at + headerBytes + nameBytes);
        const end = name.indexOf(0);
        yield {
          watch: readWord(bytes, at) | 0,
          mask: readWord(bytes, at + 4),
          name: end < 0 ? name : name.subarray(0, end),
        };
        at += headerBytes + nameBytes;
      }
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }

  #read(): number {
    if (this.#closed) return 0;
    try {
      return readSync(this.#fd, this.#buffer, 0, bufferBytes, null);
    } catch (error) {
      if (systemCode(error) === 'EAGAIN') return 0;
      throw error;
    }
  }
}

const words = new Uint32Array(1);
const wordBytes = new Uint8Array(words.buffer);

/** The kernel writes in the processor's own order. */
function readWord(bytes: Buffer, at: number): number {
  wordBytes.set(bytes.subarray(at, at + 4));
  return words[0] ?? 0;
}

let bound: Calls | undefined;

function bind(): Calls | undefined {
  if (bound !== undefined) return bound;
  const library = openNativeLibrary([null]);
  if (library === undefined) return undefined;
  bound = {
    init: library.func('inotify_init1', 'int', ['int']),
    add: library.func('inotify_add_watch', 'int', ['int', 'uint8_t*', 'uint32_t']),
    remove: library.func('inotify_rm_watch', 'int', ['int', 'int']),
    errno: () => library.errno(),
  };
  return bound;
}
