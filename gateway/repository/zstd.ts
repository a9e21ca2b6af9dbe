/**
 * Zstandard, one frame at a time: Node's own where it has it (22.15 and later), WebAssembly else.
 * Output is bounded by the caller's limit before memory is taken, against frames made to burst.
 */
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import * as wasm from '@bokuweb/zstd-wasm';

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

let loaded: Promise<Zstd> | undefined;

/** The implementation for this Node, loaded once. */
export function loadZstd(): Promise<Zstd> {
  loaded ??= Promise.resolve(nativeZstd()).then((native) => native ?? wasmZstd());
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
  await wasm.init();
  return {
    compress: async (plain) => wasm.compress(plain, level),
    decompress: async (frame, limitBytes) => decompressWasm(frame, limitBytes),
  };
}

function decompressWasm(frame: Uint8Array, limitBytes: number): Uint8Array {
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
