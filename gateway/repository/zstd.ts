/**
 * Zstandard, one frame at a time: the system's library where it can be called, Node's own where it
 * has it (22.15 and later), WebAssembly else. Output is bounded by the caller's limit before memory
 * is taken, against frames made to burst.
 */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { openLibzstd } from './libzstd.js';

/** What restic's default comes to. */
const level = 3;
/** Below this size a trip to the thread pool costs more than it saves, bytes. */
const synchronousBelowBytes = 32 * 1024;
const firstGuessBytes = 1024 * 1024;
const magic = 0xfd2fb528;

export interface Zstd {
  compress(plain: Uint8Array): Promise<Uint8Array>;
  /**
   * @param limitBytes most that the frame may hold.
   * @throws RangeError when it holds more, Error when it is damaged.
   */
  decompress(frame: Uint8Array, limitBytes: number): Promise<Uint8Array>;
}

/** Compresses into the caller's buffer. */
export interface FrameWriter {
  /** @returns the frame's size in bytes, or undefined when it does not fit into `room`. */
  compressInto(room: Uint8Array, plain: Uint8Array): number | undefined;
}

/** Decompresses into the caller's buffer. */
export interface FrameReader {
  /** @returns the content's size. @throws Error when the frame is damaged or does not fit into `room`. */
  decompressInto(room: Uint8Array, frame: Uint8Array): number;
}

/** The fastest of this process, for threads that decompress one blob after the other. */
export async function openFrameReader(): Promise<FrameReader> {
  const library = openLibzstd();
  if (library !== undefined) return library;
  const decompress = nativeDecompressor() ?? (await wasmDecompressor());
  return {
    decompressInto(room, frame) {
      const plain = decompress(frame, room.length);
      if (plain.length > room.length) throw new RangeError('the frame holds more than it may');
      room.set(plain);
      return plain.length;
    },
  };
}

type Decompress = (frame: Uint8Array, limitBytes: number) => Uint8Array;

function nativeDecompressor(): Decompress | undefined {
  const { zstdDecompressSync } = zlib as NativeZlib;
  if (!zstdDecompressSync) return undefined;
  return (frame, limitBytes) => {
    checkDeclaredSize(frame, limitBytes);
    return zstdDecompressSync(frame, { maxOutputLength: Math.max(1, limitBytes) });
  };
}

async function wasmDecompressor(): Promise<Decompress> {
  const wasm = await initWasm();
  return (frame, limitBytes) => decompressWasm(wasm, frame, limitBytes);
}

/** The fastest of this process at a level of 1 to 19. */
export async function openFrameWriter(atLevel: number): Promise<FrameWriter> {
  const library = openLibzstd();
  if (library !== undefined) return library.frameWriter(atLevel);
  const compress = nativeCompressor(atLevel) ?? (await wasmCompressor(atLevel));
  return {
    compressInto(room, plain) {
      const frame = compress(plain);
      if (frame.length > room.length) return undefined;
      room.set(frame);
      return frame.length;
    },
  };
}

function nativeCompressor(atLevel: number): ((plain: Uint8Array) => Uint8Array) | undefined {
  const { zstdCompressSync } = zlib as NativeZlib;
  if (!zstdCompressSync) return undefined;
  return (plain) => zstdCompressSync(plain, { params: { 100: atLevel }, pledgedSrcSize: plain.length });
}

type Wasm = typeof import('@bokuweb/zstd-wasm');
let wasmReady: Promise<Wasm> | undefined;

/** Loaded when nothing faster is there. Once per process: a second start would forget the memory of the first. */
function initWasm(): Promise<Wasm> {
  wasmReady ??= import('@bokuweb/zstd-wasm').then(async (wasm) => {
    await wasm.init();
    return wasm;
  });
  return wasmReady;
}

async function wasmCompressor(atLevel: number): Promise<(plain: Uint8Array) => Uint8Array> {
  const wasm = await initWasm();
  return (plain) => wasm.compress(plain, atLevel);
}

let loaded: Promise<Zstd> | undefined;

/** The implementation for this Node, loaded once. */
export function loadZstd(): Promise<Zstd> {
  loaded ??= Promise.resolve(libraryZstd() ?? nativeZstd()).then((native) => native ?? wasmZstd());
  return loaded;
}

type Transform = (
  input: Uint8Array,
  options: object,
  callback: (error: Error | null, output: Buffer) => void,
) => void;

/** What node:zlib has since 22.15; the type package for Node 20 does not know it. */
interface NativeZlib {
  readonly zstdCompress?: Transform;
  readonly zstdDecompress?: Transform;
  readonly zstdCompressSync?: (input: Uint8Array, options: object) => Buffer;
  readonly zstdDecompressSync?: (input: Uint8Array, options: object) => Buffer;
}

/** Undefined where the system's library is not there or cannot be called. */
export function libraryZstd(): Zstd | undefined {
  const library = openLibzstd();
  if (library === undefined) return undefined;
  const writer = library.frameWriter(level);
  return {
    async compress(plain) {
      const room = Buffer.allocUnsafeSlow(library.boundOf(plain.length));
      const size = writer.compressInto(room, plain);
      if (size === undefined) throw new Error('the frame does not fit its own bound');
      // A copy when it is much smaller: the rest of the room would be held with it.
      return size < room.length / 2 ? Buffer.from(room.subarray(0, size)) : room.subarray(0, size);
    },
    async decompress(frame, limitBytes) {
      const size = checkDeclaredSize(frame, limitBytes);
      if (size !== undefined) return library.decompress(frame, size);
      for (let guess = Math.min(firstGuessBytes, limitBytes); ; guess = Math.min(guess * 4, limitBytes)) {
        try {
          return library.decompress(frame, guess);
        } catch (error) {
          if (guess >= limitBytes) throw error;
        }
      }
    },
  };
}

/** Undefined where Node has no Zstandard. */
export function nativeZstd(): Zstd | undefined {
  const { zstdCompress, zstdDecompress, zstdCompressSync, zstdDecompressSync } = zlib as NativeZlib;
  if (!zstdCompress || !zstdDecompress || !zstdCompressSync || !zstdDecompressSync) return undefined;
  const compressAsync = promisify(zstdCompress);
  const decompressAsync = promisify(zstdDecompress);
  // 100 is ZSTD_c_compressionLevel.
  const params = { 100: level };
  return {
    async compress(plain) {
      const options = { params, pledgedSrcSize: plain.length };
      return plain.length < synchronousBelowBytes
        ? zstdCompressSync(plain, options)
        : compressAsync(plain, options);
    },
    async decompress(frame, limitBytes) {
      const size = checkDeclaredSize(frame, limitBytes);
      const options = { maxOutputLength: Math.max(1, limitBytes) };
      const plain =
        frame.length < synchronousBelowBytes
          ? zstdDecompressSync(frame, options)
          : await decompressAsync(frame, options);
      // Node takes the end of the input for the end of the frame and reports no error.
      if (size !== undefined && plain.length !== size) throw new Error('the frame is cut short');
      return plain;
    },
  };
}

export async function wasmZstd(): Promise<Zstd> {
  const wasm = await initWasm();
  return {
    compress: async (plain) => wasm.compress(plain, level),
    decompress: async (frame, limitBytes) => decompressWasm(wasm, frame, limitBytes),
  };
}

function decompressWasm(wasm: Wasm, frame: Uint8Array, limitBytes: number): Uint8Array {
  // The decoder takes as much memory as the frame declares; undeclared, it is told a size to try.
  if (checkDeclaredSize(frame, limitBytes) !== undefined) return wasm.decompress(frame);
  for (let guess = Math.min(firstGuessBytes, limitBytes); ; guess = Math.min(guess * 4, limitBytes)) {
    try {
      return wasm.decompress(frame, { defaultHeapSize: guess });
    } catch (error) {
      if (guess >= limitBytes) throw error;
    }
  }
}

function checkDeclaredSize(frame: Uint8Array, limitBytes: number): number | undefined {
  const size = declaredSize(frame);
  if (size !== undefined && size > limitBytes) {
    throw new RangeError(`the frame declares ${size} bytes, more than ${limitBytes}`);
  }
  return size;
}

/**
 * The content size in a frame's header, or undefined when it states none (RFC 8878 3.1.1.1).
 * @throws RangeError when `frame` does not begin as a frame.
 */
export function declaredSize(frame: Uint8Array): number | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (view.getUint32(0, true) !== magic) throw new RangeError('not a Zstandard frame');
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const at = 5 + (singleSegment ? 0 : 1) + dictionaryBytes;
  switch (descriptor >>> 6) {
    case 0:
      return singleSegment ? view.getUint8(at) : undefined;
    case 1:
      return view.getUint16(at, true) + 256;
    case 2:
      return view.getUint32(at, true);
    default:
      return Number(view.getBigUint64(at, true));
  }
}
