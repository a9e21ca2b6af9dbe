/** Looks for cuts in whole blocks with the WebAssembly program; one per polynomial and thread. */
import type { ChunkerTables } from './polynomial.js';
import { scanLayout, scanProgram } from './scan-program.js';

const { blockBytes, leave, mod, window } = scanLayout;
const windowSizeBytes = 64;

export interface BlockScanner {
  readonly blockBytes: number;
  /**
   * @param from has 64 bytes before it; whole blocks lie between it and `to`.
   * @returns the index after the first byte whose fingerprint has all bits of `mask` zero, or -1.
   */
  scan(data: Uint8Array, from: number, to: number, mask: number): number;
}

/** What is used of it; stated here because the types of Node do not have it. */
interface WebAssemblyHost {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

interface ScanExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  scan(mask: bigint): number;
}

/** Undefined where there is no WebAssembly. */
export function openBlockScanner(tables: ChunkerTables): BlockScanner | undefined {
  try {
    const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyHost }).WebAssembly;
    const program = new Instance(new Module(scanProgram())).exports as ScanExports;
    const memory = new Uint8Array(program.memory.buffer);
    fillWords(program.memory.buffer, leave, tables.leaveLow, tables.leaveHigh);
    fillWords(program.memory.buffer, mod, tables.modLow, tables.modHigh);
    return {
      blockBytes,
      scan(data, from, to, mask) {
        const wideMask = BigInt(mask);
        for (let at = from; at < to; at += blockBytes) {
          memory.set(data.subarray(at - windowSizeBytes, at + blockBytes), window);
          const passed = program.scan(wideMask);
          if (passed <= blockBytes) return at + passed;
        }
        return -1;
      },
    };
  } catch {
    return undefined;
  }
}

function fillWords(memory: ArrayBuffer, place: number, low: Int32Array, high: Int32Array): void {
  const words = new Int32Array(memory, place, 512);
  for (let at = 0; at < 256; at++) {
    words[2 * at] = low[at] as number;
    words[2 * at + 1] = high[at] as number;
  }
}
