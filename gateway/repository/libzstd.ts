/**
 * The system's own Zstandard library (Debian: libzstd1, which dpkg itself needs). One context per
 * level and thread serves every call. Bounds memory by the room that the caller gives.
 */
import { type Handle, openNativeLibrary } from './native-library.js';
import type { FrameWriter } from './zstd.js';

const names = ['libzstd.so.1', 'libzstd.1.dylib', '/opt/homebrew/lib/libzstd.1.dylib'];
const compressionLevel = 100; // ZSTD_c_compressionLevel
/**
 * Level 2 for the chunks of a backup: a hash table of 2^15 places and matches from 5 bytes take 6 % less time
 * than its own of 2^16 and 6, and give as many bytes (a copy of /usr, all sizes of chunks; zstd 1.5.4).
 */
const tunedLevel = 2;
const tuning = [
  [102, 15], // ZSTD_c_hashLog
  [105, 5], // ZSTD_c_minMatch
] as const;

export interface Libzstd {
  /** A room of this size holds the frame of any content of `sizeBytes`. */
  boundOf(sizeBytes: number): number;
  frameWriter(level: number): FrameWriter;
  /** @returns the size of the content. @throws Error when the frame is damaged, cut short or holds more than `room`. */
  decompressInto(room: Uint8Array, frame: Uint8Array): number;
  /** @throws Error when the frame is damaged, cut short or holds more than `limitBytes`. */
  decompress(frame: Uint8Array, limitBytes: number): Buffer;
}

/** Sizes and error codes share a type; a code is within 200 of 2^64 and comes as a bigint. */
type SizeOrError = number | bigint;

interface Calls {
  createCompressor(): Handle | null;
  createDecompressor(): Handle | null;
  setParameter(context: Handle, parameter: number, value: number): SizeOrError;
  compress(context: Handle, room: Uint8Array, size: number, from: Uint8Array, length: number): SizeOrError;
  decompress(context: Handle, room: Uint8Array, size: number, from: Uint8Array, length: number): SizeOrError;
}

let opened: Libzstd | undefined | null = null;

/** Undefined where it is not installed or cannot be called. */
export function openLibzstd(): Libzstd | undefined {
  if (opened === null) {
    try {
      opened = bind();
    } catch {
      opened = undefined;
    }
  }
  return opened;
}

function bind(): Libzstd | undefined {
  const library = openNativeLibrary(names);
  if (library === undefined) return undefined;
  const coder = ['void*', 'uint8_t*', 'size_t', 'uint8_t*', 'size_t'];
  const calls: Calls = {
    createCompressor: library.func('ZSTD_createCCtx', 'void*', []),
    createDecompressor: library.func('ZSTD_createDCtx', 'void*', []),
    setParameter: library.func('ZSTD_CCtx_setParameter', 'size_t', ['void*', 'int', 'int']),
    compress: library.func('ZSTD_compress2', 'size_t', coder),
    decompress: library.func('ZSTD_decompressDCtx', 'size_t', coder),
  };
  const decompressor = demand(calls.createDecompressor());
  const writers = new Map<number, FrameWriter>();
  const decompressInto = (room: Uint8Array, frame: Uint8Array, size = room.length): number => {
    const filled = calls.decompress(decompressor, room, size, frame, frame.length);
    if (typeof filled === 'bigint') throw new Error('the frame is damaged, or holds more than it may');
    return filled;
  };
  return {
    // ZSTD_COMPRESSBOUND of zstd.h.
    boundOf: (size) => size + Math.floor(size / 256) + Math.max(0, Math.ceil((131_072 - size) / 2048)),
    frameWriter(level) {
      const writer = writers.get(level) ?? newWriter(calls, level);
      writers.set(level, writer);
      return writer;
    },
    decompressInto: (room, frame) => decompressInto(room, frame),
    decompress(frame, limitBytes) {
      // A room of no bytes has no address; one more costs nothing and is never filled.
      const room = Buffer.allocUnsafeSlow(limitBytes + 1);
      return room.subarray(0, decompressInto(room, frame, limitBytes));
    },
  };
}

function newWriter(calls: Calls, level: number): FrameWriter {
  const context = demand(calls.createCompressor());
  calls.setParameter(context, compressionLevel, level);
  if (level === tunedLevel) {
    for (const [parameter, value] of tuning) calls.setParameter(context, parameter, value);
  }
  return {
    compressInto(room, plain) {
      const size = calls.compress(context, room, room.length, plain, plain.length);
      return typeof size === 'bigint' ? undefined : size;
    },
  };
}

function demand(context: Handle | null): Handle {
  if (context === null) throw new Error('libzstd has no memory for a context');
  return context;
}
